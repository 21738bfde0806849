"""Interviews in SQL."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.core.db import ReadSession, WriteSession
from app.interviews.models import SCHEDULED, Interview

Values = Mapping[str, Any]


async def add(session: WriteSession, values: Values) -> Interview | None:
    """A new interview, or None when the application has one that begins at the same time."""
    made = await session.execute(
        insert(Interview)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=["application_id", "starts_at"],
            index_where=text("status = 'scheduled'"),
        )
        .returning(Interview)
    )
    return made.scalar_one_or_none()


async def at_the_time(session: ReadSession, values: Values) -> Interview | None:
    """The application's interview that begins at the same time."""
    found = await session.execute(
        select(Interview).where(
            Interview.application_id == values["application_id"],
            Interview.starts_at == values["starts_at"],
            Interview.status == SCHEDULED,
        )
    )
    return found.scalar_one_or_none()


async def get(
    session: ReadSession, interview_id: UUID, *, locked: bool = False
) -> Interview | None:
    """One interview that this transaction may see; `locked` until its end."""
    statement = select(Interview).where(Interview.id == interview_id)
    if locked:
        statement = statement.with_for_update()
    found = await session.execute(statement, execution_options={"populate_existing": True})
    return found.scalar_one_or_none()


async def change(session: WriteSession, interview_id: UUID, values: Values) -> Interview:
    """Other values for an interview."""
    statement = (
        update(Interview).where(Interview.id == interview_id).values(**values).returning(Interview)
    )
    return (
        await session.execute(statement, execution_options={"populate_existing": True})
    ).scalar_one()


async def overlapping(session: ReadSession, interview: Interview) -> list[UUID]:
    """The organization's other interviews at the same time with somebody who is in this one."""
    busy = or_(
        Interview.interviewer_id == interview.interviewer_id,
        Interview.attendees.op("&&")(cast(interview.attendees, ARRAY(Text))),
    )
    found = await session.execute(
        select(Interview.id)
        .where(
            Interview.organization_id == interview.organization_id,
            Interview.id != interview.id,
            Interview.status == SCHEDULED,
            Interview.starts_at < interview.ends_at,
            # Nothing lasts longer than a day, so the index needs to be read no further back.
            Interview.starts_at > interview.starts_at - timedelta(days=1),
            Interview.ends_at > interview.starts_at,
            busy,
        )
        .order_by(Interview.starts_at)
        .limit(20)
    )
    return list(found.scalars())
