"""Whatever happens in whatever order, the accounts agree at every moment and the job can end.

Hypothesis drives the engine over the real database; INTAKE_FAULTS=long lets it try 200 sequences.
"""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.claims.engine.answer import writer_of
from app.claims.engine.bench import Bench, Fenced, Unit
from app.claims.engine.control import RetryScope
from app.claims.engine.leases import claim, release, renew
from app.claims.engine.sweep import sweep
from app.claims.engine.work import work
from app.claims.queries.engine import rows
from app.claims.queries.engine.rows import Answered
from app.core.db import Scope, as_owner, driver
from app.dev.payer.rows import Expected, Mix, RowPlan
from tests.claims.engine.ledger import Ledger
from tests.claims.engine.test_control import do_cancel, do_retry
from tests.claims.engine.test_outage import drain_until, hurry

T = TypeVar("T")
MIX = Mix(wrong_person=0.1, unknown=0.1)
RUN_OUT = "UPDATE claim_units SET lease_until = now() - interval '1s' WHERE state = 'LEASED'"
ENDED = ("COMPLETED", "CANCELLED", "FAILED")
# What a job may do between two looks, some moves being two at once.
MOVES = {
    "PENDING": {"PENDING", "PROCESSING", "CANCELLED", "COMPLETED", "FAILED"},
    "PROCESSING": {"PROCESSING", "CANCELLING", "CANCELLED", "COMPLETED", "FAILED"},
    "CANCELLING": {"CANCELLING", "CANCELLED"},
    "CANCELLED": {"CANCELLED", "PENDING"},
    "COMPLETED": {"COMPLETED", "PENDING"},
    "FAILED": {"FAILED", "PENDING"},
}
MOST_IN_HAND = 4
LONG = os.environ.get("INTAKE_FAULTS") == "long"
SCOPES: list[RetryScope | None] = [None, "failed", "retriable", "unprocessed", "all"]
UNITS = st.integers(0, MOST_IN_HAND - 1)


async def check_invariants(ledger: Ledger, job_id: UUID) -> str:
    """What CONTRACT promises of every job at every moment; gives the status."""
    found = await ledger.one(
        "SELECT j.*, (SELECT count(*) FROM claim_answers WHERE job_id = j.id) AS answers,"
        " (SELECT sum(succeeded + failed) FROM claim_units WHERE job_id = j.id) AS counted,"
        " (SELECT count(*) FROM claim_answers a WHERE a.job_id = j.id AND NOT EXISTS"
        "  (SELECT FROM claim_rows r WHERE r.job_id = j.id AND r.row_no = a.row_no)) AS strangers,"
        " (SELECT count(*) FROM claim_units WHERE job_id = j.id"
        "  AND (state = 'LEASED') <> (token IS NOT NULL)) AS odd_leases,"
        " (SELECT count(*) FROM claim_job_events WHERE job_id = j.id AND kind = 'status'"
        "  AND data->>'status' IN ('COMPLETED', 'CANCELLED', 'FAILED')) AS ends,"
        " (SELECT max(version) FROM claim_job_events WHERE job_id = j.id) AS last_event"
        " FROM claim_jobs j WHERE id = $1",
        job_id,
    )
    status = str(found["status"])
    assert found["counted"] == found["answers"] <= found["total_rows"]
    assert (found["strangers"], found["odd_leases"]) == (0, 0)
    assert found["last_event"] == found["version"]
    # Each attempt ends once.
    assert found["ends"] == found["attempt"] - (status not in ENDED)
    if status in ENDED:
        assert found["success_count"] + found["failure_count"] == found["answers"]
    if status == "COMPLETED":
        assert found["answers"] == found["total_rows"]
    return status


