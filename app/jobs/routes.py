"""Jobs over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import StringConstraints
from starlette.background import BackgroundTask

from app.core.etags import require_content, tagged, tagged_json
from app.core.idempotency import body_digest, run_once
from app.core.openapi import IdempotencyKey, IfMatch, problems
from app.core.pages import Page, Pages
from app.core.routing import RoomRouter
from app.core.schema import OptionalLine
from app.core.state import services
from app.jobs import listing, queries, service, views
from app.jobs.deps import Asked, Employer
from app.jobs.errors import JobExpiryPast, JobNotFound, JobSalaryRange, JobTransition
from app.jobs.filters import Filters
from app.jobs.schemas import (
    FoundPage,
    JobIn,
    JobOut,
    JobPage,
    JobPatch,
    ListedJob,
)
from app.organizations import service as organizations
from app.organizations.deps import CurrentViewer, TenantRead, TenantWrite, ViewerRead
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = RoomRouter(prefix="/jobs", tags=["jobs"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
_SENSE = (JobExpiryPast, JobSalaryRange)
Question = Annotated[OptionalLine, StringConstraints(max_length=200)]


async def _facets(
    session: ViewerRead, filters: Filters, *, asked: bool
) -> dict[str, dict[str, int]] | None:
    return await queries.facets(session, filters) if asked else None


@router.get("", response_model=JobPage)
async def browse(request: Request, asked: Asked, who: CurrentViewer, query: Pages) -> Response:
    """Active jobs, the newest first; with a token each says whether you have applied."""
    database, filters = services(request).database, await asked.filters()
    person = who.user.id if who.user else None
    found = await listing.browse(database, filters=filters, query=query, person=person)
    count, facets = None, None
    if query.with_count or asked.facets:
        async with database.read(who.scope) as session:
            count = await queries.count(session, filters) if query.with_count else None
            facets = await _facets(session, filters, asked=asked.facets)
    answer = {
        "results": found.rows,
        "next": found.next,
        "previous": found.previous,
        "count": count,
        "facets": facets,
    }
    return tagged_json(request, listing.encode(answer))


@router.get("/search", response_model=FoundPage)
async def search(
    request: Request,
    query: Annotated[Question, Query(description="Words of the job; typing errors are forgiven")],
    asked: Asked,
    who: CurrentViewer,
    session: ViewerRead,
    pages: Pages,
) -> Response:
    """Active jobs that answer a question, the best first.

    Word forms, missing accents, an unfinished last word and slips of the keyboard are understood.
    """
    filters, found = await service.search(
        session,
        question=query,
        filters=await asked.filters(),
        query=pages,
        person=who.user.id if who.user else None,
    )
    answer = {
        "results": found.rows,
        "next": found.next,
        "previous": found.previous,
        "count": found.count,
        "facets": await _facets(session, filters, asked=asked.facets),
    }
    return tagged_json(request, listing.encode(answer))


@router.get("/my-jobs", responses=problems(*_INSIDE))
async def browse_own(employer: Employer, session: TenantRead, query: Pages) -> Page[JobOut]:
    """The jobs that you have posted, in every status, the newest first."""
    found = await service.browse_own(session, user_id=employer.user_id, query=query)
    return found.page(JobOut.model_validate)


@router.get("/{job_id}", response_model=ListedJob, responses=problems(JobNotFound))
async def get(request: Request, job_id: UUID, who: CurrentViewer) -> Response:
    """One job; a draft only for its organization."""
    known, person = services(request), who.user.id if who.user else None
    values = await listing.published(known.database, job_id, person=person)
    if values is None:
        if person is None:
            raise JobNotFound
        async with known.database.read(who.scope) as session:
            values = listing.values_of(await service.get(session, job_id=job_id))
    response = tagged_json(request, listing.encode(values), etag=listing.etag_of(values))
    if who.organization_id != values["organization_id"]:
        response.background = BackgroundTask(views.note, known.redis, job_id)
    return response


async def _company(session: TenantRead, organization_id: UUID) -> str:
    return (await organizations.get(session, organization_id=organization_id)).name


@router.post("", status_code=201, response_model=JobOut, responses=problems(*_SENSE, *_INSIDE))
async def create(
    request: Request,
    body: JobIn,
    employer: Employer,
    session: TenantWrite,
    _key: IdempotencyKey = None,
) -> Response:
    """Post a job, or keep it as a draft."""

    async def work() -> Response:
        made = await service.create(
            session,
            organization_id=employer.organization_id,
            posted_by=employer.user_id,
            company=await _company(session, employer.organization_id),
            values=body.model_dump(),
        )
        answer = JobOut.model_validate(made)
        etag = listing.etag_of(listing.values_of(made))
        headers = {"Location": f"/api/v1/jobs/{answer.id}", "ETag": etag}
        return Response(
            answer.model_dump_json(), 201, headers=headers, media_type="application/json"
        )

    digest = await body_digest(request)
    return await run_once(session, request, scope=str(employer.user_id), digest=digest, work=work)


async def _change(
    request: Request, job_id: UUID, values: dict[str, Any], who: Employer, session: TenantWrite
) -> Response:
    job = await service.get_locked(session, organization_id=who.organization_id, job_id=job_id)
    require_content(request, listing.etag_of(listing.values_of(job)))
    company = await _company(session, who.organization_id)
    changed = await service.update(session, job=job, company=company, values=values, by=who.user_id)
    return tagged(
        request, JobOut.model_validate(changed), etag=listing.etag_of(listing.values_of(changed))
    )


@router.put(
    "/{job_id}",
    response_model=JobOut,
    responses=problems(JobNotFound, JobTransition, *_SENSE, *_INSIDE),
)
async def replace(
    request: Request,
    job_id: UUID,
    body: JobIn,
    employer: Employer,
    session: TenantWrite,
    _if_match: IfMatch = None,
) -> Response:
    """Replace a job of your organization; without a status it keeps the one that it has."""
    values = body.model_dump()
    if "status" not in body.model_fields_set:
        del values["status"]
    return await _change(request, job_id, values, employer, session)


@router.patch(
    "/{job_id}",
    response_model=JobOut,
    responses=problems(JobNotFound, JobTransition, *_SENSE, *_INSIDE),
)
async def update(
    request: Request,
    job_id: UUID,
    body: JobPatch,
    employer: Employer,
    session: TenantWrite,
    _if_match: IfMatch = None,
) -> Response:
    """Change a job of your organization: publish, close, reopen, correct."""
    return await _change(request, job_id, body.model_dump(exclude_unset=True), employer, session)


@router.delete("/{job_id}", response_model=JobOut, responses=problems(JobNotFound, *_INSIDE))
async def remove(job_id: UUID, employer: Employer, session: TenantWrite) -> JobOut:
    """Archive a job of your organization; its applications stay."""
    job = await service.get_locked(session, organization_id=employer.organization_id, job_id=job_id)
    return JobOut.model_validate(await service.archive(session, job=job, by=employer.user_id))
