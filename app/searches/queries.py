"""Every statement about saved searches."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, or_, select, text, update

from app.accounts.models import User
from app.core.db import ReadSession, WriteSession
from app.notifications.models import NotificationSettings
from app.searches.models import SavedSearch

Values = Mapping[str, Any]
INSTANT_PAUSE: Final = timedelta(minutes=15)
_QUIET: Final = {"synchronize_session": False}


def of(user_id: UUID) -> Select[SavedSearch]:
    """A person's searches, in no order."""
    return select(SavedSearch).where(SavedSearch.user_id == user_id)


async def find(
    session: ReadSession, user_id: UUID, search_id: UUID, *, locked: bool = False
) -> SavedSearch | None:
    """One of a person's searches."""
    statement = of(user_id).where(SavedSearch.id == search_id)
    if locked:
        statement = statement.with_for_update()
    found = await session.scalars(statement, execution_options={"populate_existing": True})
    return found.one_or_none()


async def count_locked(session: WriteSession, user_id: UUID) -> int:
    """How many a person has; nobody else adds one for them until the transaction ends."""
    key = (user_id.int & (2**63 - 1)) ^ 0x73656172
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
    counted = select(func.count()).select_from(of(user_id).subquery())
    return int((await session.execute(counted)).scalar_one())


async def add(session: WriteSession, values: Values) -> SavedSearch:
    """A new search."""
    made = await session.execute(insert(SavedSearch).values(**values).returning(SavedSearch))
    return made.scalar_one()


async def change(session: WriteSession, search_id: UUID, values: Values) -> SavedSearch:
    """The search with other values."""
    changed = await session.execute(
        update(SavedSearch)
        .where(SavedSearch.id == search_id)
        .values(**values)
        .returning(SavedSearch)
        .execution_options(populate_existing=True)
    )
    return changed.scalar_one()


async def remove(session: WriteSession, user_id: UUID, search_id: UUID) -> bool:
    """Delete one of a person's searches; whether there was one."""
    statement = delete(SavedSearch).where(
        SavedSearch.user_id == user_id, SavedSearch.id == search_id
    )
    done = await session.execute(statement.returning(SavedSearch.id), execution_options=_QUIET)
    return done.scalar_one_or_none() is not None


# A search, its owner's address and whether their account is open, and how they want to be told.
Due = Row[SavedSearch, str, bool, NotificationSettings | None]


async def claim(session: WriteSession, newest: datetime | None, limit: int) -> Sequence[Due]:
    """Some searches that are due, each with its owner, held until the transaction ends.

    First those whose time has come, then instant ones that have not seen the newest job.
    """
    timed = await _due(session, [SavedSearch.next_alert_at <= func.now()], limit)
    if len(timed) == limit or newest is None:
        return timed
    recent = SavedSearch.last_alert_at
    instant = [
        SavedSearch.frequency == "instant",
        SavedSearch.alerted_until < newest,
        or_(recent.is_(None), recent < func.now() - INSTANT_PAUSE),
    ]
    return [*timed, *await _due(session, instant, limit - len(timed))]


async def _due(
    session: WriteSession, conditions: list[ColumnElement[bool]], limit: int
) -> Sequence[Due]:
    order = (
        SavedSearch.alerted_until if len(conditions) > 1 else SavedSearch.next_alert_at,
        SavedSearch.id,
    )
    statement = (
        select(SavedSearch, User.email, User.is_active, NotificationSettings)
        .join(User, User.id == SavedSearch.user_id)
        .join(
            NotificationSettings, NotificationSettings.user_id == SavedSearch.user_id, isouter=True
        )
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
        .with_for_update(of=SavedSearch, skip_locked=True)
    )
    return (await session.execute(statement)).all()


async def move_on(
    session: WriteSession,
    until: datetime,
    due_next: Mapping[UUID, datetime | None],
    told: Sequence[UUID],
) -> None:
    """Their owners know of everything up to `until`; `told` were alerted just now."""
    await session.execute(
        text(
            """
            UPDATE saved_searches SET
                alerted_until = GREATEST(alerted_until, :until), next_alert_at = moved.at,
                last_alert_at = CASE WHEN id = ANY(CAST(:told AS uuid[])) THEN now()
                    ELSE last_alert_at END
            FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS moved(search, at)
            WHERE id = moved.search
            """
        ),
        {
            "until": until,
            "told": list(told),
            "ids": list(due_next),
            "times": list(due_next.values()),
        },
    )
