"""Nobody who reads waits for a migration, and no migration gives up because somebody reads.

The short cut proves it by the order of events. The whole, over a filled database, takes a quarter of
an hour and a machine of its own: `INTAKE_MIGRATIONS=long .venv/bin/python -m pytest tests/faults/test_migrations.py`.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import pool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.core import migrations, revisions
from app.core.db import database_url
from app.dev.postgres import PostgresServer
from tests.conftest import Servers, make_database
from tests.faults.migrations import Readers, fill, tables_of

LONG = os.environ.get("INTAKE_MIGRATIONS") == "long"
MOST_MS = 150.0
CLAIMS = int(os.environ.get("INTAKE_MIGRATIONS_CLAIMS", "1000000"))
ROWS = {"claim_rows": CLAIMS, "claim_answers": CLAIMS}
OTHERS = int(os.environ.get("INTAKE_MIGRATIONS_ROWS", "100000"))


async def run(url: str, step: Callable[..., None], revision: str) -> None:
    engine = create_async_engine(database_url(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(step, revision)
    finally:
        await engine.dispose()


async def test_a_migration_gives_way_and_comes_again(servers: Servers) -> None:
    url = await make_database(servers, "intake_test_migrations")
    head = revisions.head_on_disk()
    await run(url, migrations.downgrade, "-1")
    former = await asyncpg.connect(url)
    reader = await asyncpg.connect(url)
    version = "SELECT version_num FROM alembic_version"
    try:
        # Each migration writes its name here, so this is in the way of any of them.
        holding = former.transaction()
        await holding.start()
        await former.execute("LOCK TABLE alembic_version IN SHARE MODE")
        with pytest.raises(DBAPIError, match="lock timeout"):
            # Without patience it says so, and leaves everything as it was.
            await migrations.migrate(url, patience_seconds=0)
        coming = asyncio.create_task(migrations.migrate(url))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"
        while not await reader.fetchval(waits):
            assert not coming.done()
        while await reader.fetchval(waits):
            # It waits; a while later it waits no more, and has not come either: it stood back.
            assert not coming.done()
        assert await reader.fetchval(version) != head
        await holding.rollback()
        await coming
        assert await reader.fetchval(version) == head
    finally:
        await former.close()
        await reader.close()


@pytest.fixture
def own_postgres(tmp_path: Any) -> Iterator[PostgresServer]:
    quick = {"fsync": "off", "shared_buffers": "256MB", "max_wal_size": "4GB"}
    with PostgresServer(tmp_path / "postgres", settings=quick) as postgres:
        yield postgres


async def _step(url: str, step: Callable[..., None], revision: str) -> None:
    """As `intake migrate`: again and again, until there is a gap."""
    while True:
        try:
            return await asyncio.to_thread(asyncio.run, run(url, step, revision))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") not in ("55P03", "40P01"):
                raise
        await asyncio.sleep(0.3)


@pytest.mark.skipif(not LONG, reason="a quarter of an hour: INTAKE_MIGRATIONS=long")
async def test_every_migration_up_down_up_under_readers(own_postgres: PostgresServer) -> None:
    url = own_postgres.url
    owner = await asyncpg.connect(url)
    readers = Readers(url, long_seconds=4.0, label="nothing yet")
    known: set[str] = set()
    unfilled: list[str] = []
    with readers.reading():
        await asyncio.sleep(5)
        for revision in reversed(revisions.revisions_on_disk()):
            readers.label = f"{revision} up"
            await _step(url, migrations.upgrade, revision)
            if await owner.fetchval("SELECT count(*) FROM alembic_version"):
                readers.label = f"{revision} down"
                await _step(url, migrations.downgrade, "-1")
                readers.label = f"{revision} up again"
                await _step(url, migrations.upgrade, revision)
            readers.label = "filling"
            fresh = [name for name in await tables_of(owner) if name not in known]
            unfilled += await fill(owner, fresh, ROWS, OTHERS)
            known |= set(fresh)
    await owner.close()
    worst = sorted(readers.locked_ms.items(), key=lambda pair: -pair[1])
    if path := os.environ.get("INTAKE_MIGRATIONS_TABLE"):
        lines = [f"{readers.reads} reads", *(f"not filled: {line}" for line in unfilled)]
        lines += [
            f"{label:40} {waited:7.0f} ms by a lock, {readers.worst_ms.get(label, 0):7.0f} ms in all"
            for label, waited in worst
        ]
        await asyncio.to_thread(Path(path).write_text, "\n".join(lines) + "\n")
    late = {label: waited for label, waited in worst if waited > MOST_MS and label != "filling"}
    assert late == {}
