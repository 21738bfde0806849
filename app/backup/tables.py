"""Rows out of PostgreSQL and back into it, by its own COPY.

No program of PostgreSQL's is needed, which would have to be of the server's version or a newer one:
the schema comes from the migrations, so that a backup has to hold rows and the places of sequences.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import asyncpg
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import database_url
from app.core.settings import DatabaseSettings

# Its class takes parameters for type checkers only.
Connection: TypeAlias = "asyncpg.Connection[Any]"
# With row_security off PostgreSQL refuses to leave out rows that a policy hides from the login.
_SESSION: Final = {
    "application_name": "intake-backup",
    "row_security": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
}
# Unlogged tables are left out: PostgreSQL empties them itself when history may have been lost, and
# who restores a backup has lost history. Generated columns are made anew.
_TABLES: Final = """
    SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND c.relname <> 'alembic_version'
    GROUP BY c.oid ORDER BY c.relname
"""
_SEQUENCES: Final = """
    SELECT sequencename::text AS name, last_value FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY 1
"""
_FOREIGN_KEYS: Final = """
    SELECT conrelid::regclass::text AS table_name, quote_ident(conname) AS name,
           pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conrelid, conname
"""
# Indexes that no constraint stands on: rows go in faster without them.
_INDEXES: Final = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND NOT EXISTS (SELECT 1 FROM pg_constraint p WHERE p.conindid = i.indexrelid)
    ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and those of its columns that hold what nothing else tells."""

    name: str
    columns: tuple[str, ...]


@asynccontextmanager
async def connected(settings: DatabaseSettings) -> AsyncIterator[Connection]:
    """A connection as the login itself, who owns the tables; no statement of it is cut short."""
    engine = create_async_engine(
        database_url(settings.url.get_secret_value()),
        poolclass=pool.NullPool,
        connect_args={"timeout": 10, "server_settings": _SESSION},
    )
    try:
        async with engine.connect() as pooled:
            raw = await pooled.get_raw_connection()
            yield cast("Connection", raw.driver_connection)
    finally:
        await engine.dispose()


@asynccontextmanager
async def one_moment(connection: Connection) -> AsyncIterator[None]:
    """Everything that the block reads is of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        yield


async def tables(connection: Connection) -> list[Table]:
    """The tables of this schema, in the order of their names."""
    return [Table(row["name"], tuple(row["columns"])) for row in await connection.fetch(_TABLES)]


async def sequences(connection: Connection) -> dict[str, int]:
    """The last number that each sequence gave, if it gave one."""
    return {row["name"]: row["last_value"] for row in await connection.fetch(_SEQUENCES)}


async def filled(connection: Connection) -> list[str]:
    """Tables that hold rows."""
    question = "SELECT EXISTS (SELECT 1 FROM {})"
    return [
        table.name
        for table in await tables(connection)
        if await connection.fetchval(question.format(_quoted(table.name)))
    ]


async def dump(
    connection: Connection, table: Table, output: Callable[[bytes], Coroutine[Any, Any, None]]
) -> int:
    """Hand a table's rows to `output`; says how many."""
    tag = await connection.copy_from_table(
        table.name, schema_name="public", columns=list(table.columns), output=output
    )
    return int(tag.rpartition(" ")[2])


async def load(connection: Connection, table: Table, source: AsyncIterator[bytes]) -> int:
    """Put rows into a table; says how many."""
    tag = await connection.copy_to_table(
        table.name, schema_name="public", columns=list(table.columns), source=source
    )
    return int(tag.rpartition(" ")[2])


@asynccontextmanager
async def bare(connection: Connection, names: Sequence[str]) -> AsyncIterator[None]:
    """The tables, empty and without what would act on each row; all of it is back afterwards.

    Triggers would chain the audit log a second time, and foreign keys ask for an order of tables
    that need not exist. In one transaction: who reads meanwhile waits, and a failure leaves all
    as it was.
    """
    keys = await connection.fetch(_FOREIGN_KEYS)
    indexes = await connection.fetch(_INDEXES)
    every = ", ".join(map(_quoted, names))
    async with connection.transaction():
        for name in names:
            await connection.execute(f"ALTER TABLE {_quoted(name)} DISABLE TRIGGER USER")
        for key in keys:
            await connection.execute(
                f"ALTER TABLE {key['table_name']} DROP CONSTRAINT {key['name']}"
            )
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        await connection.execute(f"TRUNCATE {every}")
        yield
        for index in indexes:
            await connection.execute(index["definition"])
        for key in keys:
            await connection.execute(
                f"ALTER TABLE {key['table_name']} ADD CONSTRAINT {key['name']} {key['definition']}"
            )
        for name in names:
            await connection.execute(f"ALTER TABLE {_quoted(name)} ENABLE TRIGGER USER")


async def place_sequences(connection: Connection, places: dict[str, int]) -> None:
    """Let each sequence go on behind the last number that it gave."""
    for name, last in places.items():
        await connection.execute("SELECT setval($1::text::regclass, $2)", _quoted(name), last)


async def clear_schema(connection: Connection) -> None:
    """Throw away everything in the schema `public`."""
    async with connection.transaction():
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute("CREATE SCHEMA public")
        await connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


async def others(connection: Connection) -> int:
    """How many connections of Intake's processes this database has beside this one."""
    count = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE 'intake%' AND pid <> pg_backend_pid()"
    )
    return int(count)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
