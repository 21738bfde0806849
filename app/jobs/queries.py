"""The posts in SQL."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Select,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)

from app.core.db import ReadSession, WriteSession
from app.jobs.filters import FACETS, Filters
from app.jobs.models import Job, OpenJob

Values = Mapping[str, Any]


def active(filters: Filters) -> Select[Any]:
    """The jobs that everybody may see, in no order."""
    return select(OpenJob).where(*filters.conditions())


async def count(session: ReadSession, filters: Filters) -> int:
    """How many jobs match."""
    counted = select(func.count()).select_from(OpenJob).where(*filters.conditions())
    return int((await session.execute(counted)).scalar_one())


async def facets(session: ReadSession, filters: Filters) -> dict[str, dict[str, int]]:
    """How many jobs each value of each facet would show."""
    parts = [
        select(
            literal(name).label("facet"),
            getattr(OpenJob, name).label("value"),
            func.count().label("jobs"),
        )
        .where(*filters.conditions(but=name))
        .select_from(OpenJob)
        .group_by(getattr(OpenJob, name))
        for name in FACETS
    ]
    found: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for facet, value, jobs in await session.execute(union_all(*parts).order_by(text("jobs DESC"))):
        found[facet][value] = jobs
    return found


def posted_by(user_id: UUID) -> Select[Any]:
    """A person's own jobs, in no order."""
    return select(Job).where(Job.posted_by == user_id)


async def get(session: ReadSession, job_id: UUID, *, locked: bool = False) -> Job | None:
    """One job that this transaction may see."""
    statement = select(Job).where(Job.id == job_id)
    if locked:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def add(session: WriteSession, values: Values) -> Job:
    """A new job."""
    made = await session.execute(insert(Job).values(**values).returning(Job))
    return made.scalar_one()


async def change(session: WriteSession, job_id: UUID, values: Values) -> Job:
    """The job with other values."""
    changed = await session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(**values)
        .returning(Job)
        .execution_options(populate_existing=True)
    )
    return changed.scalar_one()


async def close_expired(session: WriteSession) -> int:
    """Close what is past its time, at most a thousand; how many."""
    due = (
        select(Job.id)
        .where(Job.status == "active", Job.expires_at <= func.now())
        .limit(1000)
        .with_for_update(skip_locked=True)
    )
    closed = await session.execute(
        update(Job).where(Job.id.in_(due)).values(status="closed").returning(Job.id)
    )
    return len(closed.all())


async def add_views(session: WriteSession, views: Mapping[UUID, int]) -> None:
    """Count reads of several jobs in one statement; `updated_at` is not touched by them."""
    jobs, numbers = list(views), list(views.values())
    await session.execute(
        text(
            """
            UPDATE jobs SET views_count = views_count + seen.number
            FROM unnest(CAST(:jobs AS uuid[]), CAST(:numbers AS bigint[])) AS seen(job, number)
            WHERE jobs.id = seen.job
            """
        ),
        {"jobs": jobs, "numbers": numbers},
    )
