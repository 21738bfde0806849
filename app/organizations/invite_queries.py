"""Every statement about invitations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    case,
    delete,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import User
from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.organizations.models import Invite, Membership, Organization

INVITED: Final = "invited"
_ONLY_ROWS = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which places a list shows: `group` is a role or "invited", `text` a part of name or address."""

    group: str = ""
    text: str = ""


EVERYBODY: Final = Narrowed()


@dataclass(frozen=True, slots=True)
class Open:
    """An invitation that still stands, with its organization's name."""

    id: UUID
    organization_id: UUID
    organization_name: str
    email: str
    role: str
    expires_at: datetime


async def put(
    session: WriteSession, organization_id: UUID, values: dict[str, Any], life: timedelta
) -> Invite:
    """Add an invitation, or put it in the place of the one that the address has already."""
    fresh = {
        **values,
        "id": new_id(),
        "expires_at": func.now() + life,
        "created_at": func.now(),
    }
    statement = (
        insert(Invite)
        .values(organization_id=organization_id, **fresh)
        .on_conflict_do_update(
            index_elements=[Invite.organization_id, func.lower(Invite.email)], set_=fresh
        )
        .returning(Invite)
    )
    options = {"populate_existing": True}
    return (await session.scalars(statement, execution_options=options)).one()


async def renew(
    session: WriteSession,
    organization_id: UUID,
    invite_id: UUID,
    digest: bytes,
    life: timedelta,
    *,
    pause: timedelta,
) -> Invite | None:
    """Give an open invitation a new token and its whole life again; its id stays.

    None when there is none, or when its present token is younger than `pause`.
    """
    statement = (
        update(Invite)
        .where(
            Invite.organization_id == organization_id,
            Invite.id == invite_id,
            Invite.expires_at.between(func.now(), func.now() + (life - pause)),
        )
        .values(token_hash=digest, expires_at=func.now() + life)
        .returning(Invite)
    )
    options = {"populate_existing": True}
    return (await session.scalars(statement, execution_options=options)).one_or_none()


async def is_open(session: ReadSession, organization_id: UUID, invite_id: UUID) -> bool:
    """Whether this organization has an open invitation with this id."""
    statement = select(Invite.id).where(
        Invite.organization_id == organization_id,
        Invite.id == invite_id,
        Invite.expires_at > func.now(),
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def find_open(session: ReadSession, digest: bytes) -> Open | None:
    """The invitation that this token accepts."""
    statement = (
        select(
            Invite.id,
            Invite.organization_id,
            Organization.name,
            Invite.email,
            Invite.role,
            Invite.expires_at,
        )
        .join(Organization, Organization.id == Invite.organization_id)
        .where(Invite.token_hash == digest, Invite.expires_at > func.now())
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Open(*row)


async def take(session: WriteSession, digest: bytes) -> bool:
    """Remove the invitation of this token; of two who come with it only one gets True."""
    mine = (Invite.token_hash == digest, Invite.expires_at > func.now())
    return await _delete(session, *mine)


async def remove(session: WriteSession, organization_id: UUID, invite_id: UUID) -> bool:
    """Remove an invitation of this organization; False when it has none with this id."""
    return await _delete(session, Invite.organization_id == organization_id, Invite.id == invite_id)


async def remove_of(session: WriteSession, organization_id: UUID, email: str) -> None:
    """Remove the invitation of an address that has become a member's otherwise."""
    await _delete(
        session,
        Invite.organization_id == organization_id,
        func.lower(Invite.email) == func.lower(email),
    )


async def _delete(session: WriteSession, *which: ColumnElement[bool]) -> bool:
    statement = delete(Invite).where(*which).returning(Invite.id)
    gone = await session.execute(statement, execution_options=_ONLY_ROWS)
    return gone.scalar_one_or_none() is not None


async def purge(session: WriteSession, before: datetime) -> int:
    """Remove what was over before then; returns how many."""
    statement = delete(Invite).where(Invite.expires_at < before).returning(Invite.id)
    return len((await session.execute(statement, execution_options=_ONLY_ROWS)).all())


def places(organization_id: UUID, narrowed: Narrowed = EVERYBODY) -> tuple[Select[Any], Subquery]:
    """Members and open invitations as one list, and the columns that it is sorted by.

    Each has the same columns; `place_id` is the member's or the invitation's id.
    """
    place = _all_places(organization_id)
    statement = select(*place.c)
    if narrowed.group == INVITED:
        statement = statement.where(place.c.status == INVITED)
    elif narrowed.group:
        statement = statement.where(place.c.status != INVITED, place.c.role == narrowed.group)
    if narrowed.text:
        named = [place.c.full_name, place.c.email]
        statement = statement.where(
            or_(*(column.icontains(narrowed.text, autoescape=True) for column in named))
        )
    return statement, place


async def group_sizes(session: ReadSession, organization_id: UUID) -> dict[str, int]:
    """How many members have each role, and under "invited" how many invitations are open."""
    place = _all_places(organization_id)
    group = case((place.c.status == INVITED, INVITED), else_=place.c.role)
    rows = await session.execute(select(group, func.count()).group_by(group))
    return dict(rows.all())


def _all_places(organization_id: UUID) -> Subquery:
    members = (
        select(
            Membership.user_id.label("place_id"),
            Membership.user_id.label("user_id"),
            null().cast(Invite.id.type).label("invite_id"),
            User.email.label("email"),
            User.full_name.label("full_name"),
            Membership.role.label("role"),
            User.is_active.label("is_active"),
            literal("active").label("status"),
            null().cast(Invite.expires_at.type).label("expires_at"),
            Membership.created_at.label("created_at"),
        )
        .join(User, User.id == Membership.user_id)
        .where(Membership.organization_id == organization_id)
    )
    invited = select(
        Invite.id,
        null().cast(Invite.id.type),
        Invite.id,
        Invite.email,
        literal(""),
        Invite.role,
        false(),
        literal(INVITED),
        Invite.expires_at,
        Invite.created_at,
    ).where(Invite.organization_id == organization_id, Invite.expires_at > func.now())
    return union_all(members, invited).subquery("place")
