"""How long the numbers of one organization with a million applications take.

    .venv/bin/python -m scripts.bench.dashboard                       1,000,000 applications
    .venv/bin/python -m scripts.bench.dashboard --applications 50000
    .venv/bin/python -m scripts.bench.dashboard --write               into docs/benchmarks.md

All of them are one organization's, spread over two years and two thousand jobs. The service is
called as the route calls it, without HTTP, with the organization's eyes.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core import memory
from app.core.db import Database, ReadSession, Scope, database_url
from app.core.migrations import migrate
from app.core.settings import DatabaseSettings
from app.dev.postgres import PostgresServer
from app.optimus import service
from app.optimus.ranges import Range, range_of

PROJECT = Path(__file__).resolve().parents[2]
ORGANIZATION = UUID("00000000-0000-7000-8000-000000000001")
# Triggers are off while the rows are made: they would take an hour, and the columns that they keep
# are filled here as they would fill them; the tallies are filled as those of former applications are.
FILL: Final = (
    "SET session_replication_role = replica",
    "INSERT INTO organizations (id, name, slug) VALUES (:organization, 'Northwind', 'north')",
    "INSERT INTO users (id, email, full_name)"
    " SELECT uuidv7(), n || '@example.com', 'Ada' FROM generate_series(1, :people) AS n",
    "CREATE TEMP TABLE person AS SELECT id, row_number() OVER () - 1 AS n FROM users",
    """
    INSERT INTO jobs (id, organization_id, title, company, location, location_type, job_type,
        experience_level, description, skills, skills_text, currency, language, status, posted_at)
    SELECT uuidv7(), :organization, 'Engineer', 'Northwind', 'Lyon', 'remote', 'full_time', 'mid',
        'x', ARRAY['Python', 'skill ' || n % 50, 'skill ' || n % 70], '', 'EUR', 'en',
        (ARRAY['active', 'closed', 'archived'])[1 + n % 3], now() - n % 730 * interval '1 day'
    FROM generate_series(1, 2000) AS n
    """,
    "CREATE TEMP TABLE post AS SELECT id, row_number() OVER () - 1 AS n FROM jobs",
    """
    INSERT INTO resumes (id, owner_id, file_id, filename, content_type, size, sha256, status,
        skill_keys)
    SELECT uuidv7(), id, uuidv7(), 'cv.pdf', 'application/pdf', 1, n::text, 'skills_extracted',
        ARRAY['onet:python', 'skill ' || n % 50, 'skill ' || n % 70, 'a', 'b', 'c', 'd', 'e', 'f']
    FROM person
    """,
    """
    INSERT INTO applications (id, job_id, organization_id, candidate_id, resume_id, status, source,
        cover_letter, score, reached, responded_at, accepted_at, created_at)
    SELECT uuidv7(), post.id, :organization, person.id, resumes.id,
        CASE WHEN stage = 5 THEN 'accepted' WHEN number.n % 3 = 0 THEN 'rejected'
             ELSE (ARRAY['applied', 'viewed', 'shortlisted', 'interview', 'offer'])[stage + 1] END,
        (ARRAY['linkedin', 'referral', 'website', NULL])[1 + number.n % 4],
        repeat('I should like to work for you. ', 20),
        number.n % 101, stage,
        CASE WHEN stage > 1 THEN applied + number.n % 200 * interval '1 hour' END,
        CASE WHEN stage = 5 THEN applied + number.n % 900 * interval '1 hour' END, applied
    FROM generate_series(0, :applications - 1) AS number(n)
    CROSS JOIN LATERAL (SELECT
        now() - (1 - number.n::float / :applications) * interval '730 days' AS applied,
        (ARRAY[0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5])[1 + number.n % 11] AS stage) AS fact
    JOIN post ON post.n = number.n % 2000
    JOIN person ON person.n = (number.n / 2000 * 7 + number.n % 2000) % :people
    JOIN resumes ON resumes.owner_id = person.id
    """,
    "INSERT INTO tally_backlog (organization_id) VALUES (:organization)",
)
TALLIES: Final = ("fill_tallies()", "fold_tallies(2000) > 0")


async def fill(url: str, applications: int) -> None:
    """Make the organization, then let the database look at it once."""
    owner = create_async_engine(database_url(url), poolclass=pool.NullPool)
    people = max(5_000, applications // 10)
    async with owner.begin() as connection:
        for statement in FILL:
            values = {"applications": applications, "people": people, "organization": ORGANIZATION}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    async with owner.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
        for step in TALLIES:
            while (await connection.execute(text(f"SELECT {step}"))).scalar_one():
                pass
        await connection.execute(text("VACUUM ANALYZE"))
    await owner.dispose()


async def milliseconds(
    database: Database, ask: Callable[[ReadSession], Awaitable[Any]], rounds: int
) -> list[float]:
    """How long each of `rounds` answers took, sorted; the first one warms up."""
    took = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        async with database.read(Scope.tenant(ORGANIZATION, ORGANIZATION)) as session:
            await ask(session)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took[1:])


def questions(job_id: UUID) -> dict[str, Callable[[ReadSession], Awaitable[Any]]]:
    """What is asked, by what it is called in the table."""

    def of(days: int) -> Callable[[ReadSession], Awaitable[Any]]:
        today = datetime.now(UTC).date()
        during = range_of(today - timedelta(days=days - 1), today, "Europe/Paris")
        return lambda session: service.dashboard(
            session, organization_id=ORGANIZATION, during=during, with_claims=True
        )

    def one_job(during: Range | None) -> Callable[[ReadSession], Awaitable[Any]]:
        return lambda session: service.job_insights(
            session, organization_id=ORGANIZATION, job_id=job_id, during=during
        )

    today = datetime.now(UTC).date()
    year = range_of(today - timedelta(days=364), today, "Europe/Paris")
    return {
        "dashboard, 30 days": of(30),
        "dashboard, 90 days": of(90),
        "dashboard, 365 days": of(365),
        "dashboard, 732 days": of(732),
        "one job": one_job(None),
        "one job, 365 days": one_job(year),
    }


async def measure(applications: int, rounds: int) -> list[str]:
    """The table's lines."""
    lines = ["| asked for | median ms | p95 ms |", "| --- | --- | --- |"]
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres") as server,
    ):
        url = server.url_of("postgres")
        await migrate(url)
        await fill(url, applications)
        database = Database(DatabaseSettings(url=SecretStr(url)))
        async with database.read(Scope.system()) as session:
            first = text("SELECT id FROM jobs WHERE status = 'active' LIMIT 1")
            job_id = (await session.execute(first)).scalar_one()
        # As in an API that is ready.
        memory.settle()
        for name, ask in questions(job_id).items():
            took = await milliseconds(database, ask, rounds)
            lines.append(f"| {name} | {took[rounds // 2]:.0f} | {took[int(rounds * 0.95)]:.0f} |")
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
        await database.close()
    return lines


def main() -> None:
    """Measure, print, and write where that is asked for."""
    asking = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asking.add_argument("--applications", type=int, default=1_000_000)
    asking.add_argument("--rounds", type=int, default=40)
    asking.add_argument("--write", action="store_true")
    asked = asking.parse_args()
    lines = asyncio.run(measure(asked.applications, asked.rounds))
    if asked.write:
        head = (
            f"Measured on {datetime.now(UTC).date()}, {os.cpu_count()} cores: {asked.applications:,} applications,"
            f" {asked.rounds} answers each."
        )
        page = PROJECT / "docs" / "benchmarks.md"
        before, mark, after = page.read_text(encoding="utf-8").partition("<!-- dashboard.py -->\n")
        rest = after.partition("<!-- end of dashboard.py -->")[2]
        table = "\n".join((head, "", *lines, "", "<!-- end of dashboard.py -->"))
        page.write_text(before + mark + table + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
