"""What sealing a secret costs, what an audit entry adds to a request, and what its chain does to many.

    .venv/bin/python -m scripts.bench.audit            prints the figures
    .venv/bin/python -m scripts.bench.audit --write    puts them into docs/benchmarks.md

A PostgreSQL of its own with its own safe defaults (fsync on). Compare the ratios of one run.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text

from app.core.audit import Entry, Fact, record
from app.core.audit_chain import verify
from app.core.crypto import KeyRing
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.migrations import migrate
from app.core.settings import DatabaseSettings
from app.dev.postgres import PostgresServer

PROJECT = Path(__file__).resolve().parents[2]
MARKS = ("<!-- audit.py -->\n", "<!-- end of audit.py -->\n")
CLIENTS = 8
SECONDS = 3.0
WORK = text("SELECT pg_sleep(0.005)")
AT_ONCE = text("SET CONSTRAINTS ALL IMMEDIATE")


def microseconds(work: Callable[[], object], times: int = 20_000) -> float:
    """The median cost of one call, over five lots."""
    lots = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times // 5):
            work()
        lots.append((time.perf_counter() - began) / (times // 5) * 1e6)
    return statistics.median(lots)


def sealing() -> list[str]:
    """Seal and open a secret of 256 bytes, bound to a row."""
    ring = KeyRing({"bench": b"k" * 32})
    place = (str(new_id()), str(new_id()), "google")
    plain = b"s" * 256
    sealed = ring.seal(plain, purpose="bench", bound_to=place)
    seal = microseconds(lambda: ring.seal(plain, purpose="bench", bound_to=place))
    opened = microseconds(lambda: ring.open(sealed, purpose="bench", bound_to=place))
    return [f"| seal 256 bytes | {seal:.1f} µs |", f"| open them | {opened:.1f} µs |"]


def entry(organization_id: UUID) -> Entry:
    """As the reading of patients' rows leaves one."""
    detail: dict[str, Fact] = {"rows": 20, "scope": "all", "format": "csv"}
    return Entry("claims.rows_read", new_id(), organization_id, "claim_job", str(new_id()), detail)


async def one_after_another(
    database: Database, *, recorded: bool, writes: bool = True, times: int = 400
) -> float:
    """Milliseconds of a transaction that reads once and records or not; the median."""
    organization, taken = new_id(), []
    for _ in range(times):
        began = time.perf_counter()
        opened = database.write if writes else database.read
        async with opened(Scope.tenant(organization)) as session:
            await session.execute(text("SELECT 1"))
            if recorded:
                record(session, entry(organization))  # type: ignore[arg-type]
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def together(work: Callable[[int], Awaitable[None]]) -> float:
    """Transactions a second of several clients at once."""
    deadline, done = time.monotonic() + SECONDS, 0

    async def client(number: int) -> None:
        nonlocal done
        while time.monotonic() < deadline:
            await work(number)
            done += 1

    await asyncio.gather(*map(client, range(CLIENTS)))
    return done / SECONDS


async def contention(database: Database) -> list[str]:
    """Eight clients; each transaction records first and then works for 5 ms."""
    one, many = new_id(), [new_id() for _ in range(CLIENTS)]

    async def act(organization: UUID, *, recorded: bool = True, at_once: bool = False) -> None:
        async with database.write(Scope.tenant(organization)) as session:
            if at_once:
                await session.execute(AT_ONCE)
            if recorded:
                record(session, entry(organization))
                await session.flush()
            await session.execute(WORK)

    without = await together(lambda number: act(many[number], recorded=False))
    apart = await together(lambda number: act(many[number]))
    same = await together(lambda _: act(one))
    held = await together(lambda _: act(one, at_once=True))
    return [
        f"| {CLIENTS} clients, nothing recorded | {without:,.0f} /s |",
        f"| … recorded, {CLIENTS} organizations | {apart:,.0f} /s |",
        f"| … recorded, one organization, linked inside the commit | {same:,.0f} /s |",
        f"| … recorded, one organization, linked at once and held until the commit | {held:,.0f} /s |",
    ]


async def size_and_walk(database: Database) -> list[str]:
    """Bytes of an entry with its indices and link, and how fast a chain is walked."""
    organization = new_id()
    for _ in range(40):
        async with database.write(Scope.tenant(organization)) as session:
            for _ in range(250):
                record(session, entry(organization))
    sizes = "pg_total_relation_size('audit_entries') + pg_total_relation_size('audit_links')"
    count = "(SELECT count(*) FROM audit_entries)"
    async with database.read(Scope.system()) as session:
        each = (await session.execute(text(f"SELECT ({sizes}) / {count}"))).scalar_one()
    began = time.perf_counter()
    seen = await verify(database)
    if seen.faults:
        sys.exit("the bench broke a chain")
    rate = seen.entries / (time.perf_counter() - began)
    return [f"| an entry on disk | {each:,} bytes |", f"| verify | {rate:,.0f} entries/s |"]


async def measured(url: str) -> list[str]:
    """Every figure that needs the database, as lines of the table."""
    await migrate(url)
    database = Database(DatabaseSettings(url=SecretStr(url), pool_size=CLIENTS))
    try:
        await one_after_another(database, recorded=True, times=50)
        read = await one_after_another(database, recorded=False, writes=False)
        plain = await one_after_another(database, recorded=False)
        added = await one_after_another(database, recorded=True)
        return [
            f"| a request's transaction that only reads | {read:.2f} ms |",
            f"| as a writing one, nothing recorded | {plain:.2f} ms |",
            f"| the same with one entry | {added:.2f} ms |",
            *await contention(database),
            *await size_and_walk(database),
        ]
    finally:
        await database.close()


def main() -> None:
    """Measure and print or write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    given = parser.parse_args()
    lines = sealing()
    with tempfile.TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        lines += asyncio.run(measured(server.url))
    at = datetime.now(UTC)
    head = (
        f"Measured on {at:%Y-%m-%d}, everything on one machine.\n\n| what | figure |\n| --- | --- |"
    )
    table = "\n".join([head, *lines])
    sys.stdout.write(f"{table}\n")
    if given.write:
        page = PROJECT / "docs" / "benchmarks.md"
        begin, end = MARKS
        before, _, rest = page.read_text(encoding="utf-8").partition(begin)
        _, _, after = rest.partition(end)
        page.write_text(f"{before}{begin}{table}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
