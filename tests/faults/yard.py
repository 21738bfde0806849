"""A database, a Valkey and workers of one test's own, all of which may be broken."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.core.db import DatabaseAway, DatabaseBusy
from app.dev.payer.rows import Expected
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from tests.claims.engine.ledger import Ledger
from tests.faults.crew import Crew, children_of

# A wait ends long before; a busy machine is no fault.
PATIENCE_SECONDS = 90.0


@dataclass
class Yard:
    """Everything that a job runs on."""

    postgres: PostgresServer
    valkey: ValkeyServer
    ledger: Ledger
    crew: Crew
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    made: int = 0
    """Faults made so far."""

    async def answered(self, job_id: UUID) -> tuple[int, bool]:
        """How many rows have an answer, and whether the job has ended; asked again if need be."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                row = await self.ledger.one(
                    "SELECT (SELECT count(*) FROM claim_answers WHERE job_id = $1) AS n,"
                    " processing_completed_at IS NOT NULL AS ended FROM claim_jobs WHERE id = $1",
                    job_id,
                )
                return int(row["n"]), bool(row["ended"])
            except (DatabaseAway, DatabaseBusy):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)

    async def reach(self, job_id: UUID, rows: int, calls: int) -> bool:
        """Wait for so many answers and calls; False when the job has ended by then."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            count, ended = await self.answered(job_id)
            if ended or (count >= rows and self.ledger.payer.tally.calls >= calls):
                return not ended
            if time.monotonic() > deadline:
                raise AssertionError(f"{count} of {rows} rows:\n{self.crew.story}")
            await asyncio.sleep(0.03)

    async def end(self, job_id: UUID) -> None:
        """Wait for the job's end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (await self.answered(job_id))[1]:
            if time.monotonic() > deadline:
                raise AssertionError(f"not ended:\n{self.crew.story}")
            await asyncio.sleep(0.05)

    async def account(self, job_id: UUID, expected: Sequence[Expected]) -> dict[str, int]:
        """Lost rows, double ones, and what the counters say beside the rows; then every answer."""
        found = await self.ledger.one(
            "SELECT j.total_rows - (SELECT count(DISTINCT row_no) FROM claim_answers a"
            "   WHERE a.job_id = j.id) AS lost,"
            " (SELECT count(*) - count(DISTINCT row_no) FROM claim_answers a"
            "   WHERE a.job_id = j.id) AS double,"
            " j.success_count + j.failure_count - (SELECT count(*) FROM claim_answers a"
            "   WHERE a.job_id = j.id) AS counter_minus_rows"
            " FROM claim_jobs j WHERE id = $1",
            job_id,
        )
        await self.ledger.check(job_id, expected)
        return {
            **{name: int(found[name]) for name in ("lost", "double", "counter_minus_rows")},
            "rows": len(expected),
        }


Fault = Callable[[Yard], Awaitable[None]]


async def kill_a_child(yard: Yard) -> None:
    """kill -9 of a pool child; its siblings go on."""
    yard.crew.kill_child(yard.crew.members[0], yard.dice.randrange(2))


async def kill_a_worker(yard: Yard) -> None:
    """kill -9 of a worker with all its children; another one starts."""
    yard.crew.kill(yard.crew.members[0])
    yard.crew.start()


async def end_a_worker(yard: Yard) -> None:
    """SIGTERM: what is in hand is given back; another one starts."""
    await yard.crew.end(yard.crew.members[0], signal.SIGTERM)
    yard.crew.start()


async def quit_a_worker(yard: Yard) -> None:
    """SIGQUIT: Celery's cold shutdown; another one starts."""
    await yard.crew.end(yard.crew.members[0], signal.SIGQUIT)
    yard.crew.start()


async def freeze_a_worker(yard: Yard) -> None:
    """SIGSTOP past the lease while another worker goes on, then SIGCONT: a zombie writes late."""
    member = yard.crew.members[0]
    if len(yard.crew.members) == 1:
        yard.crew.start()
    yard.crew.signal(member, signal.SIGSTOP)
    await asyncio.sleep(2 * yard.crew.settings.claims.lease_seconds)
    yard.crew.signal(member, signal.SIGCONT)


async def empty_redis(yard: Yard) -> None:
    """kill -9 of Valkey; it comes back with nothing in it."""
    process = yard.valkey.process
    assert process is not None
    process.kill()
    process.wait()
    shutil.rmtree(yard.valkey._home.path / "appendonlydir", ignore_errors=True)
    yard.valkey._start()


async def freeze_redis(yard: Yard) -> None:
    """SIGSTOP of Valkey for six seconds."""
    process = yard.valkey.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(6.0)
    process.send_signal(signal.SIGCONT)


async def crash_postgres(yard: Yard) -> None:
    """PostgreSQL ends without a checkpoint and is back after 1.5 s, with its log replayed."""
    process = yard.postgres.process
    assert process is not None
    process.send_signal(signal.SIGQUIT)
    await asyncio.to_thread(process.wait)
    await asyncio.sleep(1.5)
    yard.postgres._start()


async def kill_a_backend(yard: Yard) -> None:
    """kill -9 of one connection's server process: PostgreSQL throws everybody out and recovers."""
    process = yard.postgres.process
    assert process is not None
    backends: list[Any] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not backends and time.monotonic() < deadline:
        # Workers that have just been started, or thrown out, have no connection yet.
        with contextlib.suppress(DatabaseAway, DatabaseBusy):
            backends = await yard.ledger.all(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'intake-worker'"
            )
        await asyncio.sleep(0.05)
    for row in backends[:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(row["pid"], signal.SIGKILL)
    await asyncio.sleep(0.5)


async def freeze_postgres(yard: Yard) -> None:
    """SIGSTOP of PostgreSQL with all its processes for six seconds."""
    process = yard.postgres.process
    assert process is not None
    everybody = [process.pid, *children_of(process.pid)]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(6.0)
    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
