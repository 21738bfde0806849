"""The numbers in SQL, over the tables of the rooms below. Nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Double,
    Row,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.applications.models import Application
from app.claims.models import ClaimJob
from app.core.db import ReadSession
from app.jobs.models import Job
from app.optimus.ranges import Range
from app.resumes.models import Resume

MOST_SOURCES: Final = 20
MOST_SKILLS: Final = 300
MOST_RESUMES: Final = 2_000
ACCEPTED: Final = 5
Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Field:
    """Whose rows are counted: an organization's, one job's, or with neither the platform's."""

    organization_id: UUID | None = None
    job_id: UUID | None = None

    def applications(self) -> list[ColumnElement[bool]]:
        """The same as conditions on applications."""
        conditions = []
        if self.organization_id is not None:
            conditions.append(Application.organization_id == self.organization_id)
        if self.job_id is not None:
            conditions.append(Application.job_id == self.job_id)
        return conditions

    def of(self, table: type[Job] | type[ClaimJob]) -> list[ColumnElement[bool]]:
        """The same as conditions on a table that knows only organizations."""
        if self.organization_id is None:
            return []
        return [table.organization_id == self.organization_id]


def _within(column: Any, during: Range | None) -> list[ColumnElement[bool]]:
    return [] if during is None else [column >= during.begins, column < during.ends]


async def jobs_by_status(session: ReadSession, field: Field) -> dict[str, int]:
    """All jobs, as they are now."""
    statement = select(Job.status, func.count()).where(*field.of(Job)).group_by(Job.status)
    return dict((await session.execute(statement)).all())


async def applications_by_day(
    session: ReadSession, field: Field, during: Range
) -> Sequence[Row[date, str, int, int]]:
    """(day, status, reached, count) of the applications of `during`; days in its time zone."""
    day = cast(func.timezone(during.zone.key, Application.created_at), Date)
    return (
        await session.execute(
            select(day, Application.status, Application.reached, func.count())
            .where(*field.applications(), *_within(Application.created_at, during))
            .group_by(day, Application.status, Application.reached)
        )
    ).all()


async def applications_by_stage(session: ReadSession, field: Field) -> Sequence[Row[str, int, int]]:
    """(status, reached, count) of all applications."""
    return (
        await session.execute(
            select(Application.status, Application.reached, func.count())
            .where(*field.applications())
            .group_by(Application.status, Application.reached)
        )
    ).all()


async def applied(session: ReadSession, field: Field, during: Range) -> int:
    """How many applied in `during`."""
    statement = select(func.count()).where(
        *field.applications(), *_within(Application.created_at, during)
    )
    return (await session.execute(statement)).scalar_one()


