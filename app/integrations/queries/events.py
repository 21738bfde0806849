"""Events of interviews in SQL."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.integrations.models import CalendarEvent
from app.integrations.queries.connections import Owner
from app.interviews.models import Interview

_IN_HAND_SECONDS = 60.0


async def plan(
    session: WriteSession, interview: Interview, owner: Owner, *, with_meeting: bool
) -> CalendarEvent:
    """The row of an interview's event, made here if there is none; a request has it in hand."""
    await session.execute(
        insert(CalendarEvent)
        .values(
            interview_id=interview.id,
            organization_id=interview.organization_id,
            user_id=owner.user_id,
            provider=owner.provider,
            with_meeting=with_meeting,
            # Workers leave it to the request that is about to make the event.
            run_after=func.now() + timedelta(seconds=_IN_HAND_SECONDS),
        )
        .on_conflict_do_nothing(index_elements=["interview_id"])
    )
    found = await find(session, interview.id)
    if found is None:
        raise LookupError("an event's row that was just written is not there")
    return found


async def find(
    session: ReadSession, interview_id: UUID, *, locked: bool = False
) -> CalendarEvent | None:
    """An interview's event; `locked` until the transaction ends."""
    statement = select(CalendarEvent).where(CalendarEvent.interview_id == interview_id)
    if locked:
        statement = statement.with_for_update()
    found = await session.execute(statement, execution_options={"populate_existing": True})
    return found.scalar_one_or_none()


async def change(session: WriteSession, interview_id: UUID, values: Mapping[str, Any]) -> None:
    """Write some columns of an event."""
    await session.execute(
        update(CalendarEvent).where(CalendarEvent.interview_id == interview_id).values(**values)
    )


async def mark_due(session: WriteSession, interview_id: UUID | None) -> int:
    """Find the events that show less than their interviews say, and let them be synced; how many.

    Without an id all are looked through.
    """
    behind = (
        select(Interview.id)
        .where(
            Interview.id == CalendarEvent.interview_id,
            Interview.sequence != CalendarEvent.synced_sequence,
        )
        .exists()
    )
    one = [] if interview_id is None else [CalendarEvent.interview_id == interview_id]
    marked = await session.execute(
        update(CalendarEvent)
        .where(*one, CalendarEvent.state == "kept", behind)
        .values(state="due", run_after=func.now(), attempts=0)
        .returning(CalendarEvent.interview_id)
    )
    return len(marked.all())


async def lease(session: WriteSession, seconds: float) -> CalendarEvent | None:
    """The event that is due the longest, for so long ours alone."""
    due = (
        select(CalendarEvent.interview_id)
        .where(
            CalendarEvent.state == "due",
            CalendarEvent.run_after <= func.now(),
            or_(CalendarEvent.lease_until.is_(None), CalendarEvent.lease_until < func.now()),
        )
        .order_by(CalendarEvent.run_after)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = await session.execute(
        update(CalendarEvent)
        .where(CalendarEvent.interview_id == due)
        .values(
            lease_token=new_id(),
            lease_until=func.now() + timedelta(seconds=seconds),
            attempts=CalendarEvent.attempts + 1,
        )
        .returning(CalendarEvent),
        execution_options={"populate_existing": True},
    )
    return taken.scalar_one_or_none()


async def write_leased(
    session: WriteSession, event: CalendarEvent, values: Mapping[str, Any]
) -> bool:
    """Write what came of a call and end the lease; False where it is somebody else's by now."""
    written = await session.execute(
        update(CalendarEvent)
        .where(
            CalendarEvent.interview_id == event.interview_id,
            CalendarEvent.lease_token == event.lease_token,
        )
        .values(**values, lease_token=None, lease_until=None)
        .returning(CalendarEvent.interview_id)
    )
    return written.scalar_one_or_none() is not None


async def remove(session: WriteSession, interview_id: UUID) -> None:
    """Forget that an event was planned."""
    await session.execute(
        CalendarEvent.__table__.delete().where(CalendarEvent.interview_id == interview_id)  # type: ignore[attr-defined]
    )


async def wake(session: WriteSession, owner: Owner) -> Sequence[UUID]:
    """Let everything that waits for the owner's connection be tried again; the interviews' ids."""
    woken = await session.execute(
        update(CalendarEvent)
        .where(
            CalendarEvent.user_id == owner.user_id,
            CalendarEvent.organization_id == owner.organization_id,
            CalendarEvent.provider == owner.provider,
            CalendarEvent.state.in_(("due", "stuck")),
        )
        .values(state="due", run_after=func.now(), attempts=0)
        .returning(CalendarEvent.interview_id)
    )
    return woken.scalars().all()
