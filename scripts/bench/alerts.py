"""How many saved searches a worker looks after in a second, and what a look costs when none is due.

    .venv/bin/python -m scripts.bench.alerts                 100,000 searches, 50,000 jobs
    .venv/bin/python -m scripts.bench.alerts --looked 10000  stops after so many

The jobs are those of `scripts.bench.search`, spread over 90 days; every search is daily, asks for three
of the rarer words, and its owner knows what was posted until yesterday.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from app.core.db import Database, Scope
from app.core.migrations import migrate
from app.core.settings import (
    AuthSettings,
    DatabaseSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from app.dev.postgres import PostgresServer
from app.searches import alerts
from scripts.bench.search import fill, vocabulary

# The person's id comes from the row's own, so that the two statements agree.
PEOPLE = """
    INSERT INTO users (id, email, full_name)
    SELECT uuidv7(), 'p' || n || '@example.com', 'Person ' || n
    FROM generate_series(1, CAST(:people AS int)) AS n
"""
SEARCHES = """
    INSERT INTO saved_searches
        (id, user_id, name, query, expression, frequency, language, alerted_until, next_alert_at)
    SELECT uuidv7(), person.id, 'Mine', one.query, one.expression, 'daily', 'en',
        now() - interval '1 day', now() - random() * interval '1 hour'
    FROM unnest(CAST(:queries AS text[]), CAST(:expressions AS text[])) WITH ORDINALITY
        AS one(query, expression, n)
    JOIN (SELECT id, row_number() OVER () AS n FROM users) AS person
        ON person.n = 1 + one.n % (SELECT count(*) FROM users)
"""


async def save(database: Database, searches: int, words: list[str]) -> None:
    """Save the searches, ten a person."""
    pairs = [random.choices(words[len(words) // 4 :], k=3) for _ in range(searches)]
    async with database.write(Scope.system()) as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(text(PEOPLE), {"people": searches // 10})
        await session.execute(
            text(SEARCHES),
            {
                "queries": [" ".join(pair) for pair in pairs],
                "expressions": [" & ".join(f"'{word}'" for word in pair) for pair in pairs],
            },
        )


async def measure(searches: int, jobs: int, looked: int) -> None:
    """Print what a worker does in a second."""
    words = vocabulary()
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres") as server,
    ):
        url = server.url_of("postgres")
        await migrate(url)
        settings = Settings(
            server=ServerSettings(environment="test"),
            database=DatabaseSettings(url=SecretStr(url)),
            redis=RedisSettings(url=SecretStr("redis://nowhere.invalid/0")),
            auth=AuthSettings(secret_key=SecretStr("only for this measurement")),
        )
        database = Database(settings.database)
        await fill(database, url, jobs, words)
        await save(database, searches, words)
        addresses = alerts.Addresses.from_settings(settings)
        began, done = time.perf_counter(), 0
        while done < looked and (some := await alerts.alert_next(database, addresses)):
            done += some
        took = time.perf_counter() - began
        async with database.write(Scope.system()) as session:
            mails = (await session.execute(text("SELECT count(*) FROM mails"))).scalar_one()
            await session.execute(
                text("UPDATE saved_searches SET next_alert_at = now() + interval '1 day'")
            )
        began = time.perf_counter()
        await alerts.alert_next(database, addresses)
        idle = (time.perf_counter() - began) * 1000
        sys.stdout.write(
            f"{done:,} of {searches:,} searches looked after, {mails:,} mails: "
            f"{done / took:,.0f} searches/s; a look when none is due: {idle:.1f} ms\n"
        )
        await database.close()


def main() -> None:
    """Measure and print."""
    asking = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asking.add_argument("--searches", type=int, default=100_000)
    asking.add_argument("--jobs", type=int, default=50_000)
    asking.add_argument("--looked", type=int, default=100_000)
    asked = asking.parse_args()
    random.seed(20261121)
    asyncio.run(measure(asked.searches, asked.jobs, asked.looked))


if __name__ == "__main__":
    main()
