"""Whatever happens in whatever order, the accounts agree at every moment and the job can end."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.claims.engine.bench import Bench
from app.claims.engine.control import RetryScope
from app.claims.engine.leases import claim
from app.claims.engine.sweep import sweep
from app.claims.engine.work import work
from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import Ledger
from tests.claims.engine.test_control import do_cancel, do_retry
from tests.claims.engine.test_outage import drain_until, hurry

MIX = Mix(wrong_person=0.1, unknown=0.1)
RUN_OUT = "UPDATE claim_units SET lease_until = now() - interval '1s' WHERE state = 'LEASED'"
ENDED = ("COMPLETED", "CANCELLED", "FAILED")


async def check_invariants(ledger: Ledger, job_id: UUID) -> str:
    """What CONTRACT promises of every job at every moment; gives the status."""
    found = await ledger.one(
        "SELECT j.*, (SELECT count(*) FROM claim_answers WHERE job_id = j.id) AS answers,"
        " (SELECT sum(succeeded + failed) FROM claim_units WHERE job_id = j.id) AS counted,"
        " (SELECT count(*) FROM claim_answers a WHERE a.job_id = j.id AND NOT EXISTS"
        "  (SELECT FROM claim_rows r WHERE r.job_id = j.id AND r.row_no = a.row_no)) AS strangers,"
        " (SELECT max(version) FROM claim_job_events WHERE job_id = j.id) AS last_event"
        " FROM claim_jobs j WHERE id = $1",
        job_id,
    )
    status = str(found["status"])
    assert found["counted"] == found["answers"] <= found["total_rows"]
    assert found["strangers"] == 0
    assert found["last_event"] == found["version"]
    if status in ENDED:
        assert found["success_count"] + found["failure_count"] == found["answers"]
    if status == "COMPLETED":
        assert found["answers"] == found["total_rows"]
    return status


@dataclass
class Chaos:
    """What can happen to a job, each by one call."""

    ledger: Ledger
    bench: Bench
    job_id: UUID
    dice: random.Random

    @property
    def deeds(self) -> list[Callable[[], Awaitable[None]]]:
        """Everything that can happen; what is named more often happens more often."""
        often = [self.step] * 4 + [self.die] * 2 + [self.retry] * 2
        return [*often, self.vanish, self.zombie, self.cancel, self.sweep]

    async def step(self) -> None:
        """A worker takes a unit and works on it."""
        unit = await claim(self.bench)
        if unit is not None:
            await work(self.bench, unit)

    async def die(self) -> None:
        """A worker is told to end in the middle of a unit."""
        unit = await claim(self.bench)
        if unit is None:
            return
        task = asyncio.create_task(work(self.bench, unit))
        await asyncio.sleep(self.dice.uniform(0.0, 0.03))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def vanish(self) -> None:
        """A worker takes a unit and is never heard of again."""
        await claim(self.bench)
        await self.ledger.do(RUN_OUT)

    async def zombie(self) -> None:
        """Two workers have the same unit in hand, and one of them does not know it."""
        first = await claim(self.bench)
        await self.ledger.do(RUN_OUT)
        second = await claim(self.bench)
        units = [unit for unit in (first, second) if unit is not None]
        await asyncio.gather(*(work(self.bench, unit) for unit in units))

    async def cancel(self) -> None:
        """Somebody cancels."""
        await do_cancel(self.ledger, self.job_id)

    async def retry(self) -> None:
        """Somebody retries."""
        scopes: list[RetryScope | None] = [None, "failed", "retriable", "unprocessed"]
        await do_retry(self.ledger, self.job_id, self.dice.choice(scopes))

    async def sweep(self) -> None:
        """The sweeper comes by."""
        await sweep(self.ledger.database)

    async def end(self) -> None:
        """Nothing happens any more but work."""
        await self.ledger.do(RUN_OUT)
        await self.sweep()
        await do_retry(self.ledger, self.job_id)
        await drain_until(self.ledger, self.job_id, self.bench)


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
@pytest.mark.parametrize("seed", range(3))
async def test_any_interleaving_keeps_the_accounts(ledger: Ledger, seed: int, batch: bool) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 130, last_days=60, mix=MIX, seed=seed), batch=batch
    )
    chaos = Chaos(ledger, ledger.bench(), job_id, random.Random(seed))
    for _ in range(30):
        await chaos.dice.choice(chaos.deeds)()
        await hurry(ledger)
        await check_invariants(ledger, job_id)
    await chaos.end()
    # A unit that was left three times without progress ends by rule, and says so.
    wrong = [
        (entry, code)
        for entry, code in zip(expected, await ledger.codes(job_id), strict=True)
        if code not in (entry.error_code, "internal")
    ]
    assert wrong == []
    await ledger.check_accounts(job_id)
