"""Numbers over a person's analyses in SQL: of each job the newest."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from app.analysis.models import Analysis
from app.analysis.queries import Row, newest_by_job, shown
from app.core.db import ReadSession


async def best(session: ReadSession, owner_id: UUID) -> Row | None:
    """The person's analysis that ranks highest, of each job the newest."""
    newest = newest_by_job(owner_id, None).subquery()
    statement = (
        shown()
        .where(Analysis.id.in_(select(newest.c.id)), Analysis.status == "completed")
        .order_by(Analysis.fit.desc(), Analysis.id.desc())
        .limit(1)
    )
    found = (await session.execute(statement)).mappings().one_or_none()
    return None if found is None else dict(found)


async def totals(session: ReadSession, owner_id: UUID) -> Mapping[str, Any]:
    """How many of each status, and the mean and best score of those that are completed."""
    newest = newest_by_job(owner_id, None).subquery()
    done = Analysis.status == "completed"
    found = await session.execute(
        select(
            func.count().label("total"),
            func.count().filter(done).label("completed"),
            func.count().filter(Analysis.status == "failed").label("failed"),
            func.count().filter(Analysis.status.in_(("pending", "running"))).label("pending"),
            func.avg(Analysis.overall_score).label("average_score"),
            func.max(Analysis.overall_score).label("best_score"),
            func.avg(Analysis.fit).label("average_fit"),
            func.count(Analysis.resume_id.distinct()).label("resumes"),
        ).where(Analysis.id.in_(select(newest.c.id)))
    )
    return dict(found.mappings().one())


async def most_common(
    session: ReadSession, owner_id: UUID, part: str, limit: int
) -> list[tuple[str, int]]:
    """Names of skills in `part` of the answers (matched, missing), the most frequent first."""
    newest = newest_by_job(owner_id, None).subquery()
    skill = func.jsonb_array_elements(Analysis.result[part])
    names = (
        select(skill.op("->>")("name").label("name"))
        .where(Analysis.id.in_(select(newest.c.id)), Analysis.status == "completed")
        .subquery()
    )
    found = await session.execute(
        select(names.c.name, func.count().label("times"))
        .group_by(names.c.name)
        .order_by(text("times DESC"), names.c.name)
        .limit(limit)
    )
    return [(each.name, int(each.times)) for each in found]
