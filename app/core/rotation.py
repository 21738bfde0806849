"""Seals again what older keys sealed, so that those keys can be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, MetaData, RowMapping, Select, not_, select, tuple_, update

from app.core.audit import Entry, record
from app.core.crypto import KeyRing, SealBroken, SealedColumn
from app.core.db import Database, Scope, WriteSession

_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Rotated:
    """What became of one column: `broken` are values that no key of the ring opens; they stay."""

    column: str
    resealed: int
    broken: int


async def rotate(database: Database, ring: KeyRing, metadata: MetaData) -> list[Rotated]:
    """Seal every sealed column of `metadata` with the first key, in short transactions.

    May be broken off and run again, and beside a running application: a value that changes
    meanwhile was sealed by the first key anyway, and is left.
    """
    done = [
        await _rotate_column(database, ring, column, sealed)
        for table in metadata.sorted_tables
        for column in table.columns
        if (sealed := SealedColumn.of(column.info)) is not None
    ]
    async with database.write(Scope.system()) as session:
        counts = {
            "resealed": sum(one.resealed for one in done),
            "broken": sum(one.broken for one in done),
        }
        record(session, Entry("keys.rotated", None, None, "key_ring", "", counts))
    return done


async def _rotate_column(
    database: Database, ring: KeyRing, column: Column[Any], sealed: SealedColumn
) -> Rotated:
    resealed, broken = 0, 0
    after: Sequence[Any] | None = None
    while True:
        async with database.write(Scope.system()) as session:
            rows = (await session.execute(_outdated(column, sealed, ring, after))).mappings().all()
            for row in rows:
                fresh = _sealed_again(row, column, sealed, ring)
                broken += fresh is None
                if fresh is not None:
                    resealed += await _replace(session, column, row, fresh)
        if len(rows) < _BATCH:
            return Rotated(f"{column.table.name}.{column.name}", resealed, broken)
        after = _key_of(rows[-1], column)


def _outdated(
    column: Column[Any], sealed: SealedColumn, ring: KeyRing, after: Sequence[Any] | None
) -> Select[Any]:
    """The next rows, by primary key, whose value another key than the first one sealed."""
    table = column.table
    key = list(table.primary_key.columns)
    bound = [table.c[name] for name in sealed.bound_by]
    chosen: dict[str, Column[Any]] = {one.name: one for one in (*key, *bound, column)}
    shown: list[Any] = list(chosen.values())
    statement: Select[Any] = select(*shown).where(
        column.is_not(None), not_(column.startswith(ring.prefix, autoescape=True))
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    return statement.order_by(*key).limit(_BATCH)


def _sealed_again(
    row: RowMapping, column: Column[Any], sealed: SealedColumn, ring: KeyRing
) -> str | None:
    place = ["" if row[name] is None else str(row[name]) for name in sealed.bound_by]
    try:
        plain = ring.open(row[column.name], purpose=sealed.purpose, bound_to=place)
    except SealBroken:
        return None
    return ring.seal(plain, purpose=sealed.purpose, bound_to=place)


async def _replace(session: WriteSession, column: Column[Any], row: RowMapping, fresh: str) -> int:
    same = [one == row[one.name] for one in column.table.primary_key.columns]
    statement = (
        update(column.table)
        .where(*same, column == row[column.name])
        .values({column: fresh})
        .returning(column)
    )
    return len((await session.execute(statement)).all())


def _key_of(row: RowMapping, column: Column[Any]) -> Sequence[Any]:
    return [row[one.name] for one in column.table.primary_key.columns]
