"""Every statement about notifications."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import User
from app.core.db import ReadSession, WriteSession
from app.notifications.kinds import FOR_MEMBERS
from app.notifications.letters import Letter
from app.notifications.models import LetterTemplate, Notification, NotificationSettings
from app.organizations.models import Membership

Values = Mapping[str, Any]
_QUIET = {"synchronize_session": False}
_MOST_AT_ONCE = 500


async def add(session: WriteSession, values: Values) -> bool:
    """Tell of an event; False when its person knows it.

    Neither an arbiter nor RETURNING: either would ask for the right to read the person's rows.
    """
    done: Any = await session.execute(
        insert(Notification).values(**values).on_conflict_do_nothing()
    )
    return bool(done.rowcount)


async def hold(session: WriteSession, whose: UUID) -> None:
    """Whoever changes the words or the choices of the same organization or person waits until the
    transaction ends: there may be no row yet that could be held.
    """
    key = (whose.int & (2**63 - 1)) ^ 0x6E6F7469
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def seen_by(
    user_id: UUID, *, organizations: Sequence[UUID] | None, off: Iterable[str]
) -> list[ColumnElement[bool]]:
    """Which rows a person is shown.

    Of what is members' business those of `organizations`, all for None; of kinds that they have
    switched `off` none.
    """
    conditions = [Notification.user_id == user_id]
    if organizations is not None:
        inside = Notification.organization_id.in_(organizations)
        conditions.append(or_(Notification.kind.not_in(FOR_MEMBERS), inside))
    hidden = list(off)
    if hidden:
        conditions.append(Notification.kind.not_in(hidden))
    return conditions


def shown(conditions: Sequence[ColumnElement[bool]], *, unread: bool) -> Select[Any]:
    """The rows of a list, in no order."""
    statement = select(Notification).where(*conditions)
    return statement.where(Notification.read_at.is_(None)) if unread else statement


async def count_unread(session: ReadSession, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many of these nobody has read."""
    counted = select(func.count()).where(*conditions, Notification.read_at.is_(None))
    return int((await session.execute(counted)).scalar_one())


async def newest(
    session: ReadSession, conditions: Sequence[ColumnElement[bool]]
) -> tuple[UUID | None, datetime | None]:
    """The newest row's id, and when something was last read: both change when the list does."""
    statement = select(
        select(Notification.id)
        .where(*conditions)
        .order_by(Notification.id.desc())
        .limit(1)
        .scalar_subquery(),
        select(func.max(Notification.read_at)).where(*conditions).scalar_subquery(),
    )
    return tuple((await session.execute(statement)).one())  # type: ignore[return-value]


async def mark_read(
    session: WriteSession, conditions: Sequence[ColumnElement[bool]], *, only: UUID | None = None
) -> list[UUID]:
    """Mark as read, all or one; the ids of those that were unread."""
    statement = update(Notification).where(*conditions, Notification.read_at.is_(None))
    if only is not None:
        statement = statement.where(Notification.id == only)
    statement = statement.values(read_at=func.now())
    done = await session.execute(statement.returning(Notification.id), execution_options=_QUIET)
    return list(done.scalars())


async def find(
    session: ReadSession, conditions: Sequence[ColumnElement[bool]], notification_id: UUID
) -> Notification | None:
    """One of these."""
    statement = select(Notification).where(*conditions, Notification.id == notification_id)
    found = await session.scalars(statement, execution_options={"populate_existing": True})
    return found.one_or_none()


