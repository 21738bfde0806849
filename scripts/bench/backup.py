"""How long a backup and a restore of a million claim rows with their answers take.

python -m scripts.bench.backup [ROWS]
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr

from app import api
from app.backup import service
from app.core.migrations import migrate
from app.core.models import Base
from app.core.settings import AuthSettings, DatabaseSettings, RedisSettings, Settings
from app.core.settings_files import FileSettings
from app.dev.postgres import PostgresServer

__all__ = ["api"]

_ROWS = """
    INSERT INTO claim_rows (job_id, row_no, organization_id, cells, claim_key)
    SELECT $1::uuid, i, $2::uuid, ARRAY['FH' || i, 'CAROL', 'KELLER', '1980-02-' || i % 28 + 1],
           'FH' || i
    FROM generate_series(1, $3::int) AS i
"""
_ANSWERS = """
    INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, results, query_ids)
    SELECT $1::uuid, i, $2::uuid, 1, 'succeeded',
           jsonb_build_array(jsonb_build_object('claim_number', 'FH' || i, 'status', 'paid')), '{1}'
    FROM generate_series(1, $3::int) AS i
"""


async def _timed(what: str, work: Awaitable[Any]) -> Any:
    began = time.monotonic()
    result = await work
    print(f"{what:10} {time.monotonic() - began:6.1f} s")
    return result


async def measure(postgres: PostgresServer, home: Path, rows: int) -> None:
    """Fill, save, compare, bring back into a second database."""
    await migrate(postgres.url)
    owner = await asyncpg.connect(postgres.url)
    await owner.execute("SET session_replication_role = replica")
    (ids,) = await owner.fetch("SELECT gen_random_uuid()::text, gen_random_uuid()::text")
    for statement in (_ROWS, _ANSWERS):
        await owner.execute(statement, *ids, rows)
    await owner.execute("CREATE DATABASE restored")
    await owner.close()

    def settings(url: str, files: str) -> Settings:
        return Settings(
            database=DatabaseSettings(url=SecretStr(url)),
            redis=RedisSettings(url=SecretStr("redis://nowhere.invalid")),
            auth=AuthSettings(secret_key=SecretStr("only for this measurement, and no other")),
            files=FileSettings(storage_type="local", local_storage_dir=str(home / files)),
        )

    source = settings(postgres.url, "files")
    target = settings(postgres.url_of("restored"), "elsewhere")
    folder, made = await _timed("backup", service.take(source, home, Base.metadata))
    size = sum(table.part.size for table in made.tables)
    print(f"{made.rows} rows, {size / 1e6:.0f} MB")
    await _timed("verify", service.verify(folder))
    await _timed("restore", service.restore(target, folder, force=False, say=lambda _: None))


def main() -> None:
    """Run the command."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with PostgresServer(home / "pg", settings={"max_wal_size": "4GB"}) as postgres:
            asyncio.run(measure(postgres, home, rows))


if __name__ == "__main__":
    main()
