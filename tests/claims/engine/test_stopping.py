"""A worker that is told to end: what it has asked the payer is not asked again."""

import asyncio

import pytest

from app.claims.engine import bench as benches
from app.claims.engine.bench import Bench
from app.claims.engine.work import drain
from app.claims.payers.details import Extra
from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import Ledger

MIX = Mix(0.3, 0.1)


async def stop_after(ledger: Ledger, bench: Bench, calls: int) -> None:
    """Work, and be told to end once so many calls have been made."""
    begun = ledger.payer.tally.all_calls
    work = asyncio.ensure_future(drain(bench, 4))
    while ledger.payer.tally.all_calls < begun + calls and not work.done():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    bench.stopping.set()
    async with asyncio.timeout(20):
        await work


@pytest.mark.parametrize(
    ("shape", "include"),
    [("patient", ()), ("practice", ()), ("claim_number", (Extra.DETAILS,))],
    ids=["patient", "practice", "details"],
)
async def test_nothing_is_asked_twice_when_workers_end(
    ledger: Ledger, shape: str, include: tuple[Extra, ...]
) -> None:
    plan = RowPlan(shape, 40, last_days=80, mix=MIX)  # type: ignore[arg-type]
    whole_id, expected = await ledger.upload_plan(plan, batch=False, include=include)
    await ledger.work()
    await ledger.check(whole_id, expected)
    whole = ledger.payer.tally.all_calls
    job_id, expected = await ledger.upload_plan(plan, batch=False, include=include)
    for _ in range(2):
        await stop_after(ledger, ledger.bench(), calls=6)
        assert await ledger.all("SELECT FROM claim_units WHERE state = 'LEASED'") == []
    await ledger.work()
    await ledger.check(job_id, expected)
    assert ledger.payer.tally.all_calls - whole <= whole


async def test_a_call_that_outlives_the_grace_costs_only_itself(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers of the rows that were asked beside it are written all the same."""
    monkeypatch.setattr(benches, "GRACE_SECONDS", 0.3)
    plan = RowPlan("patient", 16, last_days=20, mix=Mix(0.0, 0.0))
    job_id, expected = await ledger.upload_plan(plan, batch=False)
    ledger.play(share_hang=0.5, hang_seconds=60.0)
    await stop_after(ledger, ledger.bench(timeout_seconds=60.0, concurrency=32), calls=8)
    left = 16 - len(await ledger.answers(job_id))
    assert 0 < left < 16
    ledger.play()
    calls = ledger.payer.tally.all_calls
    await ledger.work()
    await ledger.check(job_id, expected)
    assert ledger.payer.tally.all_calls - calls <= left
