"""A database that grows with its migrations, and readers who say how long they were kept waiting."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

# What the columns with a CHECK, or a type that says too little, take; the rest follows from types.
VALUES = {
    ("users", "email"): "'u' || i || '@example.com'",
    ("organizations", "slug"): "'o' || i",
    ("practices", "tin"): "lpad((i % 1000000000)::text, 9, '0')",
    ("memberships", "role"): "'staff'",
    ("organization_members", "role"): "'staff'",
    ("claim_jobs", "status"): "'PENDING'",
    ("claim_rows", "row_no"): "i",
    (
        "claim_rows",
        "job_id",
    ): "('00000000-0000-7000-8000-' || lpad((i % 100)::text, 12, '0'))::uuid",
    ("claim_answers", "outcome"): "'succeeded'",
    ("claim_units", "kind"): "'rows'",
    ("claim_units", "state"): "'DONE'",
    ("jobs", "status"): "'draft'",
    ("jobs", "currency"): "'USD'",
    ("interviews", "starts_at"): "now()",
    ("interviews", "ends_at"): "now() + interval '1 hour'",
}
BY_TYPE = {
    "uuid": "gen_random_uuid()",
    "text": "'t' || i",
    "character varying": "'t' || i",
    "citext": "'t' || i",
    "integer": "i",
    "bigint": "i",
    "smallint": "1",
    "numeric": "1",
    "double precision": "1",
    "real": "1",
    "boolean": "false",
    "date": "current_date",
    "timestamp with time zone": "now()",
    "jsonb": "'{}'",
    "bytea": "int4send(i)",
    "ARRAY": "'{}'",
    "inet": "'192.0.2.1'",
    "cidr": "'192.0.2.0/24'",
}
_NEEDED = """
    SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
    WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
      AND is_identity = 'NO' AND is_generated = 'NEVER'
      AND table_name = ANY($1) ORDER BY 1, ordinal_position
"""
_CHECKS = """
    SELECT a.attname::text AS name, substring(pg_get_constraintdef(c.oid) FROM '''([^'']*)''') AS one
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'c' AND c.conrelid = $1::regclass AND array_length(c.conkey, 1) = 1
      AND pg_get_constraintdef(c.oid) ~ 'ARRAY'
"""


_READER = {"application_name": "reader"}
_WAITING = """
    SELECT max(extract(epoch FROM clock_timestamp() - query_start) * 1000) FROM pg_stat_activity
    WHERE application_name = 'reader' AND state = 'active' AND wait_event_type = 'Lock'
"""
_LOOK = "SELECT 1 FROM {} LIMIT 1"


async def tables_of(connection: Any) -> list[str]:
    """Ordinary tables of the schema."""
    rows = await connection.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND relname <> 'alembic_version' ORDER BY 1"
    )
    return [row["relname"] for row in rows]


async def fill(connection: Any, names: list[str], rows: dict[str, int], others: int) -> list[str]:
    """Put rows into tables, past foreign keys and triggers; the names of those that took none."""
    needed: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    for table, column, kind in await connection.fetch(_NEEDED, names):
        needed[table].append((column, kind))
    empty = []
    await connection.execute("SET session_replication_role = replica")
    for name, columns in needed.items():
        allowed = {row["name"]: row["one"] for row in await connection.fetch(_CHECKS, name)}
        values = []
        for column, kind in columns:
            given = f"'{allowed[column]}'" if allowed.get(column) else BY_TYPE.get(kind, "NULL")
            values.append(VALUES.get((name, column), given))
        listed = ", ".join(f'"{column}"' for column, _ in columns)
        statement = f"INSERT INTO {name} ({listed}) SELECT {', '.join(values)}" if columns else ""
        try:
            if not columns:
                raise asyncpg.DataError("nothing but defaults")
            await connection.execute(
                f"{statement} FROM generate_series(1, {rows.get(name, others)}) AS i"
                " ON CONFLICT DO NOTHING"
            )
        except asyncpg.PostgresError as error:
            empty.append(f"{name}: {error}")
    await connection.execute("RESET session_replication_role")
    await connection.execute("ANALYZE")
    return empty


@dataclass
class Readers:
    """Somebody who reads every table all the time, and somebody who takes long over it."""

    url: str
    long_seconds: float
    worst_ms: dict[str, float] = field(default_factory=dict)
    """What a reader measured, a busy machine included."""
    locked_ms: dict[str, float] = field(default_factory=dict)
    """For how much of that PostgreSQL says it waited for a lock, looked at every few milliseconds."""
    label: str = ""
    reads: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While the block lasts; in threads with an event loop each, beside the migrations' own."""
        threads = [
            threading.Thread(target=asyncio.run, args=(work(),))
            for work in (self._read, self._read, self._dawdle, self._watch)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in threads:
                thread.join()

    async def _watch(self) -> None:
        connection = await asyncpg.connect(self.url)
        while not self._end.is_set():
            waited = float(await connection.fetchval(_WAITING) or 0.0)
            if waited > self.locked_ms.get(self.label, 0.0):
                self.locked_ms[self.label] = waited
            await asyncio.sleep(0.005)
        await connection.close()

    async def _read(self) -> None:
        connection = await asyncpg.connect(self.url, server_settings=_READER)
        while not self._end.is_set():
            for name in await tables_of(connection):
                began = time.perf_counter()
                try:
                    await connection.execute(_LOOK.format(name))
                except asyncpg.PostgresError:
                    # The table has just gone with its migration.
                    continue
                waited = (time.perf_counter() - began) * 1000
                self.reads += 1
                if waited > self.worst_ms.get(self.label, 0.0):
                    self.worst_ms[self.label] = waited
            await asyncio.sleep(0.002)
        await connection.close()

    async def _dawdle(self) -> None:
        connection = await asyncpg.connect(self.url)
        while not self._end.is_set():
            async with connection.transaction():
                for name in await tables_of(connection):
                    try:
                        async with connection.transaction():
                            await connection.execute(_LOOK.format(name))
                    except asyncpg.PostgresError:
                        continue
                await asyncio.to_thread(self._end.wait, self.long_seconds)
            await asyncio.sleep(1.0)
        await connection.close()
