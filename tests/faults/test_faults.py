"""Whatever fails while a job runs: each row has exactly one right answer in the end.

A command of its own: `./scripts/faults` takes minutes, `./scripts/faults --short` the half of one.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import TIN
from tests.faults import yard as faults
from tests.faults.table import PROPERTY
from tests.faults.yard import Fault, Yard

Record = Callable[[str, object], None]
MIX = Mix(wrong_person=0.05, unknown=0.05)
LENGTH = os.environ.get("INTAKE_FAULTS")
LONG = LENGTH == "long"
long_run = pytest.mark.skipif(not LONG, reason="takes minutes: ./scripts/faults")
short_cut = pytest.mark.skipif(not LENGTH, reason="./scripts/faults --short")
MODES = ("singly", "batch")
# Which kinds of job a mode uploads, by whether they walk windows.
JOBS = {"singly": (False,), "batch": (True,), "both": (False, True)}
# The last fault comes well before the end: one that finds no job any more proves nothing.
LAST = 0.75
# What one death repeats at most: a sub-batch for each lane of the two children, twice for the
# pages of windows; the machine may be so busy that a lease runs out beside.
REPEATED_BY_ONE = 4 * 20 * 2


@dataclass(frozen=True)
class Scenario:
    """A fault made some times in a job, or a payer that is ill from the beginning."""

    name: str
    fault: Fault | None = None
    times: int = 1
    rows: int = 600
    payer: dict[str, Any] | None = None
    workers: int = 1
    timeout_seconds: float = 5.0
    book: int = 20_000
    """Claims that the payer holds for 600 days; the job's windows span 300."""

    most_walks: int = 99
    """Times in batch mode: three deaths of a window before its first page end it, by rule."""

    @property
    def pages(self) -> int:
        """About so many pages the job's windows have."""
        return self.book // 2 // 50


KILLS = [
    Scenario("none"),
    Scenario("kill -9 of pool children", faults.kill_a_child, times=20, rows=2_000, most_walks=8),
    Scenario("kill -9 of whole workers", faults.kill_a_worker, times=5),
    Scenario("SIGTERM, restart", faults.end_a_worker, times=2),
    Scenario("SIGQUIT, restart", faults.quit_a_worker, times=2),
    Scenario("worker asleep past its lease", faults.freeze_a_worker, times=2),
    Scenario("Redis kill -9, back empty", faults.empty_redis, times=3),
    Scenario("Redis frozen for 6 s", faults.freeze_redis),
    Scenario("PostgreSQL immediate stop, back after 1.5 s", faults.crash_postgres, times=2),
    Scenario("PostgreSQL backend kill -9, crash recovery", faults.kill_a_backend, times=3),
    Scenario("PostgreSQL frozen for 6 s", faults.freeze_postgres),
]
ILLS = [
    Scenario("payer: 500 for 20 %", payer={"share_500": 0.2}),
    Scenario("payer: 429 for 20 %", rows=100, payer={"share_429": 0.2, "retry_after": "0"}),
    Scenario("payer: hangs for 2 %", payer={"share_hang": 0.02}, timeout_seconds=2.0),
    Scenario("payer: bad JSON for 20 %", payer={"share_bad_json": 0.2}),
    Scenario("payer: connection cut for 10 %", payer={"share_drop": 0.1}),
]
ORDER = {scenario.name: place for place, scenario in enumerate([*KILLS, *ILLS])}


async def play(yard: Yard, scenario: Scenario, mode: str) -> dict[str, Any]:
    """Run one job through a scenario and give the account."""
    yard.ledger.payer.books.write(TIN, claims=scenario.book, days=600)
    yard.ledger.play(latency_ms=60 if mode == "singly" else 150, **(scenario.payer or {}))
    uhc = {"timeout_seconds": scenario.timeout_seconds}
    settings = yard.crew.settings
    yard.crew.settings = settings.model_copy(update={"uhc": settings.uhc.model_copy(update=uhc)})
    jobs = [
        await yard.ledger.upload_plan(
            RowPlan("practice", scenario.rows, last_days=300, mix=MIX, seed=seed), batch=batch
        )
        for seed, batch in enumerate(JOBS[mode], 1)
    ]
    began = time.monotonic()
    for _ in range(scenario.workers):
        yard.crew.start()
    times = min(scenario.times, scenario.most_walks) if mode == "batch" else scenario.times
    for number in range(times if scenario.fault else 0):
        share = LAST * (number + 0.5) / times
        # Windows come before answers: how many pages were asked for is all there is to go by.
        calls = int(scenario.pages * share) if mode == "batch" else 0
        rows = int(scenario.rows * share) if mode != "batch" else 0
        if not await yard.reach(jobs[0][0], rows, calls):
            break
        assert scenario.fault is not None
        # Not always in the moment in which a page comes: a window would die each time at its first.
        await asyncio.sleep(yard.dice.uniform(0.0, 0.4))
        await scenario.fault(yard)
        yard.made += 1
    for job_id, _ in jobs:
        await yard.end(job_id)
    seconds = time.monotonic() - began
    total: Counter[str] = Counter()
    for job_id, expected in jobs:
        total.update(await yard.account(job_id, expected))
    return {
        "fault": scenario.name,
        "mode": mode,
        "order": ORDER.get(scenario.name, len(ORDER)),
        "seconds": round(seconds, 1),
        "faults": yard.made,
        "calls": yard.ledger.payer.tally.calls,
        "repeated": yard.ledger.payer.tally.calls_repeated(),
        **total,
    }


