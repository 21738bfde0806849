"""What a search asks PostgreSQL: which jobs come into question, how they rank, what is shown of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.pages import PageQuery, Slice, cut
from app.core.plans import FOR_EACH_QUESTION
from app.jobs.filters import ENGLISH, FRENCH, Filters, asked, condition
from app.jobs.models import OpenJob
from app.jobs.schemas import JobOut
from app.jobs.search import MARK_END, MARK_START, Reading, marked
from app.jobs.statements import Direction, Statement, compiled

# A walk by date visits a page for every row that it looks at. With a cache in mind PostgreSQL counts
# each page once, takes the walk for a quarter as dear, and for a word that one job in forty has walks
# over 13,000 jobs where it could fetch 4,500. What looks dearer would be given to more processes, which
# take longer to start than these statements do.
PLANNED: Final = (
    f"{FOR_EACH_QUESTION}; SET LOCAL effective_cache_size = '8MB';"
    " SET LOCAL max_parallel_workers_per_gather = 0"
)
"""How statements of a search are planned, until the transaction ends."""
# So many jobs are fetched sooner than all that begins with three or four letters is read.
_FEW: Final = 5000
# Only the newest of very many hits are ranked: nobody reads further, and a rank costs its row.
_MOST_RANKED: Final = 300
_HEADLINE: Final = (
    f'StartSel="{MARK_START}", StopSel="{MARK_END}", MaxFragments=2, MaxWords=18, MinWords=6'
)
_NEAR: Final = """
    SELECT asked, near.word FROM unnest($1::text[]) AS asked,
    LATERAL (
        (SELECT word FROM job_words WHERE word LIKE asked || '%' LIMIT 1)
        UNION ALL
        (SELECT word FROM job_words ORDER BY word <-> asked LIMIT 40)
    ) AS near
    """
Driver: TypeAlias = "asyncpg.Connection[Any]"
Row = dict[str, Any]


async def near_words(connection: Driver, words: Sequence[str]) -> dict[str, list[str]]:
    """For each word, the words of published jobs that look most like it."""
    near: dict[str, list[str]] = {word: [] for word in words}
    for question, word in await connection.fetch(_NEAR, list(words)) if words else ():
        near[question].append(word)
    return near


def _word(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=Text())


@dataclass(frozen=True, slots=True)
class _Shape:
    """What tells one statement from another: the filters, how many expressions are sought, and whether
    jobs are found by the finished words and sifted by the whole.
    """

    given: frozenset[str]
    sought: int
    is_sifted: bool


def _matching(where: Any, shape: _Shape, at: int) -> Sequence[ColumnElement[bool]]:
    """The jobs that an expression matches; no index is asked about what `IS TRUE` is said of."""
    whole: ColumnElement[bool] = where.op("@@", is_comparison=True)(asked(_word(f"sought_{at}")))
    if not shape.is_sifted:
        return [whole]
    return [where.op("@@")(asked(_word("finished"))), whole.is_(true())]


def _candidates(shape: _Shape) -> Select[Any]:
    """Id and rank of what a search found, in no order.

    Ranked are, for each expression that is sought, the newest whose title or skills match and the
    newest that match anywhere. Whatever matches in its head matches as a whole, so there only the
    head is asked.
    """
    newest = (OpenJob.posted_at.desc(), OpenJob.id.desc())
    filters = [condition(name) for name in sorted(shape.given)]
    columns = select(OpenJob.id, OpenJob.search).where(*filters)
    candidates = [
        columns.where(*_matching(where, shape, at))
        .order_by(*newest)
        .limit(literal_column(str(_MOST_RANKED // shape.sought)))
        .subquery()
        for at in range(shape.sought)
        for where in (OpenJob.search_head, OpenJob.search)
    ]
    # As a whole number, so that pages can start after it.
    weights = [func.ts_rank(one.c.search, asked(_word("expression")), 1) for one in candidates]
    each = [
        select(one.c.id, cast(weight * 1_000_000, Integer).label("rank"))
        for one, weight in zip(candidates, weights, strict=True)
    ]
    both = union(*each).cte("candidates")
    total = select(func.count()).select_from(both).scalar_subquery().label("total")
    return select(both.c.id, both.c.rank, total)


@lru_cache(maxsize=512)
def _page(shape: _Shape, direction: Direction, most: int) -> Statement:
    """A page of the ranked, the best first, and beside each job how many were ranked."""
    found = _candidates(shape)
    rank, job = found.selected_columns["rank"], found.selected_columns["id"]
    place, last = (
        tuple_(rank, job),
        tuple_(bindparam("rank", type_=Integer()), bindparam("last", type_=Uuid())),
    )
    if direction == "forward":
        found = found.where(place < last)
    if direction == "backward":
        found = found.where(place > last)
    order = [key.asc() if direction == "backward" else key.desc() for key in (rank, job)]
    return compiled(found.order_by(*order).limit(literal_column(str(most))))


async def page(
    connection: Driver, filters: Filters, way: Reading, query: PageQuery
) -> tuple[Slice[UUID], int | None]:
    """The ids of a page of what one reading finds, and how many jobs it ranks; None where the page is
    empty although it is not the first.

    Raises:
        CursorInvalid: the cursor was tampered with or belongs to another list.
    """
    start, direction = query.start(""), "first"
    values = _values(filters, way)
    if start is not None:
        backward, (values["rank"], values["last"]) = start
        direction = "backward" if backward else "forward"
    statement = _page(await _shape(connection, filters, way), direction, query.limit + 1)
    rows = await statement.fetch(connection, values)
    total = rows[0]["total"] if rows else None if start else 0
    found = cut(
        rows,
        query=query,
        backward=direction == "backward",
        values=lambda row: (row["rank"], row["id"]),
    )
    return Slice([row["id"] for row in found.rows], found.next, found.previous, None), total


async def ranked_in_all(connection: Driver, filters: Filters, way: Reading) -> int:
    """How many jobs a reading ranks."""
    statement = _page(await _shape(connection, filters, way), "first", 1)
    rows = await statement.fetch(connection, _values(filters, way))
    return rows[0]["total"] if rows else 0


async def _shape(connection: Driver, filters: Filters, way: Reading) -> _Shape:
    is_sifted = bool(way.finished) and await _expected(connection, way.finished) <= _FEW
    return _Shape(frozenset(filters.values()), len(way.sought), is_sifted)


@cache
def _estimate() -> Statement:
    matching = OpenJob.search.op("@@")(asked(_word("finished")))
    found = compiled(select(literal_column("1")).select_from(OpenJob).where(matching))
    return replace(found, sql=f"EXPLAIN (FORMAT JSON) {found.sql}")


async def _expected(connection: Driver, finished: str) -> float:
    """How many jobs PostgreSQL expects to match, as far as it remembers their words; nothing is read."""
    rows = await _estimate().fetch(connection, {"finished": finished})
    plan = rows[0][0][0]["Plan"]
    return float(plan["Plan Rows"])


def _values(filters: Filters, way: Reading) -> dict[str, Any]:
    sought = {f"sought_{at}": expression for at, expression in enumerate(way.sought)}
    return {
        **filters.values(),
        **sought,
        "expression": way.expression,
        "finished": way.finished,
    }


@cache
def _shown() -> Statement:
    """The columns of `FoundJob`, of which the passage is not marked yet.

    The applications belong to the room above, which nothing here may import; their two columns are
    all that is known of them. The transaction's own eyes decide which ones are there.
    """
    jobs = bindparam("jobs", type_=ARRAY(Uuid()))
    person = bindparam("person", type_=Uuid())
    of_all = table("applications", column("job_id", Uuid()), column("candidate_id", Uuid()))
    own = select(of_all.c.job_id).where(
        of_all.c.candidate_id == person, of_all.c.job_id == any_(jobs)
    )
    applied = case((person.is_not(None), OpenJob.id.in_(own)))
    configuration = case((OpenJob.language == "fr", FRENCH), else_=ENGLISH)
    passage = OpenJob.title + " · " + func.concat_ws(" ", OpenJob.description, OpenJob.requirements)
    clean = func.translate(passage, MARK_START + MARK_END, "")
    expression = _word("expression")
    headline = func.ts_headline(configuration, clean, asked(expression), _HEADLINE)
    said = case((expression != "", headline), else_="")
    columns = [getattr(OpenJob, name) for name in JobOut.model_fields]
    return compiled(
        select(*columns, applied.label("has_applied"), said.label("headline")).where(
            OpenJob.id == any_(jobs)
        )
    )


async def shown(
    connection: Driver, jobs: Sequence[UUID], *, expression: str, person: UUID | None
) -> list[Row]:
    """Those of the jobs that are still open, in their order, as the columns of `FoundJob`."""
    values = {"jobs": list(jobs), "expression": expression, "person": person}
    rows = {row["id"]: dict(row) for row in await _shown().fetch(connection, values)}
    return [{**rows[job], "headline": marked(rows[job]["headline"])} for job in jobs if job in rows]
