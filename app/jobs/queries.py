"""The posts in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)

from app.core.db import ReadSession, WriteSession
from app.jobs.filters import ENGLISH, FACETS, FRENCH, Filters, asked
from app.jobs.models import Job, OpenJob
from app.jobs.search import MARK_END, MARK_START

# Only the newest of very many hits are ranked: nobody reads further, and a rank costs its row.
_MOST_RANKED: Final = 500
_HEADLINE: Final = (
    f'StartSel="{MARK_START}", StopSel="{MARK_END}", MaxFragments=2, MaxWords=18, MinWords=6'
)
Values = Mapping[str, Any]


def active(filters: Filters) -> Select[Any]:
    """The jobs that everybody may see, in no order."""
    return select(OpenJob).where(*filters.conditions())


def ranked(filters: Filters) -> Select[Any]:
    """Job, rank and marked passage of what a search found, in no order.

    Candidates are the newest whose title or skills match and the newest that match anywhere.
    """
    query = asked(filters.expression)
    conditions = filters.conditions()
    newest = (OpenJob.posted_at.desc(), OpenJob.id.desc())
    head = select(OpenJob.id).where(*conditions, OpenJob.search_head.op("@@")(query))
    candidates = union_all(
        head.order_by(*newest).limit(_MOST_RANKED).subquery().select(),
        select(OpenJob.id)
        .where(*conditions)
        .order_by(*newest)
        .limit(_MOST_RANKED)
        .subquery()
        .select(),
    ).cte("candidates")
    configuration = case((OpenJob.language == "fr", FRENCH), else_=ENGLISH)
    passage = OpenJob.title + " · " + func.concat_ws(" ", OpenJob.description, OpenJob.requirements)
    clean = func.translate(passage, MARK_START + MARK_END, "")
    return select(
        OpenJob,
        rank(filters.expression).label("rank"),
        func.ts_headline(configuration, clean, query, _HEADLINE).label("headline"),
    ).where(OpenJob.id.in_(select(candidates.c.id)))


def rank(expression: str) -> ColumnElement[int]:
    """How well a job answers, as a whole number, so that pages can start after it."""
    weight = func.ts_rank(OpenJob.search, asked(expression), 1)
    return cast(weight * 1_000_000, Integer)


async def plan_for_each_question(session: ReadSession) -> None:
    """Let every search of this transaction be planned for its own words.

    A plan for any words at all reads a hundred thousand rows for a rare one.
    """
    await session.execute(text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"))


async def has_any(session: ReadSession, filters: Filters) -> bool:
    """Whether anything matches."""
    found = await session.execute(select(exists().where(and_(*filters.conditions()))))
    return bool(found.scalar_one())


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
