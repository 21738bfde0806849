"""The public list of jobs, as quickly as it goes: one statement without a transaction, over the driver.

A list is asked for more often than all else. Its SQL is made once for each shape (which filters are
given, which way it goes on) and its rows are written as JSON as they come; the test of the list
holds them against the model that the document shows.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import BigInteger, ColumnElement, DateTime, Uuid, and_, bindparam, or_, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from app.core.db import Database
from app.core.pages import PageQuery, Slice, cut
from app.jobs.filters import Filters, condition
from app.jobs.models import OpenJob
from app.jobs.schemas import JobOut

Direction = Literal["first", "forward", "backward"]
_COLUMNS: Final = [getattr(OpenJob, name) for name in JobOut.model_fields]
_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types no dialect.
encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL with numbered places, and which value goes into each."""

    sql: str
    names: tuple[str, ...]


def _beyond(direction: Direction) -> list[ColumnElement[bool]]:
    posted = bindparam("after_posted", type_=DateTime(timezone=True))
    last = bindparam("after_id", type_=Uuid())
    if direction == "first":
        return []
    if direction == "forward":
        further = or_(
            OpenJob.posted_at < posted, and_(OpenJob.posted_at == posted, OpenJob.id < last)
        )
        return [OpenJob.posted_at <= posted, further]
    nearer = or_(OpenJob.posted_at > posted, and_(OpenJob.posted_at == posted, OpenJob.id > last))
    return [OpenJob.posted_at >= posted, nearer]


@lru_cache(maxsize=512)
def _statement(given: frozenset[str], direction: Direction, *, of_somebody: bool) -> _Statement:
    """The list's SQL. Whether somebody has applied is asked once for the whole page."""
    keys = [OpenJob.posted_at, OpenJob.id]
    order = [key.asc() if direction == "backward" else key.desc() for key in keys]
    page = (
        select(*_COLUMNS)
        .where(*(condition(name) for name in sorted(given)), *_beyond(direction))
        .order_by(*order)
        .limit(bindparam("most", type_=BigInteger()))
        .compile(dialect=_DIALECT)
    )
    names = tuple(page.positiontup or ())
    if not of_somebody:
        sql = f"SELECT page.*, NULL::boolean AS has_applied FROM ({page}) AS page"  # noqa: S608 # nosec B608 - as below.
        return _Statement(sql, names)
    way = "ASC" if direction == "backward" else "DESC"
    sql = f"""
        WITH page AS MATERIALIZED ({page}),
        own AS MATERIALIZED (
            SELECT applied_among(${len(names) + 1}, ARRAY(SELECT id FROM page)) AS jobs
        )
        SELECT page.*, page.id = ANY(own.jobs) AS has_applied FROM page CROSS JOIN own
        ORDER BY page.posted_at {way}, page.id {way}
        """  # noqa: S608 # nosec B608 - this file's own words; every value is bound.
    return _Statement(sql, (*names, "person"))


async def browse(
    database: Database, *, filters: Filters, query: PageQuery, person: UUID | None
) -> Slice[dict[str, Any]]:
    """Active jobs, the newest first, each as the columns of `ListedJob`; nothing is counted.

    Raises:
        CursorInvalid: the cursor was tampered with or belongs to another list.
    """
    values = filters.values() | {"most": query.limit + 1, "person": person}
    start, direction = query.start(""), "first"
    given = frozenset(filters.values())
    if start is not None:
        backward, (values["after_posted"], values["after_id"]) = start
        direction = "backward" if backward else "forward"
    statement = _statement(given, direction, of_somebody=person is not None)
    async with database.glance() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(
            statement.sql, *(values[name] for name in statement.names)
        )
    return cut(
        [dict(row) for row in rows],
        query=query,
        backward=direction == "backward",
        values=lambda row: (row["posted_at"], row["id"]),
    )
