"""Members over HTTP: adding, inviting, changing, leaving."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.accounts.caller import CallerLanguage, TheLetters
from app.accounts.deps import ProcessIdentity
from app.accounts.errors import LastAdmin
from app.accounts.letters import Letters
from app.core.db import WriteSession
from app.core.idempotency import body_digest, run_once
from app.core.openapi import problems
from app.core.pages import Page, Pages
from app.core.problems import Forbidden
from app.organizations import invites, service
from app.organizations.answers import Repeatable, created
from app.organizations.deps import CurrentMember, OrganizationAdmin, TenantRead, TenantWrite
from app.organizations.errors import (
    AlreadyMember,
    OrganizationAmbiguous,
    OrganizationRequired,
    PersonUnknown,
)
from app.organizations.invites import Place
from app.organizations.models import Invite
from app.organizations.offers import offer
from app.organizations.schemas import MemberIn, MemberOut, MemberPatch

router = APIRouter(prefix="/organizations", tags=["organizations"])
_INVITED: dict[int | str, dict[str, Any]] = {
    202: {"model": MemberOut, "description": "Invited by mail"}
}
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)


@router.get("/me/members", responses=problems(Forbidden, *_INSIDE))
async def browse_members(
    admin: OrganizationAdmin, session: TenantRead, query: Pages
) -> Page[MemberOut]:
    """The members of your organization and whom it has invited, newest first."""
    found = await invites.browse(session, organization_id=admin.organization_id, query=query)
    return found.page(MemberOut.model_validate)


@router.post(
    "/me/members",
    status_code=201,
    response_model=MemberOut,
    responses={**_INVITED, **problems(PersonUnknown, AlreadyMember, *_INSIDE)},
)
async def add_member(
    body: MemberIn,
    admin: OrganizationAdmin,
    letters: TheLetters,
    language: CallerLanguage,
    session: TenantWrite,
    attempt: Repeatable,
) -> Response:
    """Add somebody who has an account and belongs to no organization, and tell them by mail.

    An address without an account is invited (202): its owner joins by the link in a mail, within
    seven days. A second invitation takes the place of the first.
    """
    place = Place(admin.organization_id, admin.user, body.email, body.role, language)

    async def work() -> Response:
        return await _offer(attempt.request, session, letters, place)

    digest = await body_digest(attempt.request)
    return await run_once(
        session, attempt.request, scope=str(admin.user_id), digest=digest, work=work
    )


async def _offer(
    request: Request, session: WriteSession, letters: Letters, place: Place
) -> Response:
    made = await offer(request, session, letters, place)
    if isinstance(made, Invite):
        return created(_invited(made), f"me/invites/{made.id}", status=202)
    return created(MemberOut.model_validate(made), f"me/members/{made.user_id}")


def _invited(invite: Invite) -> MemberOut:
    return MemberOut(
        user_id=None,
        invite_id=invite.id,
        email=invite.email,
        full_name="",
        role=invite.role,
        is_active=False,
        status="invited",
        expires_at=invite.expires_at,
        created_at=invite.created_at,
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
        session,
        organization_id=admin.organization_id,
        user_id=user_id,
        role=body.role,
        by=admin.user_id,
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
    await service.remove_member(
        session, organization_id=member.organization_id, user_id=user_id, by=member.user_id
    )
    identity.forget_after(session, user_id)


@router.delete("/me/invites/{invite_id}", status_code=204, responses=problems(*_INSIDE))
async def revoke_invite(invite_id: UUID, admin: OrganizationAdmin, session: TenantWrite) -> None:
    """Take an invitation back; its link opens nothing any more."""
    await invites.revoke(
        session,
        organization_id=admin.organization_id,
        invite_id=invite_id,
        by=admin.user_id,
    )
