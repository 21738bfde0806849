"""How long a résumé takes to find its jobs among a hundred thousand open ones.

    .venv/bin/python -m scripts.bench.top_matches                  100,000 jobs
    .venv/bin/python -m scripts.bench.top_matches --jobs 10000
    .venv/bin/python -m scripts.bench.top_matches --sets 10        jobs that are less alike
    .venv/bin/python -m scripts.bench.top_matches --write          puts it into docs/benchmarks.md

The jobs are mixtures of two of those that scripts/bench/papers.py makes: 208 jobs a set, each set with
other tasks, skills and sentences for the same occupations. They are stored as the worker stores what
it has read. Measured are the steps of one analysis against all jobs, without the reading of the
résumé. For machines that do other work: a floor, as many jobs fetched by ids that are known, and the
processor time of this process and of its PostgreSQL backend (Linux).

The recall: for ten of the résumés every stored job is ranked by the signal that orders matches, read in
batches, and it is counted how many of the best twenty are candidates.
"""

import argparse
import asyncio
import heapq
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace
from pydantic import SecretStr
from sqlalchemy import select, text

from app.analysis import candidates, index
from app.analysis.engine.demands import read_job
from app.analysis.engine.fit import signal
from app.analysis.engine.profile import read_resume
from app.analysis.engine.ranking import packed
from app.analysis.engine.values import Demands, Profile
from app.analysis.engine.version import model_version
from app.analysis.models import JobFeatures
from app.analysis.pipeline import MOST_MATCHES, answers_for
from app.core import memory
from app.core.clock import now
from app.core.db import Database, Scope, as_owner, driver
from app.core.ids import new_id
from app.core.migrations import migrate
from app.core.settings import DatabaseSettings
from app.dev.postgres import PostgresServer
from app.resumes.understanding.understand import understand
from scripts.bench.papers import make

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- top_matches.py -->", "<!-- end of top_matches.py -->"
_ORGANIZATION: Final = UUID("00000000-0000-7000-8000-000000000001")
_RESUMES: Final = 30
# Of so many résumés every job is ranked, which takes a second of processor time each.
_RANKED: Final = 10
_BEST: Final = 20
_BATCH: Final = 2000


def mixture(base: Sequence[Demands], draw: random.Random) -> Demands:
    """A job that takes six tenths of one job's terms and the rest of another's."""
    one, other = draw.choice(base), draw.choice(base)
    terms = dict(draw.sample(list(one.terms.items()), int(len(one.terms) * 0.6)))
    terms |= dict(draw.sample(list(other.terms.items()), int(len(other.terms) * 0.4)))
    length = sum(weight * weight for weight in terms.values()) ** 0.5
    return replace(one, terms={term: weight / length for term, weight in terms.items()})


async def fill(database: Database, base: Sequence[Demands], many: int) -> None:
    """Store the jobs as they stand after reading, some thousand at a time."""
    async with database.write(Scope.system()) as session, as_owner(session):
        await session.execute(
            text("INSERT INTO organizations (id, name, slug) VALUES (:id, 'Bench', 'bench')"),
            {"id": _ORGANIZATION},
        )
    draw = random.Random(3)
    for start in range(0, many, _BATCH):
        rows = [(new_id(), mixture(base, draw)) for _ in range(min(_BATCH, many - start))]
        async with database.write(Scope.system()) as session, as_owner(session):
            await _copy(await driver(session), rows)
    async with database.engine.connect() as owner:
        await owner.execution_options(isolation_level="AUTOCOMMIT")
        await owner.execute(text("SET ROLE NONE"))
        # PostgreSQL may be at it by itself; then this waits for it.
        await owner.execute(text("SET lock_timeout = 0"))
        for table in ("jobs", "job_features", "job_terms"):
            await owner.execute(text(f"VACUUM ANALYZE {table}"))


async def _copy(
    connection: "asyncpg.Connection[Any]", rows: Sequence[tuple[UUID, Demands]]
) -> None:
    seen_at = now()
    same = ("x", "x", "x", "remote", "full_time", "mid", "EUR", "en", "active", seen_at)
    tables: dict[str, tuple[str, Iterable[tuple[Any, ...]]]] = {
        "jobs": (
            "id organization_id title company description location_type job_type experience_level"
            " currency language status posted_at",
            ((job, _ORGANIZATION, *same) for job, _ in rows),
        ),
        "job_features": (
            "job_id digest model_version seen_at features ranking",
            (
                (job, "x", model_version(), seen_at, msgspec.msgpack.encode(each), packed(each))
                for job, each in rows
            ),
        ),
        "job_terms": (
            "job_id term weight",
            (
                (job, term, weight)
                for job, each in rows
                for term, weight in index.terms_of_job(each).items()
            ),
        ),
    }
    for table, (columns, records) in tables.items():
        await connection.copy_records_to_table(table, records=records, columns=columns.split())


