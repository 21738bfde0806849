"""Organizations and their members over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.accounts.deps import Conditional, CurrentUser, ProcessIdentity, version
from app.accounts.errors import LastAdmin
from app.core.etags import tagged
from app.core.idempotency import body_digest, run_once
from app.core.openapi import IdempotencyKey, problems
from app.core.pages import Page, Pages
from app.core.problems import Forbidden
from app.organizations import service
from app.organizations.deps import (
    CurrentMember,
    NewOrganization,
    OrganizationAdmin,
    PublicRead,
    TenantRead,
    TenantWrite,
)
from app.organizations.errors import (
    AlreadyMember,
    OrganizationAmbiguous,
    OrganizationRequired,
    PersonUnknown,
)
from app.organizations.schemas import (
    MemberIn,
    MemberOut,
    MemberPatch,
    OrganizationIn,
    OrganizationOut,
)

router = APIRouter(prefix="/organizations", tags=["organizations"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)


class Attempt:
    """A request that may be sent again with the same Idempotency-Key; made by FastAPI."""

    def __init__(self, request: Request, idempotency_key: IdempotencyKey = None) -> None:
        # The header is read from the request; its parameter puts it into the document.
        self.request = request
        self.has_key = idempotency_key is not None


Repeatable = Annotated[Attempt, Depends()]


def _created(answer: OrganizationOut | MemberOut, place: str) -> Response:
    return Response(
        answer.model_dump_json(),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"/api/v1/organizations/{place}", "ETag": version(answer)},
    )


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
        return _created(OrganizationOut.model_validate(made), str(made.id))

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
        session, organization_id=admin.organization_id, values=body.model_dump()
    )
    return condition.tagged(OrganizationOut.model_validate(changed))


@router.get("/me/members", responses=problems(Forbidden, *_INSIDE))
async def browse_members(
    admin: OrganizationAdmin, session: TenantRead, query: Pages
) -> Page[MemberOut]:
    """The members of your organization, newest first."""
    found = await service.browse_members(
        session, organization_id=admin.organization_id, query=query
    )
    return found.page(MemberOut.model_validate)


@router.post(
    "/me/members",
    status_code=201,
    response_model=MemberOut,
    responses=problems(PersonUnknown, AlreadyMember, *_INSIDE),
)
async def add_member(
    body: MemberIn,
    admin: OrganizationAdmin,
    identity: ProcessIdentity,
    session: TenantWrite,
    attempt: Repeatable,
) -> Response:
    """Add somebody who has an account and belongs to no organization."""

    async def work() -> Response:
        made = await service.add_member(
            session, organization_id=admin.organization_id, email=body.email, role=body.role
        )
        identity.forget_after(session, made.user_id)
        return _created(MemberOut.model_validate(made), f"me/members/{made.user_id}")

    digest = await body_digest(attempt.request)
    return await run_once(
        session, attempt.request, scope=str(admin.user_id), digest=digest, work=work
    )


@router.patch(
    "/me/members/{user_id}",
    responses=problems(LastAdmin, *_INSIDE),
)
async def update_member(
    user_id: UUID,
    body: MemberPatch,
    admin: OrganizationAdmin,
    identity: ProcessIdentity,
    session: TenantWrite,
) -> MemberOut:
    """Give a member another role."""
    changed = await service.update_member(
        session, organization_id=admin.organization_id, user_id=user_id, role=body.role
    )
    identity.forget_after(session, user_id)
    return MemberOut.model_validate(changed)


@router.delete("/me/members/{user_id}", status_code=204, responses=problems(LastAdmin, *_INSIDE))
async def remove_member(
    user_id: UUID, member: CurrentMember, identity: ProcessIdentity, session: TenantWrite
) -> None:
    """Take a member out, as an admin; everybody may leave by themselves."""
    if member.role != "admin" and user_id != member.user_id:
        raise Forbidden
    await service.remove_member(session, organization_id=member.organization_id, user_id=user_id)
    identity.forget_after(session, user_id)


@router.get("/{organization_id}", response_model=OrganizationOut)
async def get(organization_id: UUID, session: PublicRead, request: Request) -> Response:
    """An organization's public card."""
    answer = OrganizationOut.model_validate(
        await service.get(session, organization_id=organization_id)
    )
    return tagged(request, answer, etag=version(answer))
