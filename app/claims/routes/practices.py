"""Practices over HTTP."""

from typing import Annotated

from fastapi import Path, Request, Response

from app.claims.errors import PracticeNameTaken, PracticeNotFound
from app.claims.models import Practice
from app.claims.queries import practices as queries
from app.claims.schemas import PracticeIn, PracticeOut, PracticePatch
from app.claims.service import practices as service
from app.core.etags import require_match, tagged
from app.core.idempotency import body_digest, run_once
from app.core.openapi import IdempotencyKey, IfMatch, problems
from app.core.pages import Page, Pages, paginate
from app.core.routing import RoomRouter
from app.organizations.deps import (
    ClaimsReader,
    OrganizationAdmin,
    TenantRead,
    TenantWrite,
)
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = RoomRouter(prefix="/practices", tags=["practices"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
PracticeId = Annotated[int, Path(ge=-(2**63), le=2**63 - 1, description="The practice's number")]


def _within(practice_id: int) -> int:
    """A number that no practice can have is a practice that is not there."""
    if not 0 < practice_id < 2**31:
        raise PracticeNotFound
    return practice_id


@router.get("", response_model=Page[PracticeOut], responses=problems(*_INSIDE))
async def browse(member: ClaimsReader, session: TenantRead, pages: Pages) -> Page[PracticeOut]:
    """Your organization's practices, the newest first."""
    found = await paginate(
        session,
        queries.statement(member.organization_id),
        keys=[(Practice.id, "desc")],
        query=pages,
        tenant=member.organization_id,
    )
    return found.page(PracticeOut.model_validate)


@router.post(
    "",
    status_code=201,
    response_model=PracticeOut,
    responses=problems(PracticeNameTaken, *_INSIDE),
)
async def create(
    request: Request,
    body: PracticeIn,
    admin: OrganizationAdmin,
    session: TenantWrite,
    _key: IdempotencyKey = None,
) -> Response:
    """Add a practice; claims are asked for by its TIN."""

    async def work() -> Response:
        made = await service.create(
            session,
            organization_id=admin.organization_id,
            values=body.model_dump(),
            by=admin.user_id,
        )
        answer = PracticeOut.model_validate(made)
        headers = {"Location": f"/api/v1/practices/{answer.id}"}
        return Response(
            answer.model_dump_json(), 201, headers=headers, media_type="application/json"
        )

    digest = await body_digest(request)
    return await run_once(session, request, scope=str(admin.user_id), digest=digest, work=work)


@router.get(
    "/{practice_id}", response_model=PracticeOut, responses=problems(PracticeNotFound, *_INSIDE)
)
async def get(
    request: Request, practice_id: PracticeId, member: ClaimsReader, session: TenantRead
) -> Response:
    """One practice."""
    found = await service.get(
        session, organization_id=member.organization_id, practice_id=_within(practice_id)
    )
    return tagged(request, PracticeOut.model_validate(found))


@router.patch(
    "/{practice_id}",
    response_model=PracticeOut,
    responses=problems(PracticeNotFound, PracticeNameTaken, *_INSIDE),
)
async def update(
    request: Request,
    practice_id: PracticeId,
    body: PracticePatch,
    admin: OrganizationAdmin,
    session: TenantWrite,
    if_match: IfMatch = None,
) -> Response:
    """Change a practice."""
    organization_id, number = admin.organization_id, _within(practice_id)
    if if_match is not None:
        found = await service.get(
            session, organization_id=organization_id, practice_id=number, locked=True
        )
        seen = tagged(request, PracticeOut.model_validate(found))
        require_match(request, seen.headers["etag"])
    values = body.model_dump(exclude_unset=True)
    # Only the NPI can be taken away; null for another field means that it stays.
    kept = {name: value for name, value in values.items() if value is not None or name == "npi"}
    changed = await service.update(
        session,
        organization_id=organization_id,
        practice_id=number,
        values=kept,
        by=admin.user_id,
    )
    return tagged(request, PracticeOut.model_validate(changed))


@router.delete("/{practice_id}", status_code=204, responses=problems(PracticeNotFound, *_INSIDE))
async def remove(practice_id: PracticeId, admin: OrganizationAdmin, session: TenantWrite) -> None:
    """Delete a practice; the answers of jobs that asked for it stay."""
    await service.remove(
        session,
        organization_id=admin.organization_id,
        practice_id=_within(practice_id),
        by=admin.user_id,
    )
