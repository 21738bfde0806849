"""How searches grow: the same questions among 2,000, 20,000 and 200,000 jobs.

    .venv/bin/python -m scripts.bench.growth              some minutes
    .venv/bin/python -m scripts.bench.growth --short      up to 20,000 jobs
    .venv/bin/python -m scripts.bench.growth --write      keeps the figures in docs/

The service is called as the route calls it, without HTTP (scripts.bench.search has more rounds). How claim
files grow, up to a million rows, is in scripts.bench.claims.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
from pydantic import SecretStr

from app.core.db import Database
from app.core.migrations import migrate
from app.core.settings import DatabaseSettings
from app.dev.postgres import PostgresServer
from scripts.bench import kept, search
from scripts.bench.kept import Figures
from scripts.bench.page import finish
from scripts.bench.processor import Meter

JOBS: Final = (2_000, 20_000, 200_000)
MEMORY: Final = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
_BATCH: Final = 5_000
"""Jobs that scripts.bench.search posts at a time; fewer than that are posted and taken away again."""


async def asked(url: str, jobs: int, rounds: int, postgres: int) -> dict[str, dict[str, float]]:
    """Every question over a database of its own with so many jobs."""
    await migrate(url)
    database = Database(DatabaseSettings(url=SecretStr(url)))
    words = search.vocabulary()
    await search.fill(database, url, max(jobs, _BATCH), words)
    if jobs < _BATCH:
        await thin(url, jobs)
    found = {}
    for name, question in search.questions(words).items():
        meter = Meter({"postgres": postgres})
        took = await search.milliseconds(database, question, rounds)
        found[name] = {
            "median": round(took[len(took) // 2], 2),
            "p99": round(took[int(len(took) * 0.99)], 2),
            "postgres": round(meter.seconds()["postgres"] * 1000 / (rounds + 1), 2),
        }
        print(f"{jobs:>9,} {name}: {found[name]}", flush=True)
    await database.close()
    return found


async def thin(url: str, jobs: int) -> None:
    """Leave only so many."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"DELETE FROM jobs WHERE id NOT IN (SELECT id FROM jobs ORDER BY id LIMIT {jobs:d})"  # noqa: S608 - a number.
        )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def measure(sizes: Sequence[int], rounds: int) -> Figures:
    """All sizes, each in a PostgreSQL of its own."""
    found = {}
    for jobs in sizes:
        # The words of every size are drawn alike.
        random.seed(20261121)
        with (
            tempfile.TemporaryDirectory() as folder,
            PostgresServer(Path(folder) / "pg", settings=MEMORY) as server,
        ):
            pid = server.process.pid if server.process else 0
            url = server.url_of("postgres")
            found[str(jobs)] = asyncio.run(asked(url, jobs, rounds, pid))
    return {"rounds": rounds, "jobs": found}


def main() -> None:
    """Measure, print, and keep where that is asked for."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asking.add_argument("--rounds", type=int, default=50)
    asking.add_argument("--short", action="store_true", help="up to 20,000 jobs, ten rounds")
    asking.add_argument("--write", action="store_true", help="keep them in docs/")
    given = asking.parse_args()
    before = kept.load()
    sizes, rounds = (JOBS[:2], 10) if given.short else (JOBS, given.rounds)
    figures = measure(sizes, rounds)
    finish("growth", figures, load=before, is_short=given.short, is_kept=given.write)


if __name__ == "__main__":
    main()