@long_run
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", KILLS, ids=lambda scenario: scenario.name)
async def test_what_dies_or_sleeps(
    yard: Yard, record_property: Record, scenario: Scenario, mode: str
) -> None:
    found = await play(yard, scenario, mode)
    record_property(PROPERTY, found)
    assert (found["lost"], found["double"], found["counter_minus_rows"]) == (0, 0, 0)
    assert found["faults"] > 0 or scenario.fault is None
    assert found["repeated"] <= found["faults"] * REPEATED_BY_ONE


@long_run
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", ILLS, ids=lambda scenario: scenario.name)
async def test_a_payer_that_is_ill(
    yard: Yard, record_property: Record, scenario: Scenario, mode: str
) -> None:
    """No row fails by what passes."""
    found = await play(yard, scenario, mode)
    record_property(PROPERTY, found)
    assert (found["lost"], found["double"], found["counter_minus_rows"]) == (0, 0, 0)


@long_run
@pytest.mark.parametrize("mode", MODES)
async def test_every_message_comes_twice(yard: Yard, record_property: Record, mode: str) -> None:
    yard.crew.says_twice = True
    found = await play(yard, Scenario("every message twice", workers=2), mode)
    record_property(PROPERTY, found)
    assert (found["lost"], found["double"], found["counter_minus_rows"]) == (0, 0, 0)
    assert found["repeated"] == 0


@long_run
@pytest.mark.parametrize("mode", MODES)
async def test_an_outage_of_five_minutes(yard: Yard, record_property: Record, mode: str) -> None:
    """One in twenty-five of the real times: 12 s without a good answer, in a window of 144 s."""
    claims = {"payer_retry_window_seconds": 144, "lease_seconds": 2.0}
    yard.crew.settings = yard.crew.settings.model_copy(
        update={"claims": yard.crew.settings.claims.model_copy(update=claims)}
    )
    asked: list[int] = []

    async def outage(yard: Yard) -> None:
        tally = yard.ledger.payer.tally
        before = tally.calls
        yard.ledger.play(share_500=1.0)
        await asyncio.sleep(12.0)
        asked.append(tally.calls - before)
        yard.ledger.play(latency_ms=20)

    found = await play(yard, Scenario("payer: outage of 5 min, 25 times as fast", outage), mode)
    record_property(PROPERTY, found)
    assert (found["lost"], found["double"], found["counter_minus_rows"]) == (0, 0, 0)
    # In flight when it began, and then a trial now and again behind the open circuit.
    assert asked[0] <= 60


@long_run
@pytest.mark.parametrize("mode", MODES)
async def test_a_long_row_of_faults(yard: Yard, record_property: Record, mode: str) -> None:
    """Anything after anything, over a payer that fails now and then, with every message twice."""
    yard.crew.says_twice = True
    kinds = [scenario.fault for scenario in KILLS if scenario.fault is not None]

    async def anything(yard: Yard) -> None:
        await yard.dice.choice(kinds)(yard)

    payer = {"share_500": 0.02, "share_bad_json": 0.01, "latency_jitter_ms": 100}
    scenario = Scenario("anything after anything", anything, 12, rows=2_500, payer=payer, workers=2)
    found = await play(yard, scenario, mode)
    record_property(PROPERTY, found)
    assert (found["lost"], found["double"], found["counter_minus_rows"]) == (0, 0, 0)


@short_cut
async def test_jobs_survive_a_fault_of_each_kind(yard: Yard, record_property: Record) -> None:
    """The cut for every day: two jobs, two workers, every message twice, one thing after another."""
    yard.crew.says_twice = True
    kinds = iter(
        [
            faults.empty_redis,
            faults.kill_a_child,
            faults.crash_postgres,
            faults.kill_a_worker,
            faults.freeze_a_worker,
        ]
    )

    async def next_kind(yard: Yard) -> None:
        await next(kinds)(yard)

    scenario = Scenario("one of each kind", next_kind, times=5, rows=500, book=8_000, workers=2)
    found = await play(yard, scenario, "both")
    record_property(PROPERTY, found)
    assert (found["lost"], found["double"], found["counter_minus_rows"]) == (0, 0, 0)
    assert found["faults"] >= 3
    assert found["repeated"] <= found["faults"] * REPEATED_BY_ONE
