"""People and roles: who belongs to the organization, who is invited, and what each may do."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Form, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from app.accounts import families
from app.accounts.caller import TheLetters
from app.accounts.deps import ProcessIdentity
from app.accounts.schemas import Role
from app.console.frame import Frame, TheFrame
from app.console.language import Speech, speech_for
from app.console.people import GROUPS, ROLES, Said
from app.console.rendering import page
from app.console.routing import console_router, redirect
from app.core.db import ReadSession
from app.core.dependencies import in_the_loop
from app.core.limits import take
from app.core.pages import PageQuery, Pages
from app.core.problems import Problem
from app.core.schema import Email, OptionalLine
from app.core.state import services
from app.mail.languages import Language
from app.organizations import invites, service
from app.organizations.deps import Member, OrganizationAdmin, TenantRead, TenantWrite
from app.organizations.errors import AlreadyMember, PersonUnknown
from app.organizations.invite_queries import Narrowed
from app.organizations.invites import Place
from app.organizations.models import Invite
from app.organizations.offers import offer

router = console_router()
PEOPLE = "/console/people"
_EMAIL = TypeAdapter[str](Email)
Group = Literal["all", "admin", "staff", "viewer", "employer", "candidate", "invited"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people the page shows, and what it says of the act that led here."""

    group: Group = "all"
    text: Annotated[OptionalLine, Query()] = ""
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who is to be added, as the form has it."""

    role: Annotated[Role, Form()] = "staff"
    email: Annotated[str, Form(max_length=320)] = ""

    def place(self, member: Member, language: Language) -> Place:
        """The place that the admin gives them.

        Raises:
            ValidationError: it is no address.
        """
        address = _EMAIL.validate_python(self.email.strip())
        return Place(member.organization_id, member.user, address, self.role, language)


@dataclass(frozen=True, slots=True)
class Admin:
    """An admin, and what stands around their page."""

    member: Member
    frame: Frame


async def admin(member: OrganizationAdmin, frame: TheFrame) -> Admin:
    """The admin of a page about people."""
    return Admin(member, frame)


TheAdmin = Annotated[Admin, Depends(admin)]


@router.get("/people")
async def browse(
    request: Request,
    who: TheAdmin,
    session: TenantRead,
    pages: Pages,
    wanted: Annotated[Wanted, Depends(in_the_loop(Wanted))],
) -> Response:
    """Members and open invitations, newest first."""
    return await _shown(request, who, session, pages, wanted)


async def _shown(
    request: Request,
    who: Admin,
    session: ReadSession,
    pages: PageQuery,
    wanted: Wanted,
    **form: Any,
) -> Response:
    organization_id = who.member.organization_id
    # What was just done is said once, not on every page that follows.
    kept = tuple(pair for pair in pages.filters if pair[0] in ("group", "text"))
    narrowed = Narrowed("" if wanted.group == "all" else wanted.group, wanted.text)
    found = await invites.browse(
        session,
        organization_id=organization_id,
        query=replace(pages, filters=kept),
        narrowed=narrowed,
    )
    sizes = await invites.group_sizes(session, organization_id=organization_id)
    members = [row["user_id"] for row in found.rows if row["user_id"]]
    home = await service.get(session, organization_id=organization_id)
    values = {"somebody": Somebody(), "problem": ""} | form
    return page(
        request,
        "people.html.jinja",
        status=422 if values["problem"] else 200,
        frame=who.frame,
        here="people",
        found=found,
        seen=await families.last_seen(session, user_ids=members),
        sizes={**sizes, "all": sum(sizes.values())},
        groups=GROUPS,
        roles=ROLES,
        wanted=wanted,
        is_kept_elsewhere=home.issuer is not None,
        asks_first=services(request).settings.auth.members_by_invite == "on",
        **values,
    )


@router.post("/people")
async def add(
    request: Request,
    who: TheAdmin,
    letters: TheLetters,
    session: TenantWrite,
    pages: Pages,
    somebody: Annotated[Somebody, Depends(in_the_loop(Somebody))],
) -> Response:
    """Add who has an account, invite all others."""
    speech = speech_for(request)
    try:
        place = somebody.place(who.member, speech.language)
        made = await offer(request, session, letters, place)
    except (ValidationError, AlreadyMember, PersonUnknown) as refused:
        told = {"somebody": somebody, "problem": _why(refused, speech)}
        return await _shown(request, who, session, pages, Wanted(), **told)
    return _back(request, "invited" if isinstance(made, Invite) else "added")


def _why(refused: ValidationError | Problem, speech: Speech) -> str:
    if isinstance(refused, Problem):
        return speech.say(f"people.refused.{refused.code.rpartition('.')[2]}")
    return speech.say("people.refused.address")


def _back(request: Request, said: Said) -> Response:
    return redirect(request, f"{PEOPLE}?said={said}")


@router.post("/people/{user_id}/role")
async def change_role(
    request: Request,
    user_id: UUID,
    member: OrganizationAdmin,
    identity: ProcessIdentity,
    session: TenantWrite,
    role: Annotated[Role, Form()],
) -> Response:
    """Give a member another role; the same one again changes nothing."""
    organization_id = member.organization_id
    before = await service.get_member(session, organization_id=organization_id, user_id=user_id)
    if before.role != role:
        await service.update_member(
            session, organization_id=organization_id, user_id=user_id, role=role, by=member.user_id
        )
        identity.forget_after(session, user_id)
    return _back(request, "changed")


@router.post("/people/{user_id}/remove")
async def remove(
    request: Request,
    user_id: UUID,
    member: OrganizationAdmin,
    identity: ProcessIdentity,
    session: TenantWrite,
) -> Response:
    """Take a member out; their account stays."""
    await service.remove_member(
        session, organization_id=member.organization_id, user_id=user_id, by=member.user_id
    )
    identity.forget_after(session, user_id)
    return _back(request, "removed")


@router.post("/people/invites/{invite_id}/resend")
async def resend(
    request: Request,
    invite_id: UUID,
    member: OrganizationAdmin,
    letters: TheLetters,
    session: TenantWrite,
) -> Response:
    """Send an invitation once more; clicked twice it goes out once."""
    await take(request, "organizations.invite", str(member.organization_id))
    await invites.resend(
        session,
        letters,
        organization_id=member.organization_id,
        invite_id=invite_id,
        by=member.user,
        language=speech_for(request).language,
    )
    return _back(request, "resent")


@router.post("/people/invites/{invite_id}/withdraw")
async def withdraw(
    request: Request, invite_id: UUID, member: OrganizationAdmin, session: TenantWrite
) -> Response:
    """Take an invitation back; its link opens nothing any more."""
    await invites.revoke(
        session,
        organization_id=member.organization_id,
        invite_id=invite_id,
        by=member.user_id,
    )
    return _back(request, "withdrawn")
