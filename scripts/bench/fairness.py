"""A thousand organizations with skewed load: `.venv/bin/python -m scripts.bench.fairness [--write]`.

Who works on what is decided by the statement that workers run (app/claims/queries/engine/leases.py)
over a real PostgreSQL; only time is invented: each chunk takes one step, so many lanes work at once.
Beside it the same load first come, first served.
"""

import argparse
import asyncio
import heapq
import random
import statistics
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from app.claims.queries.engine import leases
from app.core import clock
from app.core.ids import new_id
from app.core.migrations import migrate
from app.dev.postgres import PostgresServer

ORGANIZATIONS = 1_000
LANES = 48
"""Eight worker processes of six lanes."""
MOST = 64
STEEPNESS = 1.2
GREATEST = 1_000
"""Chunks of the greatest organization: 100,000 rows, in hand before all others come."""
LEASE_SECONDS = 3_600.0
PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
BEGIN, END = "<!-- fairness.py -->", "<!-- end of fairness.py -->"


@dataclass(frozen=True)
class Firm:
    """An organization's file: when it comes, in steps, and its chunks."""

    number: int
    comes: float
    chunks: int


def firms() -> list[Firm]:
    """Sizes fall as Zipf has it; the greatest is there first, the rest come in any order."""
    dice = random.Random(1)
    sizes = [max(1, round(GREATEST / (rank**STEEPNESS))) for rank in range(1, ORGANIZATIONS + 1)]
    whole = sum(sizes) / LANES
    # Over the time that all of the work takes: the lanes are never idle, the greatest never alone.
    moments = [0.0] + [dice.uniform(0.5, whole * 0.9) for _ in sizes[1:]]
    return [
        Firm(number, comes, chunks)
        for number, (comes, chunks) in enumerate(zip(moments, sizes, strict=True))
    ]


async def fill(connection: asyncpg.Connection, firm: Firm) -> UUID:
    """The organization with its job, and a unit for each chunk."""
    organization, job = new_id(), new_id()
    await connection.execute(
        "INSERT INTO organizations (id, name, slug) VALUES ($1, $2, $2)",
        organization,
        f"o{firm.number}",
    )
    await connection.execute(
        "INSERT INTO claim_jobs (id, organization_id, provider, use_batch_query, filename,"
        " original_filename, file_size, file_sha256, shape, encoding, delimiter, date_order, header,"
        " mapping, status, total_rows, failures_by_reason, celery_task_id, expires_at)"
        " VALUES ($1, $2, 'uhc', false, 'f', 'f', 1, repeat('0', 64), 'claim_number', 'utf-8', ',',"
        " 'ymd', ARRAY['x'], '{}', 'PROCESSING', $3, '{}', $1, now() + interval '1 day')",
        *(job, organization, firm.chunks * 100),
    )
    await connection.execute(
        "INSERT INTO claim_units (job_id, organization_id, kind, state, lo, hi)"
        " SELECT $1, $2, 'rows', 'READY', n * 100 + 1, n * 100 + 100 FROM generate_series(0, $3 - 1) n",
        *(job, organization, firm.chunks),
    )
    return organization


async def shared(url: str, load: Sequence[Firm]) -> dict[int, float]:
    """When each organization's last chunk is done, with the workers' own rule."""
    connection = await asyncpg.connect(url)
    coming = deque(sorted(load, key=lambda firm: firm.comes))
    numbers: dict[UUID, int] = {}
    at_work: list[tuple[float, int, UUID, UUID, UUID]] = []
    done: dict[int, float] = {}
    time, busy = 0.0, 0
    while coming or at_work:
        while coming and coming[0].comes <= time:
            firm = coming.popleft()
            numbers[await fill(connection, firm)] = firm.number
        while busy < LANES:
            token = new_id()
            unit = await leases.claim(connection, token, LEASE_SECONDS, most=MOST)
            if unit is None:
                break
            entry = (time + 1.0, unit["id"], token, unit["job_id"], unit["organization_id"])
            heapq.heappush(at_work, entry)
            busy += 1
        if at_work and (not coming or at_work[0][0] <= coming[0].comes):
            time, unit_id, token, job_id, organization = heapq.heappop(at_work)
            await leases.finish(connection, unit_id, token, job_id)
            busy -= 1
            done[numbers[organization]] = time
        else:
            time = coming[0].comes
    await connection.close()
    return done


def in_turn(load: Sequence[Firm]) -> dict[int, float]:
    """The same, first come, first served."""
    lanes = [0.0] * LANES
    done: dict[int, float] = {}
    for firm in sorted(load, key=lambda firm: firm.comes):
        for _ in range(firm.chunks):
            start = max(heapq.heappop(lanes), firm.comes)
            heapq.heappush(lanes, start + 1.0)
            done[firm.number] = max(done.get(firm.number, 0.0), start + 1.0)
    return done


def slowdowns(load: Sequence[Firm], done: dict[int, float]) -> list[float]:
    """How many times as long as alone on all lanes each organization waits."""
    return [(done[one.number] - one.comes) / -(-one.chunks // LANES) for one in load]


def lines_of(load: Sequence[Firm], fair: dict[int, float], fifo: dict[int, float]) -> list[str]:
    """What was found, for the page."""
    small = [one for one in load if one.chunks <= 5]
    total = sum(one.chunks for one in load)
    rows = []
    for name, group in (
        ("the greatest", load[:1]),
        ("the next nine", load[1:10]),
        (f"{len(small)} with at most 500 rows", small),
    ):
        cells = []
        for done in (fair, fifo):
            waits = slowdowns(group, done)
            cells.append(f"{statistics.median(waits):.1f} / {max(waits):.1f}")
        share = sum(one.chunks for one in group) / total
        rows.append(f"| {name} | {share:.0%} | {cells[0]} | {cells[1]} |")
    ends = (max(fair.values()), max(fifo.values()))
    return [
        f"Measured on {clock.now().date().isoformat()}: {len(load)} organizations, {total:,} chunks,"
        f" {LANES} lanes; the whole load ends after {ends[0]:.0f} steps, first come, first served"
        f" after {ends[1]:.0f}.",
        "",
        "| organizations | of all work | slowdown, median / worst | first come, first served |",
        "| --- | --- | --- | --- |",
        *rows,
    ]


async def measure() -> list[str]:
    """Both ways, over one load."""
    load = firms()
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "pg", settings={"fsync": "off"}) as postgres,
    ):
        await migrate(postgres.url)
        fair = await shared(postgres.url, load)
    if fair.keys() != {one.number for one in load}:
        sys.exit("some organization's work was not done")
    return lines_of(load, fair, in_turn(load))


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = asyncio.run(measure())
    sys.stdout.write("\n".join([*lines, ""]))
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        PAGE.write_text("\n".join([f"{before}{BEGIN}", *lines, END]) + rest.partition(END)[2])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
