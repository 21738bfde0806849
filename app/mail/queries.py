"""Every statement about mails."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.mail.models import FAILED, SENT, WAITING, Mail

_EMPTY: Mapping[str, Any] = {"context": {}, "secrets": None, "fence": None}


async def add(session: WriteSession, values: Mapping[str, Any]) -> None:
    """Put a mail in line. Nothing is returned: a tenant's transaction may add but not read."""
    await session.execute(insert(Mail).values(**values))


async def claim(session: WriteSession, lease: timedelta) -> Mail | None:
    """Take the mail that is due first, for so long; None when nothing is due."""
    due = (
        select(Mail.id)
        .where(Mail.state == WAITING, Mail.next_try_at <= func.now())
        .order_by(Mail.next_try_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Mail)
        .where(Mail.id == due)
        .values(attempts=Mail.attempts + 1, fence=new_id(), next_try_at=func.now() + lease)
        .returning(Mail)
    )
    found = await session.scalars(statement, execution_options={"populate_existing": True})
    return found.one_or_none()


async def end(session: WriteSession, mail: Mail, *, error: str | None) -> bool:
    """Mark a claimed mail as sent, or as failed with a code; False when it is not ours any more."""
    state = SENT if error is None else FAILED
    values = {"state": state, "error": error, "ended_at": func.now(), **_EMPTY}
    return await _write(session, mail, values)


async def put_off(session: WriteSession, mail: Mail, *, pause: timedelta, error: str) -> bool:
    """Try a claimed mail again later; False when it is not ours any more."""
    values = {"next_try_at": func.now() + pause, "fence": None, "error": error}
    return await _write(session, mail, values)


async def _write(session: WriteSession, mail: Mail, values: Mapping[str, Any]) -> bool:
    mine = (Mail.id == mail.id, Mail.fence == mail.fence, Mail.state == WAITING)
    statement = update(Mail).where(*mine).values(**values).returning(Mail.id)
    options = {"synchronize_session": False}
    done = await session.execute(statement, execution_options=options)
    return done.scalar_one_or_none() is not None


async def expire(session: WriteSession, code: str) -> int:
    """Mark as failed what was not sent in time; returns how many."""
    statement = (
        update(Mail)
        .where(Mail.state == WAITING, Mail.next_try_at <= func.now(), Mail.expires_at <= func.now())
        .values(state=FAILED, error=func.coalesce(Mail.error, code), ended_at=func.now(), **_EMPTY)
        .returning(Mail.id)
    )
    options = {"synchronize_session": False}
    return len((await session.execute(statement, execution_options=options)).all())


async def purge(session: WriteSession, before: datetime) -> int:
    """Remove mails that ended before then; returns how many."""
    statement = text(
        "DELETE FROM mails WHERE state <> 'waiting' AND ended_at < :before RETURNING id"
    )
    return len((await session.execute(statement, {"before": before})).all())


async def remove_to(session: WriteSession, address: str) -> None:
    """Remove the mails to one address, whatever its case. Nothing leads there by an index: people
    leave seldom, and mails are kept for a month."""
    await session.execute(delete(Mail).where(func.lower(Mail.recipient) == func.lower(address)))


async def waiting(session: ReadSession) -> tuple[int, float]:
    """How many mails wait, and for how many seconds the oldest has."""
    age = func.extract("epoch", func.now() - func.min(Mail.created_at))
    row = (await session.execute(select(func.count(), age).where(Mail.state == WAITING))).one()
    return int(row[0]), float(row[1] or 0.0)


async def find(session: ReadSession, mail_id: UUID) -> Mail | None:
    """A mail, for the system's eyes."""
    return await session.get(Mail, mail_id, populate_existing=True)