async def jobs_posted(session: ReadSession, field: Field, during: Range) -> int:
    """Jobs that were posted in `during`."""
    statement = select(func.count()).where(*field.of(Job), *_within(Job.posted_at, during))
    return (await session.execute(statement)).scalar_one()


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took, in hours, over the `count` applications for which it ended."""

    median: float | None
    ninetieth: float | None
    count: int


async def durations(
    session: ReadSession, field: Field, until: Moment, during: Range | None
) -> tuple[Took, Took | None]:
    """From applying to `until`: over those that ended in `during`, and in the range before it."""
    hours = cast(extract("epoch", until - Application.created_at), Double) / 3600.0
    quantiles = func.percentile_cont(literal([0.5, 0.9], ARRAY(Double))).within_group(hours.asc())
    statement: Select[Any] = select(quantiles, func.count())
    conditions = [*field.applications(), until.is_not(None)]
    if during is None:
        found = (await session.execute(statement.where(*conditions))).one()
        return _took(found[0], found[1]), None
    is_now = until >= during.begins
    both = statement.with_only_columns(
        quantiles.filter(is_now),
        func.count().filter(is_now),
        quantiles.filter(~is_now),
        func.count().filter(~is_now),
    ).where(*conditions, until >= during.previous().begins, until < during.ends)
    found = (await session.execute(both)).one()
    return _took(found[0], found[1]), _took(found[2], found[3])


def _took(quantiles: Sequence[float] | None, count: int) -> Took:
    median, ninetieth = quantiles or (None, None)
    return Took(_rounded(median), _rounded(ninetieth), count)


def _rounded(hours: Any) -> float | None:
    return None if hours is None else round(float(hours), 2)


async def sources(
    session: ReadSession, field: Field, during: Range | None
) -> Sequence[Row[str | None, int, int]]:
    """(source, applications, those of them that were accepted), the most first."""
    total = func.count()
    hires = func.count().filter(Application.reached == ACCEPTED)
    statement: Select[str | None, int, int] = (
        select(Application.source, total, hires)
        .where(*field.applications(), *_within(Application.created_at, during))
        .group_by(Application.source)
        .order_by(total.desc(), Application.source.asc().nulls_last())
        .limit(MOST_SOURCES)
    )
    return (await session.execute(statement)).all()


async def claims(
    session: ReadSession, field: Field, during: Range
) -> Sequence[Row[str, int, int, int, int]]:
    """(status, files, rows, succeeded, failed) of the claim files of `during`."""
    ended = ClaimJob.processing_completed_at.is_not(None)
    statement: Select[str, int, int, int, int] = (
        select(
            ClaimJob.status,
            func.count(),
            func.sum(ClaimJob.total_rows),
            func.sum(case((ended, ClaimJob.success_count), else_=0)),
            func.sum(case((ended, ClaimJob.failure_count), else_=0)),
        )
        .where(*field.of(ClaimJob), *_within(ClaimJob.created_at, during))
        .group_by(ClaimJob.status)
    )
    return (await session.execute(statement)).all()


async def claim_failures(session: ReadSession, field: Field, during: Range) -> dict[str, int]:
    """Rows that failed, by reason, in the ended files of `during`."""
    reason = func.jsonb_each_text(ClaimJob.failures_by_reason).table_valued("key", "value")
    statement = (
        select(reason.c.key, func.sum(cast(reason.c.value, ClaimJob.failure_count.type)))
        .select_from(ClaimJob)
        .join(reason, true())
        .where(
            *field.of(ClaimJob),
            *_within(ClaimJob.created_at, during),
            ClaimJob.processing_completed_at.is_not(None),
        )
        .group_by(reason.c.key)
    )
    return {code: int(total) for code, total in await session.execute(statement)}


async def job(session: ReadSession, job_id: UUID) -> Job | None:
    """A job that this transaction may see."""
    return (await session.execute(select(Job).where(Job.id == job_id))).scalar_one_or_none()


async def scores(
    session: ReadSession, job_id: UUID
) -> tuple[int, int, float | None, dict[int, int]]:
    """How many have a score and how many none, the median, and how many there are in each ten."""
    ours = Application.job_id == job_id
    found = await session.execute(
        select(
            func.count(Application.score),
            func.count() - func.count(Application.score),
            func.percentile_cont(0.5).within_group(Application.score.asc()),
        ).where(ours)
    )
    scored, unscored, median = found.one()
    ten = func.least(func.floor(Application.score / 10), 9)
    bins = await session.execute(
        select(ten, func.count()).where(ours, Application.score.is_not(None)).group_by(ten)
    )
    return scored, unscored, _rounded(median), {int(low): many for low, many in bins}


def is_open(at: datetime) -> ColumnElement[bool]:
    """Jobs that can be applied to."""
    return and_(Job.status == "active", or_(Job.expires_at.is_(None), Job.expires_at > at))


async def demand(session: ReadSession, field: Field, at: datetime) -> dict[str, int]:
    """The skills that open jobs name, as they are written there, each with its number of jobs."""
    skill = func.unnest(Job.skills).table_valued("name").render_derived()
    name = func.lower(skill.c.name)
    statement = (
        select(func.min(skill.c.name), func.count(Job.id.distinct()))
        .select_from(Job)
        .join(skill, true())
        .where(*field.of(Job), is_open(at))
        .group_by(name)
        .order_by(func.count(Job.id.distinct()).desc(), name)
        .limit(MOST_SKILLS)
    )
    return dict((await session.execute(statement)).all())


async def offers(
    session: ReadSession, field: Field, during: Range | None, keys: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """How many applicants' résumés were read, and how many of them have each of `keys`.

    Counted over the newest applications; a person who applied twice with one résumé counts once.
    """
    newest = (
        select(Application.resume_id)
        .where(
            *field.applications(),
            *_within(Application.created_at, during),
            Application.resume_id.is_not(None),
        )
        .order_by(Application.created_at.desc())
        .limit(MOST_RESUMES)
    )
    # As an array, so that the few are looked up: joined, the planner reads all résumés instead.
    read = and_(
        Resume.id == func.any(func.array(newest.scalar_subquery())),
        Resume.status == "skills_extracted",
    )
    total = (await session.execute(select(func.count()).where(read))).scalar_one()
    key = func.unnest(Resume.skill_keys).table_valued("name").render_derived()
    found = await session.execute(
        select(key.c.name, func.count())
        .select_from(Resume)
        .join(key, true())
        .where(read, key.c.name.in_(keys))
        .group_by(key.c.name)
    )
    return total, dict(found.all())
