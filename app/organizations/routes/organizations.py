"""Organizations over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.accounts.deps import Conditional, CurrentUser, ProcessIdentity, version
from app.core.etags import tagged
from app.core.idempotency import body_digest, run_once
from app.core.openapi import problems
from app.organizations import service
from app.organizations.answers import Repeatable, created
from app.organizations.deps import (
    CurrentMember,
    NewOrganization,
    OrganizationAdmin,
    PublicRead,
    TenantRead,
    TenantWrite,
)
from app.organizations.errors import AlreadyMember, OrganizationAmbiguous, OrganizationRequired
from app.organizations.schemas import OrganizationIn, OrganizationOut

router = APIRouter(prefix="/organizations", tags=["organizations"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)


@router.post("", status_code=201, response_model=OrganizationOut, responses=problems(AlreadyMember))
async def create(
    body: OrganizationIn,
    user: CurrentUser,
    identity: ProcessIdentity,
    new: NewOrganization,
    attempt: Repeatable,
) -> Response:
    """Found an organization; you become its admin. Who belongs to one already cannot."""

    async def work() -> Response:
        made = await service.create(
            new.session,
            organization_id=new.organization_id,
            founder=user.id,
            values=body.model_dump(),
        )
        identity.forget_after(new.session, user.id)
        return created(OrganizationOut.model_validate(made), str(made.id))

    digest = await body_digest(attempt.request)
    return await run_once(
        new.session, attempt.request, scope=str(user.id), digest=digest, work=work
    )


@router.get("/me", response_model=OrganizationOut, responses=problems(*_INSIDE))
async def get_own(member: CurrentMember, session: TenantRead, request: Request) -> Response:
    """The organization that you act in."""
    found = await service.get(session, organization_id=member.organization_id)
    answer = OrganizationOut.model_validate(found)
    return tagged(request, answer, etag=version(answer))


@router.put("/me", response_model=OrganizationOut, responses=problems(*_INSIDE))
async def update_own(
    body: OrganizationIn, admin: OrganizationAdmin, session: TenantWrite, condition: Conditional
) -> Response:
    """Replace your organization's card; its alias stays."""
    current = await service.get_locked(session, organization_id=admin.organization_id)
    condition.require(OrganizationOut.model_validate(current))
    changed = await service.update(
        session,
        organization_id=admin.organization_id,
        values=body.model_dump(),
        by=admin.user_id,
    )
    return condition.tagged(OrganizationOut.model_validate(changed))


@router.get("/{organization_id}", response_model=OrganizationOut)
async def get(organization_id: UUID, session: PublicRead, request: Request) -> Response:
    """An organization's public card."""
    answer = OrganizationOut.model_validate(
        await service.get(session, organization_id=organization_id)
    )
    return tagged(request, answer, etag=version(answer))
