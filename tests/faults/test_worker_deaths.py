"""Workers die in every way while a job runs: each row still has exactly one right answer.

The short cut runs always. The long one takes minutes: `INTAKE_FAULTS=long pytest tests/faults`.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import TIN, Ledger
from tests.faults.crew import Crew

MIX = Mix(wrong_person=0.05, unknown=0.05)
LONG = os.environ.get("INTAKE_FAULTS") == "long"
long_run = pytest.mark.skipif(not LONG, reason="takes minutes: INTAKE_FAULTS=long")
Fault = Callable[[Crew], Awaitable[None]]


async def answered(ledger: Ledger, job_id: UUID) -> int:
    """How many rows have an answer."""
    row = await ledger.one("SELECT count(*) AS n FROM claim_answers WHERE job_id = $1", job_id)
    return int(row["n"])


async def wait_for(ledger: Ledger, crew: Crew, job_id: UUID, rows: int, seconds: float) -> None:
    """Until so many rows are answered, or the job has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = await ledger.job(job_id)
        if job["status"] == "COMPLETED" or await answered(ledger, job_id) >= rows:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{await answered(ledger, job_id)} of {rows} rows:\n{crew.story}")


async def ended(ledger: Ledger, crew: Crew, job_id: UUID, seconds: float) -> None:
    """Until the job has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (await ledger.job(job_id))["status"] == "COMPLETED":
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not ended:\n{crew.story}")


async def kill_everybody(crew: Crew) -> None:
    """kill -9 of the worker with all its children; another one starts."""
    crew.kill(crew.members[0])
    crew.start()


async def kill_a_child(crew: Crew) -> None:
    """kill -9 of one child; its siblings go on."""
    crew.kill_child(crew.members[0])


async def end_politely(crew: Crew) -> None:
    """SIGTERM: leases are given back."""
    member = crew.members[0]
    crew.signal(member, signal.SIGTERM)
    await asyncio.to_thread(member.wait, 30)
    crew.members.remove(member)
    crew.start()


async def freeze(crew: Crew) -> None:
    """SIGSTOP past the lease while another worker takes over, then SIGCONT: a zombie writes late."""
    member = crew.members[0]
    crew.signal(member, signal.SIGSTOP)
    other = crew.start()
    await asyncio.sleep(4.0)
    crew.signal(member, signal.SIGCONT)
    await asyncio.sleep(0.5)
    crew.kill(other)


@pytest.mark.parametrize("batch", [False, True], ids=["singly", "batch"])
async def test_killed_workers_lose_and_double_nothing(
    ledger: Ledger, crew: Crew, batch: bool
) -> None:
    ledger.play(latency_ms=40)
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 500, last_days=90, mix=MIX), batch=batch
    )
    crew.start()
    for share in (0.2, 0.5):
        if batch:
            await asyncio.sleep(1.5)
        else:
            await wait_for(ledger, crew, job_id, int(500 * share), 20)
        await kill_everybody(crew)
    await ended(ledger, crew, job_id, 40)
    await ledger.check(job_id, expected)
    # What a kill repeats: at most what each of its four lanes had in hand, and the windows' pages.
    assert ledger.payer.tally.calls_repeated() <= 2 * 4 * 20


async def test_a_frozen_worker_is_fenced_off(ledger: Ledger, crew: Crew) -> None:
    ledger.play(latency_ms=60)
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 500, last_days=90, mix=MIX), batch=False
    )
    crew.start()
    await wait_for(ledger, crew, job_id, 60, 20)
    await freeze(crew)
    await ended(ledger, crew, job_id, 40)
    await ledger.check(job_id, expected)


@long_run
@pytest.mark.parametrize("batch", [False, True], ids=["singly", "batch"])
@pytest.mark.parametrize("seed", range(3))
async def test_a_long_row_of_faults(ledger: Ledger, crew: Crew, batch: bool, seed: int) -> None:
    dice = random.Random(seed)
    faults: list[Fault] = [kill_everybody, kill_a_child, end_politely, freeze]
    ledger.payer.books.write(TIN, claims=60_000, days=600)
    ledger.play(latency_ms=200, latency_jitter_ms=200, share_500=0.02, share_bad_json=0.01)
    # Without a miss every row is asked for by itself; with some, the windows settle most.
    mix = MIX if batch else Mix(0.0, 0.0)
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 2_000, last_days=300, mix=mix, seed=seed), batch=batch
    )
    crew.start()
    made = 0
    for _ in range(25):
        await asyncio.sleep(dice.uniform(0.3, 2.5))
        if (await ledger.job(job_id))["status"] == "COMPLETED":
            break
        await dice.choice(faults)(crew)
        made += 1
    await ended(ledger, crew, job_id, 240)
    await ledger.check(job_id, expected)
    assert made >= 3
