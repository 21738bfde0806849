"""What a benchmark of claim files does with one job, and what it is held against."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from app.claims.queries.lines import Lines
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Books
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import Mix, RowPlan, write_rows
from scripts.bench.house import IN_FLIGHT, House

CLAIMS_A_BOOK = 200_000
DAYS = 600
OUTWARD_ROUNDS = 3


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
    download: list[float] = field(default_factory=list)
    copy_out: list[float] = field(default_factory=list)
    growth_mb: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)
    api_mb: list[float] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)
    processor: list[dict[str, float]] = field(default_factory=list)
    """Seconds of each program for the whole job."""

    def rate(self, seconds: list[float]) -> float:
        """Rows per second, the median of the rounds."""
        return self.rows / statistics.median(seconds)

    def ratio(self, over: list[float], under: list[float]) -> float:
        """The median of the rounds' own ratios: both sides of each were measured together."""
        return statistics.median(a / b for a, b in zip(over, under, strict=True))

    def microseconds(self, *programs: str) -> float:
        """Processor time of the programs for a row, of all of them where none is named."""
        sums = (sum(one[name] for name in programs or one) for one in self.processor)
        return statistics.median(sums) / self.rows * 1e6


def plan_sizes(wanted: Sequence[int]) -> list[Size]:
    """The sizes, each with practices of its own: a payer gives 500 claims of a day at most."""
    sizes, number = [], 0
    for rows in wanted:
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
    """One upload to its end and its results; leaves nothing behind for the next round."""
    today = payer_today()
    first_day = today.fromordinal(today.toordinal() - DAYS)
    house.forget_peaks()
    house.payer("reset")
    form = {"start_date": first_day.isoformat(), "end_date": today.isoformat()}
    meter = house.meter()
    started = time.monotonic()
    address = upload(client, path, {**form, "use_batch_query": "true"})
    size.take_in.append(time.monotonic() - started)
    job = wait_for_end(client, address, pause=0.02 if size.rows < 50_000 else 0.1)
    size.whole.append(time.monotonic() - started)
    size.processor.append(meter.seconds())
    if job["failure_count"] != size.expected_failures or job["status"] != "COMPLETED":
        sys.exit(f"wrong answers: {job}, expected {size.expected_failures} failures")
    size.api_mb.append(house.peak_megabytes("api"))
    size.worker_mb.append(house.peak_megabytes("worker"))
    size.calls.append(house.payer("calls")["calls"])
    asyncio.run(measure_copy(house.database, size))
    # In turns: either takes some seconds, in which the machine's pace may be another one.
    for _ in range(OUTWARD_ROUNDS):
        download(client, house, size, address)
        asyncio.run(measure_copy_out(house.database, size))
    client.delete(f"{address}/").raise_for_status()
    asyncio.run(forget_rows(house.database))


async def forget_rows(url: str) -> None:
    """Take away at once what the sweeper would take away piece by piece beside the next round."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE claim_rows, claim_answers, claim_twins, payer_claims")
    finally:
        await connection.close()


def upload(client: httpx.Client, path: Path, form: dict[str, str]) -> str:
    """Send the file; gives the job's address."""
    with path.open("rb") as file:
        answer = client.post(
            "/claims/bulk/upload/",
            files={"file": (path.name, file, "text/csv")},
            data={"provider": "uhc", **form},
        )
    answer.raise_for_status()
    return f"/claims/csv-jobs/{answer.json()['id']}"


def wait_for_end(client: httpx.Client, address: str, *, pause: float) -> dict[str, Any]:
    """The job's figures once it has ended."""
    while True:
        job: dict[str, Any] = client.get(f"{address}/progress/").json()
        if job["status"] in ("COMPLETED", "FAILED"):
            return job
        time.sleep(pause)


def download(client: httpx.Client, house: House, size: Size, address: str) -> None:
    """Stream the results and throw them away."""
    house.forget_peaks()
    before = house.peak_megabytes("api")
    started, lines = time.monotonic(), 0
    with client.stream("GET", f"{address}/results/") as answer:
        for piece in answer.iter_raw(1 << 20):
            lines += piece.count(b"\n")
    size.download.append(time.monotonic() - started)
    size.growth_mb.append(house.peak_megabytes("api") - before)
    if lines != size.rows + 1:
        sys.exit(f"{lines} lines of results for {size.rows} rows")


async def measure_copy(url: str, size: Size) -> None:
    """The floor of taking in: COPY of the stored rows, ready in memory. And how many windows there were."""
    connection = await asyncpg.connect(url)
    try:
        windows = "SELECT count(*) FROM payer_queries WHERE kind = 'window'"
        size.windows.append(await connection.fetchval(windows))
        await connection.execute("CREATE TABLE bench_rows (LIKE claim_rows INCLUDING ALL)")
        records = [tuple(row) for row in await connection.fetch("SELECT * FROM claim_rows")]
        started = time.monotonic()
        await connection.copy_records_to_table("bench_rows", records=records)
        size.copy.append(time.monotonic() - started)
        await connection.execute("DROP TABLE bench_rows")
    finally:
        await connection.close()


async def measure_copy_out(url: str, size: Size) -> None:
    """The floor of results: COPY of their lines by the statement that the API uses."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET enable_nestloop = off")
        (job,) = await connection.fetch("SELECT id, mapping, header FROM claim_jobs")
        lines = Lines(job["id"], len(job["header"]), json.loads(job["mapping"]), "{}", None)
        started = time.monotonic()
        await connection.copy_from_query(
            lines.statement(), *lines.values(0, size.rows), output=discard, format="csv"
        )
        size.copy_out.append(time.monotonic() - started)
    finally:
        await connection.close()


async def discard(_: bytes) -> None:
    """Where COPY writes to."""


@dataclass
class Singly:
    """Row mode against a payer with latency: how near to the most that so many places allow."""

    rows: int
    latency_ms: int
    rates: list[float] = field(default_factory=list)
    most_in_flight: int = 0
    processor: list[float] = field(default_factory=list)

    @property
    def limit(self) -> float:
        """Calls per second, if every place were always taken."""
        return IN_FLIGHT / (self.latency_ms / 1000)


def run_singly(client: httpx.Client, house: House, single: Singly, folder: Path) -> None:
    """A job that asks for each row by itself."""
    practice = client.get("/practices/").json()["results"][0]
    book = Books(seed=PayerOptions().seed, today=payer_today()).write(
        practice["tin"], claims=CLAIMS_A_BOOK, days=DAYS
    )
    path = folder / "singly.csv"
    plan = RowPlan("practice", single.rows, seed=9, mix=Mix(0.0, 0.0), practice_id=practice["id"])
    write_rows(book, path, plan)
    house.payer("reset")
    house.payer("faults", {"latency_ms": single.latency_ms})
    meter = house.meter()
    address = upload(client, path, {"use_batch_query": "false"})
    job = wait_for_end(client, address, pause=0.1)
    told = house.payer("calls")
    house.payer("reset")
    if job["status"] != "COMPLETED" or job["failure_count"]:
        sys.exit(f"wrong answers: {job}")
    whole = client.get(f"{address}/").json()
    began, ended = (
        datetime.fromisoformat(whole[f"processing_{name}_at"]) for name in ("started", "completed")
    )
    single.rates.append(told["calls"] / (ended - began).total_seconds())
    single.most_in_flight = max(single.most_in_flight, told["max_in_flight"])
    single.processor.append(sum(meter.seconds().values()))
    client.delete(f"{address}/").raise_for_status()
    asyncio.run(forget_rows(house.database))