async def measure(
    database: Database, profiles: Sequence[Profile], *, ranked: bool
) -> dict[str, list[float]]:
    """Milliseconds of each step for each résumé, and for some the share of the best that were found."""
    names = ("floor", "candidates", "scores", "together", "found", "cpu", "cpu_database")
    figures: dict[str, list[float]] = {name: [] for name in names}
    best = await _best(database, profiles[:_RANKED] if ranked else [])
    for profile, truly in zip_longest(profiles, best):
        async with database.read(Scope.system()) as session:
            backend = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            worked = time.process_time(), _ticks(backend)
            begun = time.perf_counter()
            _, promising = await candidates.find(session, profile)
            between = time.perf_counter()
            nearest = candidates.nearest(profile, promising, MOST_MATCHES)
            described = await candidates.described(session, nearest, MOST_MATCHES)
        answers_for(profile, described)
        ended = time.perf_counter()
        figures["cpu"].append((time.process_time() - worked[0]) * 1000)
        figures["cpu_database"].append(_ticks(backend) - worked[1])
        chosen = {job_id for job_id, _ in promising}
        figures["floor"].append(await _floor(database, list(chosen)))
        figures["candidates"].append((between - begun) * 1000)
        figures["scores"].append((ended - between) * 1000)
        figures["together"].append((ended - begun) * 1000)
        if truly:
            figures["found"].append(len(chosen & truly) / len(truly))
    return figures


def _ticks(process: int) -> float:
    """Milliseconds of processor time of a process so far, in steps of ten."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


async def _floor(database: Database, jobs: Sequence[UUID]) -> float:
    """Milliseconds of fetching what so many jobs are ranked by, by their ids."""
    begun = time.perf_counter()
    async with database.read(Scope.system()) as session:
        await session.execute(select(JobFeatures.ranking).where(JobFeatures.job_id.in_(jobs)))
    return (time.perf_counter() - begun) * 1000


async def _best(database: Database, profiles: Sequence[Profile]) -> list[set[UUID]]:
    """The jobs that rank highest of all, for each résumé."""
    best: list[list[tuple[float, UUID]]] = [[] for _ in profiles]
    read = msgspec.msgpack.Decoder(Demands).decode
    last = UUID(int=0)
    while True:
        page = select(JobFeatures.job_id, JobFeatures.features).where(JobFeatures.job_id > last)
        async with database.read(Scope.system()) as session:
            rows = (await session.execute(page.order_by(JobFeatures.job_id).limit(_BATCH))).all()
        if not rows:
            return [{job_id for _, job_id in each} for each in best]
        last = rows[-1].job_id
        jobs = [(job_id, read(features)) for job_id, features in rows]
        for number, profile in enumerate(profiles):
            ranked = [(signal(profile, job), job_id) for job_id, job in jobs]
            best[number] = heapq.nlargest(_BEST, [*best[number], *ranked])


async def run(many: int, sets: int) -> str:
    """Fill a database of its own and measure."""
    resumes = make(1, seed=4)[1]
    base = [read_job(job) for seed in range(4, 4 + sets) for job in make(1, seed=seed)[0]]
    chosen = random.Random(5).sample(resumes, _RESUMES)
    day = date(2024, 1, 1)
    profiles = [read_resume(each.text, understand(each.text, document_date=day)) for each in chosen]
    with tempfile.TemporaryDirectory() as home, PostgresServer(Path(home) / "postgres") as server:
        url = server.url_of("postgres")
        await migrate(url)
        database = Database(
            DatabaseSettings(
                url=SecretStr(url), statement_timeout_seconds=600, pool_timeout_seconds=60
            )
        )
        await fill(database, base, many)
        # As in a worker that is ready.
        memory.settle()
        await measure(database, profiles[:3], ranked=False)
        figures = await measure(database, profiles, ranked=True)
        await database.close()
    return table(many, len(base), figures)


def table(many: int, base: int, figures: dict[str, list[float]]) -> str:
    """The section of docs/benchmarks.md."""
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, {many:,} open jobs of {base}, {_RESUMES} résumés,"
        f" model {model_version()}.",
        "",
        "| step | median ms | p95 ms | slowest ms |",
        "| --- | --- | --- | --- |",
    ]
    steps: dict[str, str] = {
        "floor": f"floor: {candidates.MOST_CANDIDATES:,} known jobs fetched",
        "candidates": f"candidates: find {candidates.MOST_CANDIDATES:,} jobs and fetch them",
        "scores": "rank them, and whole answers for the best hundred",
        "together": "together",
    }
    for name, told in steps.items():
        times = sorted(figures[name])
        p95 = times[int(len(times) * 0.95)]
        lines.append(f"| {told} | {statistics.median(times):.0f} | {p95:.0f} | {times[-1]:.0f} |")
    ours, backend = (statistics.mean(figures[name]) for name in ("cpu", "cpu_database"))
    lines += [
        "",
        f"Processor time a résumé: {ours:.0f} ms of the worker's, {backend:.0f} ms of PostgreSQL's.",
    ]
    lines += [
        "",
        f"Of the twenty best of all, {statistics.mean(figures['found']):.2f} are candidates"
        f" (of the résumé that fares worst {min(figures['found']):.2f}).",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--sets", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(run(options.jobs, options.sets))
    print(found)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(_BEGIN)
        PAGE.write_text(f"{before}{_BEGIN}\n{found}\n{_END}{rest.split(_END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
