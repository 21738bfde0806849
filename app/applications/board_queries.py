"""Boards in SQL: what stands in which stage, the head of each, and who waits for an answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Text, func, literal_column, or_, select

from app.accounts.models import User
from app.applications.models import Application
from app.applications.queries import SCORE, Candidate, Row, Wanted, shown
from app.core.db import ReadSession
from app.jobs.models import Job
from app.resumes.models import Resume

_MOST_WORDS: Final = 50


def _matching(statement: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    """The statement over the wanted applications; names are joined where they are looked through."""
    if wanted.text:
        statement = statement.join(Candidate, Candidate.id == Application.candidate_id)
    return statement.where(*wanted.conditions())


async def counts(session: ReadSession, wanted: Wanted) -> dict[str, int]:
    """How many of the wanted stand in each status; nothing of those that have none."""
    statement = select(Application.status, func.count()).select_from(Application)
    found = await session.execute(_matching(statement, wanted).group_by(Application.status))
    return {status: int(many) for status, many in found}


async def heads(
    session: ReadSession, wanted: Wanted, *, by_score: bool, size: int
) -> list[dict[str, Any]]:
    """The first `size` of each status with `total`, how many stand there: one look at them all."""
    order: list[Any] = [SCORE.desc()] if by_score else []
    order.append(Application.id.desc())
    place = func.row_number().over(partition_by=Application.status, order_by=order)
    total = func.count().over(partition_by=Application.status)
    ranked: Select[Any] = select(
        Application.id, place.label("place"), total.label("total")
    ).select_from(Application)
    first = _matching(ranked, wanted).subquery()
    statement = (
        shown(Wanted())
        .add_columns(first.c.total)
        .join(first, first.c.id == Application.id)
        .where(first.c.place <= size)
        .order_by(first.c.place)
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def mark(session: ReadSession, job_id: UUID) -> tuple[object, ...]:
    """How many, and sums that are other ones after whatever changes a card.

    Sums, not the newest moment: of two changes at once the one that began first may be seen last.
    """
    parts = (
        func.hashtext(Application.id.cast(Text) + Application.status),
        func.extract("epoch", Application.updated_at),
        SCORE,
    )
    sums = [func.sum(part) for part in parts]
    found = await session.execute(select(func.count(), *sums).where(Application.job_id == job_id))
    return tuple(found.one())


async def by_job(session: ReadSession, job_ids: Sequence[UUID]) -> list[tuple[UUID, str, int]]:
    """(job, status, how many stand there)."""
    found = await session.execute(
        select(Application.job_id, Application.status, func.count())
        .where(Application.job_id.in_(job_ids))
        .group_by(Application.job_id, Application.status)
    )
    return [(job_id, status, int(many)) for job_id, status, many in found]


async def sources(session: ReadSession, job_id: UUID) -> list[str]:
    """Where the job's applications came from, in the order of the alphabet."""
    found = await session.scalars(
        select(Application.source)
        .where(Application.job_id == job_id, Application.source.is_not(None))
        .distinct()
        .order_by(Application.source)
        .limit(_MOST_WORDS)
    )
    return [source for source in found if source]


async def tags(session: ReadSession, job_id: UUID) -> list[str]:
    """The tags that the job's applications have, in the order of the alphabet."""
    tag = func.unnest(Application.tags).label("tag")
    found = await session.scalars(
        select(tag).where(Application.job_id == job_id).distinct().order_by(tag).limit(_MOST_WORDS)
    )
    return list(found)


async def names(session: ReadSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What people are called; without a name, their address."""
    found = await session.execute(
        select(User.id, User.full_name, User.email).where(User.id.in_(user_ids))
    )
    return {user_id: name or email for user_id, name, email in found}


async def waiting(
    session: ReadSession, organization_id: UUID, *, before: datetime, posted_by: UUID | None
) -> list[tuple[UUID, str, int, datetime]]:
    """(job, title, how many, the oldest) of those who applied before then and were never looked at;
    the job with the most of them first."""
    many = func.count()
    statement = (
        select(Application.job_id, Job.title, many, func.min(Application.created_at))
        .join(Job, Job.id == Application.job_id)
        .where(
            Application.organization_id == organization_id,
            # Written into the statement, so that the planner sees that the partial index holds it.
            Application.status == literal_column("'applied'"),
            Application.created_at < before,
            Job.status != "archived",
            *([] if posted_by is None else [Job.posted_by == posted_by]),
        )
        .group_by(Application.job_id, Job.title)
        .order_by(many.desc(), func.min(Application.created_at))
    )
    found = (await session.execute(statement)).all()
    return [(job_id, title, int(count), oldest) for job_id, title, count, oldest in found]


async def resumes_since(
    session: ReadSession, organization_id: UUID, since: datetime
) -> dict[str, int]:
    """How far the résumés are that came with the organization's applications since then."""
    found = await session.execute(
        select(Resume.status, func.count(Resume.id.distinct()))
        .join(Application, Application.resume_id == Resume.id)
        .where(
            Application.organization_id == organization_id,
            Application.created_at >= since,
        )
        .group_by(Resume.status)
    )
    return {status: int(many) for status, many in found}


async def unread(
    session: ReadSession,
    organization_id: UUID,
    *,
    since: datetime,
    posted_by: UUID | None,
    most: int,
) -> list[Row]:
    """Applications since then that still stand in a stage and whose résumé could not be read."""
    statement = (
        shown(Wanted(organization_id=organization_id))
        .join(Resume, Resume.id == Application.resume_id)
        .where(
            Application.created_at >= since,
            or_(Application.status == "applied", Application.status == "viewed"),
            Resume.status == "extraction_failed",
            *([] if posted_by is None else [Job.posted_by == posted_by]),
        )
        .order_by(Application.id.desc())
        .limit(most)
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]
