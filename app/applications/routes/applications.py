"""Applications over HTTP."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response

from app.accounts.deps import CurrentUser, SessionRead, SessionWrite
from app.applications import service
from app.applications.deps import Asked, AskedOfJob, Candidate, employers_job, party_of
from app.applications.errors import (
    ApplicantsOwnOnly,
    ApplicationDuplicate,
    ApplicationJobClosed,
    ApplicationNotFound,
    ApplicationResumeUnknown,
    ApplicationTransition,
)
from app.applications.moves import Party
from app.applications.queries import Wanted
from app.applications.schemas import (
    ApplicationIn,
    ApplicationOut,
    ApplicationPut,
    OwnApplicationOut,
    Status,
)
from app.core.etags import require_match, tagged
from app.core.idempotency import body_digest, run_once
from app.core.openapi import IdempotencyKey, IfMatch, problems
from app.core.pages import Page, Pages
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.jobs.errors import JobNotFound
from app.organizations.deps import SignedInViewer, ViewerRead, ViewerWrite

router = RoomRouter(prefix="/applications", tags=["applications"])
AnyApplication = ApplicationOut | OwnApplicationOut


def _shown(row: dict[str, Any], party: Party) -> AnyApplication:
    """The employer's fields are left out before the applicant's answer is built."""
    return (ApplicationOut if party == "employer" else OwnApplicationOut).model_validate(row)


@router.post(
    "",
    status_code=201,
    response_model=OwnApplicationOut,
    responses=problems(
        JobNotFound, ApplicationJobClosed, ApplicationDuplicate, ApplicationResumeUnknown
    ),
)
async def create(
    request: Request,
    body: ApplicationIn,
    person: Candidate,
    session: SessionWrite,
    _key: IdempotencyKey = None,
) -> Response:
    """Apply to a job, once."""

    async def work() -> Response:
        application_id = await service.apply(
            session, candidate_id=person.id, values=body.model_dump()
        )
        made = await service.get(session, application_id=application_id)
        answer = OwnApplicationOut.model_validate(made)
        return Response(
            answer.model_dump_json(by_alias=True),
            201,
            headers={"Location": f"/api/v1/applications/{application_id}"},
            media_type="application/json",
        )

    digest = await body_digest(request)
    return await run_once(session, request, scope=str(person.id), digest=digest, work=work)


@router.get("", response_model=Page[ApplicationOut], responses=problems(Forbidden))
async def browse(
    request: Request, who: SignedInViewer, session: ViewerRead, query: Pages, asked: Asked
) -> Response:
    """All applications to your organization's jobs, the newest first; for admins."""
    is_superuser = who.person.is_superuser
    if not is_superuser and who.role != "admin":
        raise Forbidden
    organization_id = None if is_superuser else who.organization_id
    wanted = asked.wanted(organization_id)
    found = await service.browse(session, wanted=wanted, query=query, tenant=organization_id)
    return tagged(request, found.page(ApplicationOut.model_validate))


@router.get("/my-applications", response_model=Page[OwnApplicationOut])
async def browse_own(
    request: Request,
    user: CurrentUser,
    session: SessionRead,
    query: Pages,
    status: Status | None = None,
) -> Response:
    """Your applications and how they stand, the newest first."""
    wanted = Wanted(candidate_id=user.id, status=status)
    found = await service.browse(session, wanted=wanted, query=query, tenant=user.id)
    return tagged(request, found.page(OwnApplicationOut.model_validate))


@router.get(
    "/job/{job_id}",
    response_model=Page[ApplicationOut],
    responses=problems(JobNotFound, Forbidden),
)
async def browse_of_job(
    request: Request,
    job_id: UUID,
    who: SignedInViewer,
    session: ViewerRead,
    query: Pages,
    asked: AskedOfJob,
) -> Response:
    """The applications to a job, for who posted it and the organization's admins."""
    job = await employers_job(session, who, job_id)
    found = await service.browse(
        session,
        wanted=asked.wanted(job_id),
        query=query,
        by_score=asked.sort == "score",
        tenant=job.organization_id,
    )
    return tagged(request, found.page(ApplicationOut.model_validate))


@router.get(
    "/{application_id}",
    response_model=AnyApplication,
    responses=problems(ApplicationNotFound, Forbidden),
)
async def get(
    request: Request,
    application_id: UUID,
    who: SignedInViewer,
    session: ViewerRead,
) -> Response:
    """One application: your own, or one to a job of yours."""
    found = await service.get(session, application_id=application_id)
    return tagged(request, _shown(found, party_of(who, found)))


@router.put(
    "/{application_id}",
    response_model=AnyApplication,
    responses=problems(ApplicationNotFound, ApplicationTransition, ApplicantsOwnOnly, Forbidden),
)
async def update(
    request: Request,
    application_id: UUID,
    body: ApplicationPut,
    who: SignedInViewer,
    session: ViewerWrite,
    if_match: IfMatch = None,
) -> Response:
    """Move an application, or note something about it; the applicant may withdraw."""
    # Held from here on, so that of two who have seen the same only one comes before the other.
    present = await service.get_locked(session, application_id=application_id)
    party = party_of(who, present)
    if if_match is not None:
        require_match(request, tagged(request, _shown(present, party)).headers["etag"])
    changed = await service.update(
        session,
        application_id=application_id,
        party=party,
        by=who.person.id,
        values=body.model_dump(exclude_unset=True),
    )
    return tagged(request, _shown(changed, party))
