"""The public list of jobs, and one of them, as quickly as it goes: one statement without a transaction,
over the driver.

They are asked for more often than all else. The list's SQL is made once for each shape (which
filters are given, which way it goes on) and rows are written as JSON as they come; a test holds them
against the models that the document shows.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Uuid,
    bindparam,
    literal_column,
    select,
    tuple_,
)

from app.core.db import Database
from app.core.etags import etag_in_two
from app.core.pages import PageQuery, Slice, cut
from app.jobs.filters import Filters, condition
from app.jobs.models import Job, OpenJob
from app.jobs.schemas import JobOut
from app.jobs.statements import Direction, Statement, compiled

_COLUMNS: Final = [getattr(OpenJob, name) for name in JobOut.model_fields]
encode: Final = msgspec.json.Encoder().encode
# Written faster than a dict, because the names are ready as they go out; none can be in a cycle.
_Listed: Final = msgspec.defstruct("Listed", [*JobOut.model_fields, "has_applied"], gc=False)
_ONE: Final = f"""
    SELECT {", ".join(JobOut.model_fields)},
        CASE WHEN $2::uuid IS NOT NULL THEN id = ANY(applied_among($2, ARRAY[id])) END AS has_applied
    FROM jobs WHERE id = $1
    """  # noqa: S608 # nosec B608 - names of columns.
# What changes by itself, or with who asks: it makes nobody's change of a job stale.
_PASSING: Final = ("applications_count", "views_count", "has_applied")


def _beyond(direction: Direction) -> list[ColumnElement[bool]]:
    if direction == "first":
        return []
    # A comparison of rows is one condition of the index, with nothing left to look at afterwards. The
    # values stand in a SELECT of their own, where PostgreSQL does not look at them when it plans: a
    # page goes on in the same way wherever it begins, and planning that anew costs more than the page.
    row = tuple_(OpenJob.posted_at, OpenJob.id)
    last = select(
        bindparam("after_posted", type_=DateTime(timezone=True)),
        bindparam("after_id", type_=Uuid()),
    ).scalar_subquery()
    return [row < last if direction == "forward" else row > last]


@lru_cache(maxsize=512)
def statement_of(
    given: frozenset[str], direction: Direction, *, of_somebody: bool, most: int | None
) -> Statement:
    """The list's SQL. Whether somebody has applied is asked once for the whole page.

    With `most` written into it PostgreSQL keeps its plan, with an open number it plans each time anew:
    that is half of what the plain list costs, and what a list with filters needs (a rare skill and
    a common one are found in different ways).
    """
    rows = bindparam("most", type_=BigInteger()) if most is None else literal_column(str(most))
    keys = [OpenJob.posted_at, OpenJob.id]
    order = [key.asc() if direction == "backward" else key.desc() for key in keys]
    page = (
        select(*_COLUMNS)
        .where(*(condition(name) for name in sorted(given)), *_beyond(direction))
        .order_by(*order)
        .limit(rows)
    )
    plain = compiled(page)
    if not of_somebody:
        sql = f"SELECT page.*, NULL::boolean AS has_applied FROM ({plain.sql}) AS page"  # noqa: S608 # nosec B608 - as below.
        return replace(plain, sql=sql)
    way = "ASC" if direction == "backward" else "DESC"
    sql = f"""
        WITH page AS MATERIALIZED ({plain.sql}),
        own AS MATERIALIZED (
            SELECT applied_among(${len(plain.names) + 1}, ARRAY(SELECT id FROM page)) AS jobs
        )
        SELECT page.*, page.id = ANY(own.jobs) AS has_applied FROM page CROSS JOIN own
        ORDER BY page.posted_at {way}, page.id {way}
        """  # noqa: S608 # nosec B608 - this file's own words; every value is bound.
    return replace(plain, sql=sql, names=(*plain.names, "person"))


async def browse(
    database: Database, *, filters: Filters, query: PageQuery, person: UUID | None
) -> Slice[msgspec.Struct]:
    """Active jobs, the newest first, each with the columns of `ListedJob`; nothing is counted.

    Raises:
        CursorInvalid: the cursor was tampered with or belongs to another list.
    """
    values = filters.values()
    given = frozenset(values)
    values |= {"most": query.limit + 1, "person": person}
    start, direction = query.start(""), "first"
    if start is not None:
        backward, (values["after_posted"], values["after_id"]) = start
        direction = "backward" if backward else "forward"
    most = None if given else query.limit + 1
    statement = statement_of(given, direction, of_somebody=person is not None, most=most)
    async with database.glance() as connection:
        rows = await statement.fetch(connection, values)
    page = cut(
        rows,
        query=query,
        backward=direction == "backward",
        values=lambda row: (row["posted_at"], row["id"]),
    )
    return Slice([_Listed(*row) for row in page.rows], page.next, page.previous, None)


async def published(
    database: Database, job_id: UUID, *, person: UUID | None
) -> dict[str, Any] | None:
    """A job that was ever published, as the columns of `ListedJob`; None for a draft, or if none is there.

    The statement has nobody's eyes: row-level security hides drafts from it.
    """
    async with database.glance() as connection:
        row: asyncpg.Record | None = await connection.fetchrow(_ONE, job_id, person)
    return None if row is None else dict(row)


def values_of(job: Job) -> dict[str, Any]:
    """A job that its organization reads or has written, by the columns of `ListedJob`."""
    return {name: getattr(job, name) for name in JobOut.model_fields} | {"has_applied": False}


def etag_of(values: Mapping[str, Any]) -> str:
    """The ETag of a job with its reader's mark; its first half is the content that If-Match means."""
    lasting = {name: value for name, value in values.items() if name not in _PASSING}
    return etag_in_two(encode(lasting), [values[name] for name in _PASSING])