async def names(session: ReadSession, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of people, as they are now."""
    wanted = list(ids)
    if not wanted:
        return {}
    found = await session.execute(select(User.id, User.full_name).where(User.id.in_(wanted)))
    return {row.id: row.full_name for row in found}


async def settings(session: ReadSession, user_id: UUID) -> NotificationSettings | None:
    """What a person has chosen."""
    statement = select(NotificationSettings).where(NotificationSettings.user_id == user_id)
    found = await session.scalars(statement, execution_options={"populate_existing": True})
    return found.one_or_none()


async def keep_settings(session: WriteSession, user_id: UUID, values: Values) -> None:
    """Write what a person has chosen, as a whole."""
    statement = insert(NotificationSettings).values(user_id=user_id, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id"], set_={**values, "updated_at": func.now()}
        )
    )


async def due_people(session: ReadSession, limit: int) -> list[UUID]:
    """People for whom a mail is due, those who wait longest first."""
    waiting = func.min(Notification.mail_at)
    statement = (
        select(Notification.user_id)
        .where(Notification.mail_at <= func.now())
        .group_by(Notification.user_id)
        .order_by(waiting)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def hold_person(session: WriteSession, user_id: UUID) -> bool:
    """Be the one who writes to this person until the transaction ends; False if somebody is."""
    key = (user_id.int & (2**63 - 1)) ^ 0x6E6F7469
    statement = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool((await session.execute(statement, {"key": key})).scalar_one())


async def due(session: WriteSession, user_id: UUID) -> list[Notification]:
    """What a person is to be mailed about, the oldest first."""
    statement = (
        select(Notification)
        .where(Notification.user_id == user_id, Notification.mail_at <= func.now())
        .order_by(Notification.id)
        .limit(_MOST_AT_ONCE)
        .with_for_update()
    )
    return list(await session.scalars(statement))


async def settle(session: WriteSession, ids: Sequence[UUID], *, mailed: bool) -> None:
    """No mail about these is to come any more."""
    values = {"mail_at": None, "mailed_at": func.now() if mailed else Notification.mailed_at}
    statement = update(Notification).where(Notification.id.in_(ids)).values(**values)
    await session.execute(statement, execution_options=_QUIET)


async def hold_back(session: WriteSession, user_id: UUID, kind: str, pause: timedelta) -> bool:
    """Put mails of this kind off when the last one is younger than `pause`; whether it is."""
    last = (
        select(func.max(Notification.mailed_at))
        .where(
            Notification.user_id == user_id,
            Notification.kind == kind,
            Notification.mailed_at.is_not(None),
        )
        .scalar_subquery()
    )
    statement = (
        update(Notification)
        .where(
            Notification.user_id == user_id,
            Notification.kind == kind,
            Notification.mail_at <= func.now(),
            last > func.now() - pause,
        )
        .values(mail_at=last + pause)
        .returning(Notification.id)
    )
    return bool((await session.execute(statement, execution_options=_QUIET)).all())


async def person(session: ReadSession, user_id: UUID) -> Row[Any] | None:
    """A person's address, and whether their account is open and runs the platform."""
    columns: list[Any] = [User.email, User.is_active, User.is_superuser]
    statement: Select[Any] = select(*columns).where(User.id == user_id)
    found: Row[Any] | None = (await session.execute(statement)).one_or_none()
    return found


async def organizations_of(session: ReadSession, user_id: UUID) -> set[UUID]:
    """Where a person is a member; for the system's eyes."""
    statement = select(Membership.organization_id).where(Membership.user_id == user_id)
    return set((await session.execute(statement)).scalars())


async def waiting(session: ReadSession) -> tuple[int, float]:
    """How many events are due to be mailed, and for how many seconds the oldest has been."""
    age = func.extract("epoch", func.now() - func.min(Notification.mail_at))
    statement = select(func.count(), age).where(
        and_(Notification.mail_at.is_not(None), Notification.mail_at <= func.now())
    )
    row = (await session.execute(statement)).one()
    return int(row[0]), float(row[1] or 0.0)


async def purge(session: WriteSession, before: datetime, limit: int) -> int:
    """Remove some of what was told before then; how many."""
    statement = text(
        "DELETE FROM notifications WHERE id IN"
        " (SELECT id FROM notifications WHERE created_at < :before ORDER BY created_at LIMIT :limit)"
        " RETURNING id"
    )
    return len((await session.execute(statement, {"before": before, "limit": limit})).all())


async def letters_of(session: ReadSession, organization_id: UUID) -> list[LetterTemplate]:
    """The words that an organization has put in place of ours."""
    statement = select(LetterTemplate).where(LetterTemplate.organization_id == organization_id)
    return list(await session.scalars(statement))


async def letter(
    session: ReadSession, organization_id: UUID, kind: str, language: str
) -> LetterTemplate | None:
    """An organization's own words for one mail."""
    statement = select(LetterTemplate).where(*_of(organization_id, kind, language))
    found = await session.scalars(statement, execution_options={"populate_existing": True})
    return found.one_or_none()


async def keep_letter(
    session: WriteSession, organization_id: UUID, kind: str, language: str, words: Letter
) -> None:
    """Write an organization's own words."""
    values = {"subject": words.subject, "body": words.body}
    statement = insert(LetterTemplate).values(
        organization_id=organization_id, kind=kind, language=language, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "kind", "language"],
            set_={**values, "updated_at": func.now()},
        )
    )


async def forget_letter(
    session: WriteSession, organization_id: UUID, kind: str, language: str
) -> bool:
    """Remove an organization's own words; whether there were any."""
    statement = delete(LetterTemplate).where(*_of(organization_id, kind, language))
    done = await session.execute(statement.returning(LetterTemplate.kind), execution_options=_QUIET)
    return done.scalar_one_or_none() is not None


def _of(organization_id: UUID, kind: str, language: str) -> list[ColumnElement[bool]]:
    return [
        LetterTemplate.organization_id == organization_id,
        LetterTemplate.kind == kind,
        LetterTemplate.language == language,
    ]
