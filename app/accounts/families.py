"""A person's open sign-ins: looked through, and ended one by one or all the others."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, update

from app.accounts import queries
from app.accounts.identity import Identity, SignedIn
from app.accounts.models import RefreshFamily, User
from app.core import clock
from app.core.audit import Entry, Fact, record
from app.core.db import ReadSession, WriteSession
from app.core.log import logger
from app.core.pages import PageQuery, Slice, paginate
from app.core.problems import NotFound


def _open(user_id: UUID, now: datetime) -> Select[RefreshFamily]:
    return select(RefreshFamily).where(
        RefreshFamily.user_id == user_id,
        RefreshFamily.ended_at.is_(None),
        RefreshFamily.expires_at > now,
    )


async def browse(session: ReadSession, *, user_id: UUID, query: PageQuery) -> Slice[RefreshFamily]:
    """The open sign-ins of a person, newest first."""
    return await paginate(
        session,
        _open(user_id, clock.now()),
        keys=[(RefreshFamily.created_at, "desc"), (RefreshFamily.id, "desc")],
        query=query,
        tenant=user_id,
    )


async def has_come_from(session: ReadSession, *, email: str, network: str) -> bool:
    """Whether this account has signed in from this network before and that sign-in is still kept."""
    statement = (
        select(RefreshFamily.id)
        .join(User, User.id == RefreshFamily.user_id)
        .where(queries.has_email(email), RefreshFamily.network == network)
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def last_seen(session: ReadSession, *, user_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each of these people last signed in or renewed a sign-in, as far as it is still kept."""
    seen = func.max(func.coalesce(RefreshFamily.last_used_at, RefreshFamily.created_at))
    statement = (
        select(RefreshFamily.user_id, seen)
        .where(RefreshFamily.user_id.in_(user_ids))
        .group_by(RefreshFamily.user_id)
    )
    return dict((await session.execute(statement)).all())


async def end_one(
    session: WriteSession, identity: Identity, *, user: SignedIn, family_id: UUID
) -> None:
    """End one open sign-in of the caller, their present one included.

    Raises:
        NotFound: it is none of theirs, or over already.
    """
    if not await _end(session, user.id, RefreshFamily.id == family_id, "revoked"):
        raise NotFound
    _note(session, "session_ended", user, ("session", family_id), {"reason": "revoked"})
    identity.forget_after(session, user.id)


async def end_others(
    session: WriteSession, identity: Identity, *, user: SignedIn, reason: str = "revoked"
) -> int:
    """End every sign-in of the caller but the present one; returns how many."""
    ended = await _end(session, user.id, RefreshFamily.id != user.session, reason)
    detail: dict[str, Fact] = {"count": len(ended), "reason": reason}
    _note(session, "sessions_ended", user, ("user", user.id), detail)
    identity.forget_after(session, user.id)
    return len(ended)


async def _end(
    session: WriteSession, user_id: UUID, which: ColumnElement[bool], reason: str
) -> Sequence[UUID]:
    statement = (
        update(RefreshFamily)
        .where(RefreshFamily.user_id == user_id, RefreshFamily.ended_at.is_(None), which)
        .values(ended_at=clock.now(), end_reason=reason)
        .returning(RefreshFamily.id)
    )
    options = {"synchronize_session": False}
    ended = (await session.scalars(statement, execution_options=options)).all()
    logger.info("accounts.sessions_ended", user_id=user_id, count=len(ended), reason=reason)
    return ended


def _note(
    session: WriteSession,
    verb: str,
    user: SignedIn,
    subject: tuple[str, UUID],
    detail: Mapping[str, Fact],
) -> None:
    kind, subject_id = subject
    act = (f"accounts.{verb}", user.id, user.organization_id)
    record(session, Entry(*act, kind, str(subject_id), detail))
