"""Interviews in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from app.accounts.models import User
from app.applications.models import Application
from app.core.db import ReadSession, WriteSession
from app.interviews.models import SCHEDULED, Interview
from app.jobs.models import Job

Values = Mapping[str, Any]
Row = dict[str, Any]
Candidate = aliased(User)
Interviewer = aliased(User)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which interviews a list shows; None filters nothing. `of` is a person who takes part."""

    organization_id: UUID | None = None
    of: UUID | None = None
    application_id: UUID | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL; what is under way at `since` counts, what begins at `until` does not."""
        found: list[ColumnElement[bool]] = [
            getattr(Interview, name) == value
            for name in ("organization_id", "application_id", "status")
            if (value := getattr(self, name)) is not None
        ]
        if self.of is not None:
            found.append(
                or_(
                    Interview.candidate_id == self.of,
                    Interview.interviewer_id == self.of,
                    Job.posted_by == self.of,
                )
            )
        if self.since is not None:
            found.append(Interview.ends_at > self.since)
        if self.until is not None:
            found.append(Interview.starts_at < self.until)
        return found


def shown(wanted: Wanted) -> Select[Any]:
    """Interviews with the names that go with them, in no order."""
    columns: list[Any] = [
        *Interview.__table__.columns,
        Application.job_id,
        Job.title.label("job_title"),
        Job.company,
        Job.posted_by,
        Job.language,
        Candidate.full_name.label("candidate_name"),
        Candidate.email.label("candidate_email"),
        Interviewer.full_name.label("interviewer_name"),
        Interviewer.email.label("interviewer_email"),
    ]
    statement: Select[Any] = select(*columns)
    return (
        statement.select_from(Interview)
        .join(Application, Application.id == Interview.application_id)
        .join(Job, Job.id == Application.job_id)
        .join(Candidate, Candidate.id == Interview.candidate_id)
        .outerjoin(Interviewer, Interviewer.id == Interview.interviewer_id)
        .where(*wanted.conditions())
    )


async def details(session: ReadSession, interview_id: UUID) -> Row | None:
    """One interview with the names that go with it, if this transaction may see it."""
    statement = shown(Wanted()).where(Interview.id == interview_id)
    found = (await session.execute(statement)).mappings().one_or_none()
    return None if found is None else dict(found)


async def of_application(session: ReadSession, application_id: UUID, most: int) -> list[Row]:
    """The application's interviews, the latest first."""
    statement = (
        shown(Wanted(application_id=application_id))
        .order_by(Interview.starts_at.desc(), Interview.id.desc())
        .limit(most)
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]


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


async def note(session: WriteSession, interview_id: UUID, values: Values) -> None:
    """Write what the outside does not see: `updated_at` stays, and with it the interview's ETag."""
    await session.execute(
        update(Interview)
        .where(Interview.id == interview_id)
        .values(**values, updated_at=Interview.updated_at)
    )


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


async def take_unannounced(session: WriteSession, most: int) -> list[Interview]:
    """Interviews of which people have not been told what changed; held until the transaction ends."""
    found = await session.scalars(
        select(Interview)
        .where(
            Interview.announced_sequence.is_distinct_from(Interview.sequence),
            Interview.announce_at <= func.now(),
        )
        .order_by(Interview.announce_at)
        .limit(most)
        .with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    )
    return list(found)


async def take_due(session: WriteSession, most: int) -> list[Interview]:
    """Interviews whose reminder is due; held until the transaction ends."""
    found = await session.scalars(
        select(Interview)
        .where(Interview.remind_at <= func.now())
        .order_by(Interview.remind_at)
        .limit(most)
        .with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    )
    return list(found)


async def take_pointless(session: WriteSession, most: int) -> list[Interview]:
    """Interviews that lie ahead although their application has ended; held likewise."""
    found = await session.scalars(
        select(Interview)
        .join(Application, Application.id == Interview.application_id)
        .where(
            Interview.status == SCHEDULED,
            # The index leads by its end to what has not yet begun.
            Interview.ends_at > func.now(),
            Interview.starts_at > func.now(),
            Application.status.in_(("rejected", "withdrawn")),
        )
        .limit(most)
        .with_for_update(skip_locked=True, of=Interview),
        execution_options={"populate_existing": True},
    )
    return list(found)


async def unannounced(session: ReadSession) -> tuple[int, float]:
    """How many changes people wait to be told of, and for how many seconds the oldest is due."""
    age = func.extract("epoch", func.now() - func.min(Interview.announce_at))
    row = (
        await session.execute(
            select(func.count(), age).where(
                Interview.announced_sequence.is_distinct_from(Interview.sequence),
                Interview.announce_at <= func.now(),
            )
        )
    ).one()
    return int(row[0]), float(row[1] or 0.0)