class Interleavings(RuleBasedStateMachine):
    """One job, some workers, and everything that can happen to them."""

    ledger: Ledger
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.hand: list[Unit] = []
        self.status = "PENDING"
        self.job_id = UUID(int=0)
        self.expected: Sequence[Expected] = ()
        self.bench: Bench = self.ledger.bench()

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        """Run a step in the loop of the tests, in which the payer lives too."""
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(60)

    @initialize(batch=st.booleans(), size=st.integers(1, 40), seed=st.integers(0, 3))
    def upload(self, batch: bool, size: int, seed: int) -> None:
        """A new job."""
        plan = RowPlan("practice", size, last_days=60, mix=MIX, seed=seed)
        self.job_id, self.expected = self.run(self.ledger.upload_plan(plan, batch=batch))

    @precondition(lambda self: len(self.hand) < MOST_IN_HAND)
    @rule()
    def claim(self) -> None:
        """A worker takes a unit."""
        unit = self.run(claim(self.bench))
        if unit is not None:
            assert unit.token not in {known.token for known in self.hand}
            self.hand.append(unit)

    @precondition(lambda self: self.hand)
    @rule(which=UNITS)
    def work(self, which: int) -> None:
        """A worker, or one that lost its lease long ago, works on what it has in hand."""
        self.run(work(self.bench, self.take(which)))

    @precondition(lambda self: self.hand)
    @rule(which=UNITS, turns=st.integers(0, 60))
    def die(self, which: int, turns: int) -> None:
        """A worker is told to end after so many turns of its loop."""
        self.run(self.cut(self.take(which), turns))

    async def cut(self, unit: Unit, turns: int) -> None:
        task = asyncio.create_task(work(self.bench, unit))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    @precondition(lambda self: len(self.hand) > 1)
    @rule()
    def work_together(self) -> None:
        """Everybody works at once, zombies too."""

        async def together() -> None:
            await asyncio.gather(*(work(self.bench, unit) for unit in self.hand))

        self.run(together())
        self.hand.clear()

    @precondition(lambda self: self.hand)
    @rule()
    def vanish(self) -> None:
        """Every lease runs out; who has one in hand does not know."""
        self.run(self.ledger.do(RUN_OUT))

    @precondition(lambda self: self.hand)
    @rule(which=UNITS)
    def write_without_a_lease(self, which: int) -> None:
        """Who holds no lease changes nothing, and learns it."""
        unit = self.hand[which % len(self.hand)]
        is_held = self.run(self.is_held(unit))
        try:
            self.run(renew(self.bench, unit))
        except Fenced:
            return
        assert is_held

    async def is_held(self, unit: Unit) -> bool:
        sql = "SELECT count(*) AS n FROM claim_units WHERE id = $1 AND token = $2"
        found = await self.ledger.one(sql, unit.id, unit.token)
        if not found["n"]:
            with contextlib.suppress(Fenced):
                async with self.bench.any_epoch(unit) as connection:
                    one = [Answered(1, error_code="internal")]
                    writer, known = writer_of(self.bench, unit), unit.job.alike_found
                    assert await rows.answer(connection, writer, one, alike_found=known) is None
                    # As every caller does: what the statement had inserted is rolled back.
                    raise Fenced
        return bool(found["n"])

    @precondition(lambda self: self.hand)
    @rule(which=UNITS)
    def give_back(self, which: int) -> None:
        """A worker puts down what it has in hand."""
        self.run(release(self.bench, self.take(which)))

    @rule()
    def cancel(self) -> None:
        """Somebody cancels."""
        self.run(do_cancel(self.ledger, self.job_id))

    @precondition(lambda self: self.status in ENDED)
    @rule(scope=st.sampled_from(SCOPES))
    def retry(self, scope: RetryScope | None) -> None:
        """Somebody retries."""
        self.run(do_retry(self.ledger, self.job_id, scope))

    @rule()
    def sweep(self) -> None:
        """The sweeper comes by, and time passes."""
        self.run(sweep(self.ledger.database))
        self.run(hurry(self.ledger))

    @rule()
    def crash(self) -> None:
        """PostgreSQL recovers from a crash that took nothing this time; no worker can know that."""
        self.run(forget_the_epoch(self.ledger))

    def take(self, which: int) -> Unit:
        """One of the units in hand, out of it."""
        return self.hand.pop(which % len(self.hand))

    @invariant()
    def accounts_agree(self) -> None:
        """What holds at every moment, and that the job went only where it may."""
        if self.expected:
            status = self.run(check_invariants(self.ledger, self.job_id))
            assert status in MOVES[self.status], f"{self.status} to {status}"
            self.status = status

    def teardown(self) -> None:
        """Nothing happens any more but work: the job ends, and every answer is the right one."""
        if self.expected:
            self.run(self.end())

    async def end(self) -> None:
        await self.ledger.do(RUN_OUT)
        await sweep(self.ledger.database)
        await do_retry(self.ledger, self.job_id)
        await drain_until(self.ledger, self.job_id, self.bench)
        if (await self.ledger.job(self.job_id))["status"] != "FAILED":
            # A unit that was left three times without progress ends by rule, and says so.
            codes = await self.ledger.codes(self.job_id)
            pairs = zip(self.expected, codes, strict=True)
            assert [p for p in pairs if p[1] not in (p[0].error_code, "internal")] == []
            await self.ledger.check_accounts(self.job_id)
        await self.ledger.do("DELETE FROM claim_jobs WHERE id = $1", self.job_id)


async def forget_the_epoch(ledger: Ledger) -> None:
    """What PostgreSQL does to an unlogged table when it recovers."""
    async with ledger.database.write(Scope.system()) as session, as_owner(session):
        await (await driver(session)).execute("TRUNCATE claim_epochs")


async def test_any_interleaving_keeps_the_accounts(ledger: Ledger) -> None:
    machine = type(
        "Machine",
        (Interleavings,),
        {"ledger": ledger, "loop": asyncio.get_running_loop()},
    )
    settings = hypothesis.settings(
        max_examples=200 if LONG else 8,
        stateful_step_count=30 if LONG else 12,
        suppress_health_check=list(hypothesis.HealthCheck),
        derandomize=not LONG,
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=settings)
