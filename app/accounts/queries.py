"""Every statement about people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import MemberRole, RefreshFamily, RefreshToken, User, UserCard
from app.core.db import ReadSession, WriteSession

_FRESH = {"populate_existing": True}


def has_email(email: str) -> ColumnElement[bool]:
    """Whether a user has this address, whatever its case; an empty one is none, and many have it."""
    return and_(func.lower(User.email) == func.lower(email), User.email != "")


async def credentials(session: ReadSession, email: str) -> tuple[UUID, str | None, bool] | None:
    """Id, password hash and whether active of the account with this address."""
    columns = select(User.id, User.password_hash, User.is_active)
    row = (await session.execute(columns.where(has_email(email)))).one_or_none()
    return None if row is None else (row.id, row.password_hash, row.is_active)


async def find_id(session: ReadSession, email: str) -> UUID | None:
    """The id of the active account with this address."""
    found = select(User.id).where(has_email(email), User.is_active)
    return (await session.execute(found)).scalar_one_or_none()


async def insert_user(session: WriteSession, values: Mapping[str, Any]) -> UUID | None:
    """Add a user; None when the address is taken."""
    statement = insert(User).values(**values).on_conflict_do_nothing().returning(User.id)
    return (await session.execute(statement)).scalar_one_or_none()


async def update_user(session: WriteSession, user_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a user."""
    await session.execute(update(User).where(User.id == user_id).values(**values))


async def update_member_role(
    session: WriteSession, organization_id: UUID, user_id: UUID, role: str
) -> None:
    """Change a member's role; the database refuses to lose the last admin."""
    await session.execute(
        update(MemberRole)
        .where(MemberRole.organization_id == organization_id, MemberRole.user_id == user_id)
        .values(role=role, updated_at=func.now())
    )


async def lock_user(session: WriteSession, user_id: UUID) -> bool:
    """Hold the user's row until the transaction ends; False when there is none."""
    statement = select(User.id).where(User.id == user_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def cards(session: ReadSession, user_id: UUID) -> Sequence[UserCard]:
    """The user's visible cards, that of the oldest membership first."""
    statement = select(UserCard).where(UserCard.id == user_id).order_by(UserCard.is_first.desc())
    return (await session.scalars(statement, execution_options=_FRESH)).all()


async def profile(session: ReadSession, user_id: UUID) -> User | None:
    """The user's own row with the profile."""
    return await session.get(User, user_id, populate_existing=True)


async def live_family(
    session: ReadSession, family_id: UUID, user_id: UUID, now: datetime
) -> RefreshFamily | None:
    """The sign-in, if it still stands."""
    statement = select(RefreshFamily).where(
        RefreshFamily.id == family_id,
        RefreshFamily.user_id == user_id,
        RefreshFamily.ended_at.is_(None),
        RefreshFamily.expires_at > now,
    )
    return (await session.scalars(statement)).one_or_none()


def everybody(organization_id: UUID | None) -> Select[UserCard]:
    """The cards of one organization's members, or one card of each user."""
    if organization_id is None:
        return select(UserCard).where(UserCard.is_first)
    return select(UserCard).where(UserCard.organization_id == organization_id)


async def lock_family(
    session: WriteSession, family_id: UUID, user_id: UUID
) -> RefreshFamily | None:
    """The family's row, held until the transaction ends."""
    statement = (
        select(RefreshFamily)
        .where(RefreshFamily.id == family_id, RefreshFamily.user_id == user_id)
        .with_for_update()
    )
    return (await session.scalars(statement)).one_or_none()


async def newest_tokens(session: WriteSession, family_id: UUID) -> Sequence[RefreshToken]:
    """The family's current token and the one before it.

    To be asked after `lock_family`, in a statement of its own: after a wait for a lock PostgreSQL
    looks again at the locked row only, and joined rows would be those of before the wait.
    """
    statement = (
        select(RefreshToken)
        .where(RefreshToken.family_id == family_id)
        .order_by(RefreshToken.sequence.desc())
        .limit(2)
    )
    return (await session.scalars(statement)).all()


async def end_families(
    session: WriteSession,
    *,
    reason: str,
    now: datetime,
    family_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """End the named family, or all of the named user."""
    which = RefreshFamily.id == family_id if family_id else RefreshFamily.user_id == user_id
    await session.execute(
        update(RefreshFamily)
        .where(which, RefreshFamily.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )


async def delete_families(session: WriteSession, before: datetime) -> int:
    """Remove the families that ended or expired before then, with their tokens."""
    over = or_(
        RefreshFamily.expires_at < before,
        and_(RefreshFamily.ended_at.is_not(None), RefreshFamily.ended_at < before),
    )
    gone = await session.execute(delete(RefreshFamily).where(over).returning(RefreshFamily.id))
    return len(gone.all())
