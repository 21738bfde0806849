"""Invitations: somebody without an account is asked by mail, and joins by the link in it.

The link proves that its reader has the mailbox; nobody is put anywhere by it without saying yes.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.accounts import service as accounts
from app.accounts.identity import Identity, SignedIn
from app.accounts.letters import Letters, Reader, Token
from app.accounts.service import Newcomer
from app.accounts.sessions import Grant, open_session
from app.auth.tokens import token_digest
from app.core import clock
from app.core.audit import Entry, record
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.core.log import logger
from app.core.pages import PageQuery, Slice, paginate
from app.core.problems import NotFound
from app.mail.languages import Language
from app.organizations import invite_queries, queries
from app.organizations.errors import AlreadyMember, InviteForAnother, InviteInvalid
from app.organizations.invite_queries import EVERYBODY, Narrowed, Open
from app.organizations.models import Invite

LIFE: Final = timedelta(days=7)
_PAUSE: Final = timedelta(minutes=1)
_KEPT_AFTER_END: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that an admin gives to the owner of an address; the mail is in `language`."""

    organization_id: UUID
    by: SignedIn
    email: str
    role: str
    language: Language


async def browse(
    session: ReadSession,
    *,
    organization_id: UUID,
    query: PageQuery,
    narrowed: Narrowed = EVERYBODY,
) -> Slice[dict[str, Any]]:
    """Members and open invitations, newest first."""
    statement, place = invite_queries.places(organization_id, narrowed)
    return await paginate(
        session,
        statement,
        keys=[(place.c.created_at, "desc"), (place.c.place_id, "desc")],
        query=query,
        tenant=organization_id,
    )


async def group_sizes(session: ReadSession, *, organization_id: UUID) -> dict[str, int]:
    """How many members have each role, and under "invited" how many invitations are open."""
    return await invite_queries.group_sizes(session, organization_id)


async def needs_invite(session: ReadSession, *, place: Place, asks_first: bool) -> bool:
    """Whether the address has no account; with `asks_first`, also whether its owner could join."""
    if not await accounts.is_taken(session, place.email):
        return True
    user_id = await accounts.find_id(session, place.email) if asks_first else None
    return user_id is not None and not await queries.has_membership(session, user_id)


async def invite(session: WriteSession, letters: Letters, *, place: Place) -> Invite:
    """Invite the owner of an address by mail; an invitation that they have already is replaced."""
    token = secrets.token_urlsafe(32)
    values = {
        "email": place.email,
        "role": place.role,
        "token_hash": token_digest(token),
        "invited_by": place.by.id,
    }
    made = await invite_queries.put(session, place.organization_id, values, LIFE)
    await _mail(session, letters, place, token)
    act = ("organizations.invited", place.by.id, place.organization_id)
    record(session, Entry(*act, "invite", str(made.id), {"role": made.role}))
    logger.info("organizations.invited", organization_id=place.organization_id, invite_id=made.id)
    return made


async def _mail(session: WriteSession, letters: Letters, place: Place, token: str) -> None:
    link = Token(token, "accept-invite", LIFE)
    context = {**await _names(session, place), "days": str(LIFE.days)}
    reader = Reader(place.email, place.language)
    await letters.hand_token(session, reader, "invite", context, token=link)


async def resend(
    session: WriteSession,
    letters: Letters,
    *,
    organization_id: UUID,
    invite_id: UUID,
    by: SignedIn,
    language: Language,
) -> bool:
    """Send an open invitation once more, with a new link; the former one opens nothing any more.

    False, and nothing is sent, when it went out less than a minute ago: somebody clicked twice.

    Raises:
        NotFound: the organization has no open one with this id.
    """
    token = secrets.token_urlsafe(32)
    digest = token_digest(token)
    renewed = await invite_queries.renew(
        session, organization_id, invite_id, digest, LIFE, pause=_PAUSE
    )
    if renewed is None:
        if await invite_queries.is_open(session, organization_id, invite_id):
            return False
        raise NotFound
    place = Place(organization_id, by, renewed.email, renewed.role, language)
    await _mail(session, letters, place, token)
    act = ("organizations.invite_resent", by.id, organization_id)
    record(session, Entry(*act, "invite", str(renewed.id), {"role": renewed.role}))
    logger.info("organizations.invite_resent", invite_id=renewed.id)
    return True


