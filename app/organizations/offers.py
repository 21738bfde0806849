"""Offering somebody a place, for every way in: the API's and the console's."""

from dataclasses import replace

from fastapi import Request

from app.accounts.deps import identity_of
from app.accounts.letters import Letters
from app.core.db import WriteSession
from app.core.limits import take
from app.core.state import services
from app.organizations import invites, service
from app.organizations.invites import Place
from app.organizations.models import Invite
from app.organizations.queries import Member


async def offer(
    request: Request, session: WriteSession, letters: Letters, place: Place
) -> Member | Invite:
    """Add who has an account and tell them; invite all others, with MEMBERS_BY_INVITE everybody.

    Raises:
        AlreadyMember: they belong to an organization, this one or another.
        PersonUnknown: their account is disabled.
        TooManyRequests: the organization has sent its invitations of this hour.
    """
    asks_first = services(request).settings.auth.members_by_invite == "on"
    if await invites.needs_invite(session, place=place, asks_first=asks_first):
        await take(request, "organizations.invite", str(place.organization_id))
        return await invites.invite(session, letters, place=place)
    made = await service.add_member(
        session,
        organization_id=place.organization_id,
        email=place.email,
        role=place.role,
        by=place.by.id,
    )
    await invites.tell_added(session, letters, place=replace(place, email=made.email))
    (await identity_of(request)).forget_after(session, made.user_id)
    return made
