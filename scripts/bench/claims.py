"""How fast claim files go through the house, beside COPY and beside one Celery task a row.

    .venv/bin/python -m scripts.bench.claims               10,000 and 100,000 rows, three rounds
    .venv/bin/python -m scripts.bench.claims --full        and 1,000,000 rows once
    .venv/bin/python -m scripts.bench.claims --sizes 10000 --rounds 1
    .venv/bin/python -m scripts.bench.claims --write       puts the figures into docs/benchmarks.md

Everything on one machine, the local payer over HTTP. Machines differ and are noisy: compare the
ratios of one run.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM

import asyncpg

from app.dev.children import spawn, stop
from scripts.bench.claim_jobs import (
    CLAIMS_A_BOOK,
    Singly,
    Size,
    plan_sizes,
    run_job,
    run_singly,
    write_file,
)
from scripts.bench.house import IN_FLIGHT, House, open_organization, running_house
from scripts.bench.processor import Meter

BENCH = Path(__file__).resolve().parent
PROJECT = BENCH.parents[1]
BASELINE_ROWS = 2_000
SINGLY_TIN = "551099999"
LATENCY_MS = 50


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


def report(sizes: list[Size], baseline: list[tuple[float, float]], single: Singly) -> str:
    """The figures as tables in Markdown."""
    usual = BASELINE_ROWS / statistics.median(seconds for seconds, _ in baseline)
    work = statistics.median(spent for _, spent in baseline) / BASELINE_ROWS * 1e6
    rate, limit = statistics.median(single.rates), single.limit
    growth = sizes[0].rate(sizes[0].whole) / sizes[-1].rate(sizes[-1].whole)
    spent = statistics.median(single.processor) / single.rows * 1e6
    return "\n".join(
        [
            f"Measured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python"
            f" {sys.version.split()[0]}, all programs on one machine; medians of the rounds.",
            "",
            "| rows | taken in, rows/s | bare COPY, rows/s | taken in ÷ COPY | upload to COMPLETED,"
            " rows/s | ÷ one task a row | µs a row | API peak MB | worker peak MB |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(_work_line(size, usual) for size in sizes),
            "",
            "| rows | results, rows/s | COPY TO, rows/s | results ÷ COPY TO | growth MB |"
            " payer calls | windows | windows × pages |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(_results_line(size) for size in sizes),
            "",
            "| processor time, µs a row | API | workers | PostgreSQL | payer | all | ÷ one task a row |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *(_processor_line(size, work) for size in sizes),
            "",
            f"One Celery task a row with an ORM insert and commit: {usual:,.0f} rows/s, {work:,.0f} µs"
            f" of processor time a row ({BASELINE_ROWS:,} rows, two processes, no payer call).",
            f"Cost of a row at {sizes[-1].rows:,} against {sizes[0].rows:,}: {growth:.2f}; of its"
            f" processor time {sizes[-1].microseconds() / sizes[0].microseconds():.2f}.",
            f"Row mode, {single.latency_ms} ms a call, {IN_FLIGHT} in flight at most"
            f" ({single.most_in_flight} seen): {rate:,.0f} calls/s,"
            f" {rate / limit:.2f} of the limit of {limit:,.0f} ({single.rows:,} rows); {spent:,.0f} µs of"
            " processor time a call, the payer's own included.",
        ]
    )


def _work_line(size: Size, usual: float) -> str:
    whole, taken, floor = (size.rate(x) for x in (size.whole, size.take_in, size.copy))
    return (
        f"| {size.rows:,} | {taken:,.0f} | {floor:,.0f} | {size.ratio(size.copy, size.take_in):.2f} |"
        f" {whole:,.0f} |"
        f" {whole / usual:.0f}× | {1e6 / whole:.0f} | {max(size.api_mb):.0f} |"
        f" {max(size.worker_mb):.0f} |"
    )


def _results_line(size: Size) -> str:
    out, floor = size.rate(size.download), size.rate(size.copy_out)
    windows = max(size.windows)
    return (
        f"| {size.rows:,} | {out:,.0f} | {floor:,.0f} | {size.ratio(size.copy_out, size.download):.2f} |"
        f" {max(size.growth_mb):.0f} | {max(size.calls):,} | {windows:,} | {windows * 10:,} |"
    )


def _processor_line(size: Size, usual: float) -> str:
    parts = [size.microseconds(name) for name in ("api", "worker", "postgres", "payer")]
    whole = size.microseconds()
    shown = " | ".join(f"{part:.1f}" for part in (*parts, whole))
    return f"| {size.rows:,} | {shown} | {usual / whole:.0f}× |"


def main() -> None:
    """Run the rounds in turn, so that a slow minute of the machine touches all alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 1,000,000 rows, once")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--singly", type=int, default=10_000, help="rows in row mode")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    given = parser.parse_args()
    sizes = plan_sizes([*given.sizes, *([1_000_000] if given.full else [])])
    single, baseline = Singly(given.singly, LATENCY_MS), list[tuple[float, float]]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            size.files.append(write_file(folder, size))
        books = {tin: size.rows // len(size.tins) for size in sizes for tin in size.tins}
        with running_house(folder, {**books, SINGLY_TIN: CLAIMS_A_BOOK}) as house:
            clients = [open_organization(house, f"size-{n}", s.tins) for n, s in enumerate(sizes)]
            alone = open_organization(house, "singly", [SINGLY_TIN])
            for turn in range(given.rounds):
                for size, client in zip(sizes, clients, strict=True):
                    if size.rows < 1_000_000 or turn == 0:
                        run_job(client, house, size, size.files[0])
                        print(f"{size.rows:>9,} rows: {size.whole[-1]:7.1f} s", flush=True)
                run_singly(alone, house, single, folder)
                baseline.append(run_baseline(house, folder))
    text = report(sizes, baseline, single)
    print(f"\n{text}")
    if given.write:
        page = PROJECT / "docs" / "benchmarks.md"
        head, mark, _ = page.read_text(encoding="utf-8").partition("<!-- claims.py -->\n")
        page.write_text(f"{head}{mark}{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
