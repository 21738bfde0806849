"""The posts in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Integer,
    Select,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    text,
    union,
    union_all,
    update,
)

from app.core.db import ReadSession, WriteSession
from app.jobs.filters import ENGLISH, FACETS, FRENCH, Filters, asked
from app.jobs.models import Job, OpenJob
from app.jobs.search import MARK_END, MARK_START

# Only the newest of very many hits are ranked: nobody reads further, and a rank costs its row.
_MOST_RANKED: Final = 300
_HEADLINE: Final = (
    f'StartSel="{MARK_START}", StopSel="{MARK_END}", MaxFragments=2, MaxWords=18, MinWords=6'
)
Values = Mapping[str, Any]


def active(filters: Filters) -> Select[Any]:
    """The jobs that everybody may see, in no order."""
    return select(OpenJob).where(*filters.conditions())


def ranked(filters: Filters, sought: Sequence[str]) -> Select[Any]:
    """Id and rank of what a search found, in no order, and beside each how many were ranked.

    Ranked are, for each expression that is sought, the newest whose title or skills match and the
    newest that match anywhere. Whatever matches in its head matches as a whole, so there only the
    head is asked.
    """
    newest = (OpenJob.posted_at.desc(), OpenJob.id.desc())
    columns = select(OpenJob.id, OpenJob.search).where(*filters.conditions(with_question=False))
    candidates = [
        columns.where(where.op("@@")(asked(expression)))
        .order_by(*newest)
        .limit(_MOST_RANKED // len(sought))
        .subquery()
        for expression in sought
        for where in (OpenJob.search_head, OpenJob.search)
    ]
    # As a whole number, so that pages can start after it.
    weights = [func.ts_rank(one.c.search, asked(filters.expression), 1) for one in candidates]
    each = [
        select(one.c.id, cast(weight * 1_000_000, Integer).label("rank"))
        for one, weight in zip(candidates, weights, strict=True)
    ]
    both = union(*each).cte("candidates")
    total = select(func.count()).select_from(both).scalar_subquery().label("total")
    return select(both.c.id, both.c.rank, total)


async def found(
    session: ReadSession, filters: Filters, jobs: Sequence[UUID]
) -> dict[UUID, tuple[OpenJob, str]]:
    """Jobs that a search found, by their ids, each with its marked passage."""
    configuration = case((OpenJob.language == "fr", FRENCH), else_=ENGLISH)
    passage = OpenJob.title + " · " + func.concat_ws(" ", OpenJob.description, OpenJob.requirements)
    clean = func.translate(passage, MARK_START + MARK_END, "")
    headline = func.ts_headline(configuration, clean, asked(filters.expression), _HEADLINE)
    rows = await session.execute(select(OpenJob, headline).where(OpenJob.id.in_(jobs)))
    return {job.id: (job, passage) for job, passage in rows}


async def ranked_in_all(session: ReadSession, filters: Filters, sought: Sequence[str]) -> int:
    """How many jobs a search ranks."""
    counted = select(func.count()).select_from(ranked(filters, sought).subquery())
    return int((await session.execute(counted)).scalar_one())


async def count(session: ReadSession, filters: Filters) -> int:
    """How many jobs match."""
    counted = select(func.count()).select_from(OpenJob).where(*filters.conditions())
    return int((await session.execute(counted)).scalar_one())


async def near_words(session: ReadSession, words: Sequence[str]) -> dict[str, list[str]]:
    """For each word, the words of published jobs that look most like it."""
    found = await session.execute(
        text(
            """
            SELECT asked, near.word FROM unnest(CAST(:words AS text[])) AS asked,
            LATERAL (
                (SELECT word FROM job_words WHERE word LIKE asked || '%' LIMIT 1)
                UNION ALL
                (SELECT word FROM job_words ORDER BY word <-> asked LIMIT 40)
            ) AS near
            """
        ),
        {"words": list(words)},
    )
    near: dict[str, list[str]] = {word: [] for word in words}
    for question, word in found:
        near[question].append(word)
    return near


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


async def applied(session: ReadSession, person: UUID, jobs: Sequence[UUID]) -> set[UUID]:
    """To which of `jobs` the person has applied.

    The table belongs to the room above, which nothing here may import; its two columns are all that
    is known of it.
    """
    found = await session.execute(
        text(
            "SELECT job_id FROM applications"
            " WHERE candidate_id = :person AND job_id = ANY(CAST(:jobs AS uuid[]))"
        ),
        {"person": person, "jobs": list(jobs)},
    )
    return set(found.scalars())
