"""Statements that are built once for each shape and then sent over the driver, as text and values.

SQLAlchemy takes longer to put a list together than PostgreSQL takes to answer it, and for a search
of five words ten milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

Direction = Literal["first", "forward", "backward"]
_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types no dialect.


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with numbered places, which value goes into each, and those that are always the same."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    async def fetch(
        self, connection: "asyncpg.Connection[Any]", values: Mapping[str, Any]
    ) -> list[asyncpg.Record]:
        """The rows; `values` by the names of the places, others are left out."""
        given = {**self.constants, **values}
        rows: list[asyncpg.Record] = await connection.fetch(
            self.sql, *(given[name] for name in self.names)
        )
        return rows


def compiled(statement: Select[Any]) -> Statement:
    """What the driver is sent for this."""
    done = statement.compile(dialect=_DIALECT)
    constants = {name: value for name, value in done.params.items() if value is not None}
    return Statement(str(done), tuple(done.positiontup or ()), constants)
