"""How fast claim files go through the house, beside COPY and beside one Celery task a row.

    .venv/bin/python -m scripts.bench.claims               1,000 to 100,000 rows, three rounds
    .venv/bin/python -m scripts.bench.claims --full        and 1,000,000 rows once
    .venv/bin/python -m scripts.bench.claims --sizes 10000 --rounds 1
    .venv/bin/python -m scripts.bench.claims --write       keeps the figures in docs/

Everything on one machine, the local payer over HTTP. Machines differ and are noisy: compare the
ratios of one run.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from signal import SIGTERM

import asyncpg
import httpx

from app.dev.children import spawn, stop
from scripts.bench import kept
from scripts.bench.claim_jobs import (
    CLAIMS_A_BOOK,
    Singly,
    Size,
    plan_sizes,
    run_job,
    run_singly,
    write_file,
)
from scripts.bench.claims_report import BASELINE_ROWS, judge
from scripts.bench.house import House, open_organization, running_house
from scripts.bench.kept import Figures
from scripts.bench.page import finish
from scripts.bench.processor import Meter
from scripts.bench.profiles import profiled

SINGLY_TIN = "551099999"
LATENCY_MS = 50
PROFILED_ROWS = 100_000
PROFILE_SECONDS = 6.0


def run_baseline(house: House, folder: Path) -> tuple[float, float]:
    """`BASELINE_ROWS` rows at one Celery task each: seconds from the first send to the last row.

    And the seconds of processor time, without those of whoever sends.
    """
    database = house.database.replace("postgresql://", "postgresql+psycopg://")
    broker = house.redis.replace("unix://", "redis+socket://").replace("db=", "virtual_host=")
    os.environ |= {"BASELINE_DATABASE": database, "BASELINE_BROKER": broker}
    from scripts.bench import task_per_row  # noqa: PLC0415 - it reads the two variables above.

    task_per_row.Base.metadata.drop_all(task_per_row.engine)
    task_per_row.Base.metadata.create_all(task_per_row.engine)
    command = [sys.executable, "-m", "celery", "-A", "scripts.bench.task_per_row", "worker"]
    with (folder / "baseline.log").open("wb") as log:
        worker = spawn([*command, "--concurrency", "2"], environment=dict(os.environ), output=log)
    try:
        # The worker is up when it has done one row for nothing.
        task_per_row.answer_row.delay(0, "FH00000000", "Ada", "Byron", "1980-12-10")
        wait_for_rows(house.database, 1, seconds=30)
        meter = Meter({"worker": worker.pid, **house.servers})
        started = time.monotonic()
        for row in range(BASELINE_ROWS):
            task_per_row.answer_row.delay(row, f"FH{row:08d}", "Ada", "Byron", "1980-12-10")
        wait_for_rows(house.database, BASELINE_ROWS + 1, seconds=120)
        return time.monotonic() - started, sum(meter.seconds().values())
    finally:
        stop(worker, by=SIGTERM, seconds=15)


def wait_for_rows(url: str, rows: int, *, seconds: float) -> None:
    """Wait until the baseline has stored so many rows."""
    deadline = time.monotonic() + seconds
    while asyncio.run(count_rows(url)) < rows:
        if time.monotonic() > deadline:
            sys.exit(f"the baseline did not store {rows} rows in {seconds:.0f} s")
        time.sleep(0.05)


async def count_rows(url: str) -> int:
    """How many rows the baseline has stored."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM baseline_rows"))
    finally:
        await connection.close()


def look_inside(client: httpx.Client, house: House, size: Size, figures: Figures) -> Figures:
    """A look into API and workers during one more job, where a figure is short of its target."""
    wanted = {one.profile for one in judge(figures) if one.is_missed and one.profile}
    found: Figures = {}
    for name in sorted(wanted):
        work = partial(run_job, client, house, replace(size), size.files[0])
        # Longer than a job takes; a program that waits is not counted.
        told = profiled(house.processes[name].pid, work, seconds=PROFILE_SECONDS)
        found |= {name: told} if told else {}
    return found


def told(sizes: list[Size], baseline: list[tuple[float, float]], single: Singly) -> Figures:
    """What is kept."""
    return {
        "sizes": [{k: v for k, v in asdict(size).items() if k != "files"} for size in sizes],
        "baseline": baseline,
        "single": asdict(single),
    }


def measure(sizes: list[Size], rounds: int, singly: int) -> Figures:
    """The rounds in turn, so that a slow minute of the machine touches all alike."""
    single, baseline = Singly(singly, LATENCY_MS), list[tuple[float, float]]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            size.files.append(write_file(folder, size))
        books = {tin: size.rows // len(size.tins) for size in sizes for tin in size.tins}
        with running_house(folder, {**books, SINGLY_TIN: CLAIMS_A_BOOK}) as house:
            clients = [open_organization(house, f"size-{n}", s.tins) for n, s in enumerate(sizes)]
            alone = open_organization(house, "singly", [SINGLY_TIN])
            for turn in range(rounds):
                for size, client in zip(sizes, clients, strict=True):
                    if size.rows < 1_000_000 or turn == 0:
                        run_job(client, house, size, size.files[0])
                        print(f"{size.rows:>9,} rows: {size.whole[-1]:7.1f} s", flush=True)
                run_singly(alone, house, single, folder)
                baseline.append(run_baseline(house, folder))
            figures = told(sizes, baseline, single)
            place = max(n for n, size in enumerate(sizes) if size.rows <= PROFILED_ROWS or n == 0)
            looks = look_inside(clients[place], house, sizes[place], figures)
    return figures | {"profiles": looks}


def main() -> None:
    """Measure, print, and keep where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 1,000,000 rows, once")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--singly", type=int, default=10_000, help="rows in row mode")
    parser.add_argument("--short", action="store_true", help="1,000 and 10,000 rows, one round")
    parser.add_argument("--write", action="store_true", help="keep them in docs/")
    given = parser.parse_args()
    before = kept.load()
    wanted = [1_000, 10_000] if given.short else [*given.sizes, *([1_000_000] * given.full)]
    rounds, singly = (1, 1_000) if given.short else (given.rounds, given.singly)
    figures = measure(plan_sizes(wanted), rounds, singly)
    finish("claims", figures, load=before, is_short=given.short, is_kept=given.write)


if __name__ == "__main__":
    main()
