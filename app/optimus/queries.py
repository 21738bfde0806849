"""The numbers in SQL, over the tables of the rooms below. Nothing is written here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)

from app.applications.models import Application
from app.claims.models import ClaimJob
from app.core.db import ReadSession
from app.jobs.models import Job
from app.optimus.counting import Field, rounded, within
from app.optimus.ranges import Range

MOST_SKILLS: Final = 300
MOST_RESUMES: Final = 1_000


async def jobs(
    session: ReadSession, field: Field, during: Range
) -> Sequence[Row[str, int, int, int]]:
    """(status, all jobs as they are now, those posted in `during`, those posted in the range before)."""
    posted, before = (
        func.count().filter(*within(Job.posted_at, one)) for one in (during, during.previous())
    )
    statement: Select[str, int, int, int] = (
        select(Job.status, func.count(), posted, before).where(*field.of(Job)).group_by(Job.status)
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
        .where(*field.of(ClaimJob), *within(ClaimJob.created_at, during))
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
            *within(ClaimJob.created_at, during),
            ClaimJob.processing_completed_at.is_not(None),
        )
        .group_by(reason.c.key)
    )
    return {code: int(total) for code, total in await session.execute(statement)}


async def job(session: ReadSession, job_id: UUID) -> Job | None:
    """A job that this transaction may see."""
    return (await session.execute(select(Job).where(Job.id == job_id))).scalar_one_or_none()


async def scores(
    session: ReadSession, field: Field, during: Range | None
) -> tuple[int, int, float | None, dict[int, int]]:
    """How many have a score and how many none, the median, and how many there are in each ten."""
    ours = and_(true(), *field.applications(), *within(Application.created_at, during))
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
    return scored, unscored, rounded(median), {int(low): many for low, many in bins}


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
    offered = (
        func.offered_skills(
            literal(field.organization_id, Uuid()),
            literal(field.job_id, Uuid()),
            literal(None if during is None else during.begins, DateTime(timezone=True)),
            literal(None if during is None else during.ends, DateTime(timezone=True)),
            literal(list(keys), ARRAY(Text())),
            MOST_RESUMES,
        )
        .table_valued("name", "people")
        .render_derived()
    )
    found = await session.execute(select(offered.c.name, offered.c.people))
    counts: dict[str | None, int] = dict(found.all())
    total = counts.pop(None, 0)
    return total, {name: many for name, many in counts.items() if name is not None}
