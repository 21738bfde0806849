"""How long a search among many jobs takes: rare words, common words, slips, unfinished words.

    .venv/bin/python -m scripts.bench.search               200,000 jobs
    .venv/bin/python -m scripts.bench.search --jobs 20000
    .venv/bin/python -m scripts.bench.search --write       puts the figures into docs/benchmarks.md

The service is called as the route calls it, without HTTP. The jobs' words are drawn so that the
n-th most frequent word comes up once for every n, as in real text. Processor time is PostgreSQL's, a
search; of 200 searches the 198th in order is the p99.
"""

import argparse
import asyncio
import math
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import Database, Scope, database_url
from app.core.migrations import migrate
from app.core.pages import PageQuery
from app.core.settings import DatabaseSettings
from app.dev.postgres import PostgresServer
from app.jobs import service
from app.jobs.filters import Filters
from scripts.bench.processor import Meter

PROJECT = Path(__file__).resolve().parents[2]
ORGANIZATION = "00000000-0000-7000-8000-000000000001"
FIELDS = [
    "data",
    "cloud",
    "web",
    "mobile",
    "network",
    "security",
    "finance",
    "health",
    "sales",
    "legal",
    "market",
    "human",
    "geo",
]
ENDINGS = ("", "ops", "flow", "base", "works", "er", "ix", "on", "um", "est", "ant", "or", "ar")
TITLES = [
    "engineer",
    "developer",
    "analyst",
    "nurse",
    "manager",
    "administrator",
    "designer",
    "accountant",
]
PAGE = PageQuery(limit=20, cursor=None, with_count=False, path="/", filters=(), key=b"k" * 32)
FILL = text(
    """
    INSERT INTO jobs (id, organization_id, title, company, location, location_type, job_type,
        experience_level, description, skills_text, currency, language, status, posted_at)
    SELECT uuidv7(), CAST(:organization AS uuid), title, 'Northwind', 'Lyon', 'remote', 'full_time',
        'mid', description, skills, 'EUR', 'en', 'active', now() - random() * interval '90 days'
    FROM unnest(CAST(:titles AS text[]), CAST(:descriptions AS text[]), CAST(:skills AS text[]))
        AS one(title, description, skills)
    """
)


def vocabulary() -> list[str]:
    """All words, the most frequent first; the same in every run."""
    words = [field + ending for field in FIELDS for ending in ENDINGS]
    words += [title + ending for title in TITLES for ending in ENDINGS[:6]]
    random.shuffle(words)
    return words


def questions(words: list[str]) -> dict[str, str]:
    """What is asked, by what it is an example of."""
    return {
        "a title that one job in eight has": "engineer",
        "two words": "data engineer",
        "the most frequent word": words[0],
        "a rare word": words[-1],
        "two rare words": f"{words[-2]} {words[-3]}",
        "three words that no job has together": f"{words[-1]} {words[-40]} nurse",
        "a slip in each of two words": "enginer datafolw",
        "an unfinished word": "sec",
        "three words, the last one unfinished": f"{words[-1]} {words[-40]} nurs",
        "a word that nobody uses": "zzzz",
        "five words that nobody uses": "qwertz asdfgh yxcvbn poiuzt lkjhgf",
        "a rare word and two that nobody uses": f"qwertz {words[-5]} yxcvbn",
    }


async def fill(database: Database, url: str, jobs: int, words: list[str]) -> None:
    """Post the jobs, then let the database look at them once."""
    weights = [1 / (rank + 1) for rank in range(len(words))]
    async with database.write(Scope.system()) as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(
            text("INSERT INTO organizations (id, name, slug) VALUES (:id, 'Northwind', 'north')"),
            {"id": ORGANIZATION},
        )
        for _ in range(0, jobs, 5000):
            titles = [f"{random.choice(words)} {random.choice(TITLES)}" for _ in range(5000)]
            descriptions = [" ".join(random.choices(words, weights, k=80)) for _ in range(5000)]
            skills = [", ".join(random.choices(words, k=4)) for _ in range(5000)]
            values = {"titles": titles, "descriptions": descriptions, "skills": skills}
            await session.execute(FILL, {"organization": ORGANIZATION, **values})
    owner = create_async_engine(database_url(url), poolclass=pool.NullPool)
    async with owner.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))
    await owner.dispose()


async def milliseconds(database: Database, question: str, rounds: int) -> list[float]:
    """How long each of `rounds` searches took, sorted; the first one warms up."""
    took = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        async with database.read(Scope.public()) as session:
            await service.search(session, question=question, filters=Filters(), query=PAGE)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took[1:])


async def measure(jobs: int, rounds: int) -> list[str]:
    """The table's lines."""
    words = vocabulary()
    lines = ["| question | median ms | p99 ms | processor ms |", "| --- | --- | --- | --- |"]
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres") as server,
    ):
        url = server.url_of("postgres")
        await migrate(url)
        database = Database(DatabaseSettings(url=SecretStr(url)))
        await fill(database, url, jobs, words)
        for name, question in questions(words).items():
            meter = Meter({"database": server.process.pid if server.process else 0})
            took = await milliseconds(database, question, rounds)
            each = meter.seconds()["database"] * 1000 / (rounds + 1)
            p99 = took[math.ceil(rounds * 0.99) - 1]
            lines.append(f"| {name} | {took[rounds // 2]:.1f} | {p99:.1f} | {each:.1f} |")
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
        await database.close()
    return lines


def main() -> None:
    """Measure, print, and write where that is asked for."""
    asking = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asking.add_argument("--jobs", type=int, default=200_000)
    asking.add_argument("--rounds", type=int, default=200)
    asking.add_argument("--write", action="store_true")
    asked = asking.parse_args()
    random.seed(20261121)
    lines = asyncio.run(measure(asked.jobs, asked.rounds))
    if asked.write:
        day = datetime.now(UTC).date()
        head = f"Measured on {day}, {os.cpu_count()} cores: {asked.jobs:,} jobs, {asked.rounds} searches each."
        page = PROJECT / "docs" / "benchmarks.md"
        before, mark, after = page.read_text(encoding="utf-8").partition("<!-- search.py -->")
        rest = after.partition("<!-- end of search.py -->")[2]
        table = "\n".join(("", head, "", *lines, "", "<!-- end of search.py -->"))
        page.write_text(before + mark + table + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