async def tell_added(session: WriteSession, letters: Letters, *, place: Place) -> None:
    """Tell somebody that an admin has put their account into an organization."""
    reader = Reader(place.email, place.language)
    await letters.tell(session, reader, "member_added", await _names(session, place))
    await invite_queries.remove_of(session, place.organization_id, place.email)


async def _names(session: ReadSession, place: Place) -> dict[str, str]:
    organization = await queries.find(session, place.organization_id)
    name = organization.name if organization is not None else ""
    return {"organization": name, "inviter": place.by.full_name, "role": place.role}


async def revoke(
    session: WriteSession, *, organization_id: UUID, invite_id: UUID, by: UUID
) -> None:
    """Take an invitation back; its link opens nothing any more.

    Raises:
        NotFound: the organization has none with this id.
    """
    if not await invite_queries.remove(session, organization_id, invite_id):
        raise NotFound
    act = ("organizations.invite_revoked", by, organization_id)
    record(session, Entry(*act, "invite", str(invite_id)))
    logger.info(
        "organizations.invite_revoked", organization_id=organization_id, invite_id=invite_id
    )


async def get(session: ReadSession, *, token: str) -> Open:
    """What a link invites to.

    Raises:
        InviteInvalid: it was used, taken back or replaced, or its time is over.
    """
    found = await invite_queries.find_open(session, token_digest(token))
    if found is None:
        raise InviteInvalid
    return found


async def accept(session: WriteSession, identity: Identity, *, token: str, user: SignedIn) -> Open:
    """Join with one's own account; this proves its address.

    Raises:
        InviteInvalid: the link opens nothing any more.
        InviteForAnother: it was sent to another address than the account's.
        AlreadyMember: the account belongs to an organization.
    """
    found = await get(session, token=token)
    if found.email.casefold() != user.email.casefold():
        raise InviteForAnother
    await accounts.lock(session, user.id)
    if await queries.has_membership(session, user.id):
        raise AlreadyMember
    await accounts.mark_proved(session, user.id)
    await _join(session, found, token, user.id)
    identity.forget_after(session, user.id)
    return found


async def register(
    database: Database, identity: Identity, *, token: str, newcomer: Newcomer
) -> Grant:
    """Make an account for the invited address, join, and sign in.

    Raises:
        InviteInvalid: the link opens nothing any more.
        EmailTaken: the address has an account; its owner signs in and accepts.
        PasswordWeak: too short, too long or too common.
    """
    hashed = await accounts.hash_for(identity, newcomer)
    async with database.write(Scope.system()) as session:
        found = await get(session, token=token)
        user_id = await accounts.admit(
            session,
            replace(newcomer, email=found.email),
            hashed,
            email_verified_at=clock.now(),
        )
        await _join(session, found, token, user_id)
        return await open_session(session, identity, user_id, **newcomer.device.columns())


async def _join(session: WriteSession, found: Open, token: str, user_id: UUID) -> None:
    if not await invite_queries.take(session, token_digest(token)):
        raise InviteInvalid
    await queries.insert_member(session, found.organization_id, user_id, found.role)
    act = ("organizations.invite_accepted", user_id, found.organization_id)
    record(session, Entry(*act, "invite", str(found.id), {"role": found.role}))
    logger.info(
        "organizations.invite_accepted", organization_id=found.organization_id, user_id=user_id
    )


async def purge(session: WriteSession) -> int:
    """Remove invitations that are over for a day; returns how many."""
    return await invite_queries.purge(session, clock.now() - _KEPT_AFTER_END)
