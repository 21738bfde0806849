"""Rows per second from upload to COMPLETED, beside COPY and beside one Celery task a row.

    .venv/bin/python -m scripts.bench.claims               10,000 and 100,000 rows, three rounds
    .venv/bin/python -m scripts.bench.claims --full        and 1,000,000 rows once
    .venv/bin/python -m scripts.bench.claims --write       puts the figures into docs/benchmarks.md

Batch mode, a local payer over HTTP without latency, everything on one machine. Machines differ and
are noisy: compare the ratios of one run.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM

import asyncpg
import httpx

from app.dev.children import spawn, stop
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Books
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import RowPlan, write_rows
from scripts.bench.house import House, open_organization, running_house

BENCH = Path(__file__).resolve().parent
PROJECT = BENCH.parents[1]
CLAIMS_A_BOOK = 200_000
BASELINE_ROWS = 2_000
DAYS = 600


@dataclass
class Size:
    """One size of file and what was measured with it, a figure a round."""

    rows: int
    tins: list[str]
    files: list[Path] = field(default_factory=list)
    expected_failures: int = 0
    take_in: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    copy: list[float] = field(default_factory=list)
    api_mb: list[float] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)

    def rate(self, seconds: list[float]) -> float:
        """Rows per second, the median of the rounds."""
        return self.rows / statistics.median(seconds)


def plan_sizes(full: bool) -> list[Size]:
    """The sizes, each with practices of its own: a payer gives 500 claims of a day at most."""
    sizes, number = [], 0
    for rows in (10_000, 100_000, *((1_000_000,) if full else ())):
        tins = []
        for _ in range(-(-rows // CLAIMS_A_BOOK)):
            number += 1
            tins.append(f"5510{number:05d}")
        sizes.append(Size(rows, tins))
    return sizes


def write_file(folder: Path, size: Size) -> Path:
    """One CSV over all books of the size; counts the rows that must end as failed."""
    path = folder / f"claims-{size.rows}.csv"
    each = size.rows // len(size.tins)
    with path.open("w", encoding="utf-8", newline="") as whole:
        for place, tin in enumerate(size.tins):
            books = Books(seed=PayerOptions().seed, today=payer_today())
            book = books.write(tin, claims=each, days=DAYS)
            part = folder / "part.csv"
            answers = write_rows(book, part, RowPlan(shape="claim_number", rows=each, seed=place))
            size.expected_failures += sum(answer.error_code is not None for answer in answers)
            with part.open(encoding="utf-8", newline="") as lines:
                header = next(lines)
                whole.write(header if place == 0 else "")
                whole.writelines(lines)
            part.unlink()
    return path


def run_job(client: httpx.Client, house: House, size: Size, path: Path) -> None:
    """One upload to its end; leaves nothing behind for the next round."""
    today = payer_today()
    first_day = today.fromordinal(today.toordinal() - DAYS)
    house.forget_peaks()
    started = time.monotonic()
    with path.open("rb") as file:
        answer = client.post(
            "/claims/bulk/upload/",
            files={"file": (path.name, file, "text/csv")},
            data={
                "provider": "uhc",
                "use_batch_query": "true",
                "start_date": first_day.isoformat(),
                "end_date": today.isoformat(),
            },
        )
    answer.raise_for_status()
    size.take_in.append(time.monotonic() - started)
    address = f"/claims/csv-jobs/{answer.json()['id']}"
    while (job := client.get(f"{address}/progress/").json())["status"] not in (
        "COMPLETED",
        "FAILED",
    ):
        time.sleep(0.05 if size.rows < 50_000 else 0.25)
    size.whole.append(time.monotonic() - started)
    if job["failure_count"] != size.expected_failures or job["status"] != "COMPLETED":
        sys.exit(f"wrong answers: {job}, expected {size.expected_failures} failures")
    size.api_mb.append(house.peak_megabytes("api"))
    size.worker_mb.append(house.peak_megabytes("worker"))
    asyncio.run(copy_same_rows(house.database, size))
    client.delete(f"{address}/").raise_for_status()


async def copy_same_rows(url: str, size: Size) -> None:
    """The floor: COPY of the stored rows, ready in memory, into a table of the same shape."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE bench_rows (LIKE claim_rows INCLUDING ALL)")
        records = [tuple(row) for row in await connection.fetch("SELECT * FROM claim_rows")]
        started = time.monotonic()
        await connection.copy_records_to_table("bench_rows", records=records)
        size.copy.append((time.monotonic() - started) * size.rows / len(records))
        await connection.execute("DROP TABLE bench_rows")
    finally:
        await connection.close()


def run_baseline(house: House, folder: Path) -> float:
    """Seconds for `BASELINE_ROWS` rows at one Celery task each, from the first send to the last row."""
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
        started = time.monotonic()
        for row in range(BASELINE_ROWS):
            task_per_row.answer_row.delay(row, f"FH{row:08d}", "Ada", "Byron", "1980-12-10")
        wait_for_rows(house.database, BASELINE_ROWS + 1, seconds=120)
        return time.monotonic() - started
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


def report(sizes: list[Size], baseline: list[float]) -> str:
    """The figures as a table in Markdown."""
    usual = BASELINE_ROWS / statistics.median(baseline)
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python"
        f" {sys.version.split()[0]}, all programs on one machine; medians of the rounds.",
        "",
        "| rows | taken in, rows/s | bare COPY, rows/s | taken in ÷ COPY | upload to COMPLETED,"
        " rows/s | ÷ one task a row | µs a row | API peak MB | worker peak MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for size in sizes:
        whole, taken, floor = (size.rate(x) for x in (size.whole, size.take_in, size.copy))
        lines.append(
            f"| {size.rows:,} | {taken:,.0f} | {floor:,.0f} | {taken / floor:.2f} | {whole:,.0f} |"
            f" {whole / usual:.0f}× | {1e6 / whole:.0f} | {max(size.api_mb):.0f} |"
            f" {max(size.worker_mb):.0f} |"
        )
    growth = sizes[0].rate(sizes[0].whole) / sizes[-1].rate(sizes[-1].whole)
    lines += [
        "",
        f"One Celery task a row with an ORM insert and commit: {usual:,.0f} rows/s"
        f" ({BASELINE_ROWS:,} rows, two processes, no payer call).",
        f"Cost of a row at {sizes[-1].rows:,} against {sizes[0].rows:,}: {growth:.2f}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the rounds in turn, so that a slow minute of the machine touches all alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 1,000,000 rows, once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    given = parser.parse_args()
    sizes, baseline = plan_sizes(given.full), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            size.files.append(write_file(folder, size))
        books = {tin: size.rows // len(size.tins) for size in sizes for tin in size.tins}
        with running_house(folder, books) as house:
            clients = [open_organization(house, f"size-{s.rows}", s.tins) for s in sizes]
            for turn in range(given.rounds):
                for size, client in zip(sizes, clients, strict=True):
                    if size.rows < 1_000_000 or turn == 0:
                        run_job(client, house, size, size.files[0])
                        print(f"{size.rows:>9,} rows: {size.whole[-1]:7.1f} s", flush=True)
                baseline.append(run_baseline(house, folder))
    text = report(sizes, baseline)
    print(f"\n{text}")
    if given.write:
        page = PROJECT / "docs" / "benchmarks.md"
        head, mark, _ = page.read_text(encoding="utf-8").partition("<!-- claims.py -->\n")
        page.write_text(f"{head}{mark}{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
