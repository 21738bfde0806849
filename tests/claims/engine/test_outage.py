"""A payer that fails: jobs wait and say why, nothing is lost when it heals, and it ends in time."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.claims.engine.bench import Bench
from app.claims.engine.work import drain
from app.claims.payers.port import PayerBadResponse
from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import Ledger

MIX = Mix(wrong_person=0.1, unknown=0.1)


async def work_until(ledger: Ledger, job_id: UUID, *, rounds: int = 40, **changes: Any) -> None:
    """Work again and again, with the waits between rounds cut short, until the job has ended."""
    await drain_until(ledger, job_id, ledger.bench(**changes), rounds=rounds)


async def drain_until(ledger: Ledger, job_id: UUID, bench: Bench, *, rounds: int = 40) -> None:
    """The same at one bench."""
    for _ in range(rounds):
        await drain(bench, 4)
        if (await ledger.job(job_id))["status"] in ("COMPLETED", "FAILED", "CANCELLED"):
            return
        await hurry(ledger)
    raise AssertionError("the job does not end")


async def hurry(ledger: Ledger) -> None:
    """What waits may run now."""
    await ledger.do("UPDATE claim_units SET run_after = now() WHERE run_after > now()")
    await ledger.do("UPDATE claim_jobs SET parked_until = NULL")
    await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("faults", "batch"),
    [
        ({"share_500": 0.3}, True),
        ({"share_500": 0.3}, False),
        ({"share_429": 0.1, "retry_after": "0"}, True),
        ({"share_bad_json": 0.3}, True),
        ({"share_drop": 0.3}, False),
        ({"share_html": 0.2, "share_wrong_key": 0.2}, True),
        ({"share_missing_claims": 0.3}, False),
        ({"unauthorized": "once"}, True),
    ],
    ids=str,
)
async def test_no_row_fails_by_what_passes(
    ledger: Ledger, faults: dict[str, Any], batch: bool
) -> None:
    ledger.play(**faults)
    plan = RowPlan("practice", 40, last_days=60, mix=MIX)
    job_id, expected = await ledger.upload_plan(plan, batch=batch)
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)
    job = await ledger.job(job_id)
    assert job["status_reason"] is None
    assert job["outage_since"] is None


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
async def test_an_outage_parks_the_job_with_a_reason_and_is_survived(
    ledger: Ledger, batch: bool
) -> None:
    ledger.play(share_500=1.0)
    plan = RowPlan("practice", 30, last_days=60, mix=MIX)
    job_id, expected = await ledger.upload_plan(plan, batch=batch)
    for _ in range(4):
        await ledger.work()
        await hurry(ledger)
    job = await ledger.job(job_id)
    assert job["status"] == "PROCESSING"
    assert job["outage_since"] is not None
    assert job["status_reason"].startswith("UnitedHealthcare does not answer; retrying until ")
    assert job["status_reason"].endswith(" UTC.")
    assert job["status_reason_code"] == "payer.silent"
    assert f"{job['status_reason_at']:%H:%M} UTC." in job["status_reason"]
    assert await ledger.answers(job_id) == []
    ledger.play()
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)
    reasons = await ledger.all(
        "SELECT data FROM claim_job_events WHERE job_id = $1 AND kind = 'reason' ORDER BY version",
        job_id,
    )
    assert [reason["data"]["status_reason"] is None for reason in reasons][-1] is True


@pytest.mark.parametrize(
    ("faults", "codes", "batch"),
    [
        ({"share_500": 1.0}, {"payer.unavailable"}, True),
        ({"share_500": 1.0}, {"payer.unavailable"}, False),
        ({"share_429": 1.0, "retry_after": "0"}, {"payer.rate_limited"}, True),
        # Once the circuit is open, the payer counts as away.
        ({"error_code": "LCLM_PS_301"}, {"payer.timeout", "payer.unavailable"}, True),
        ({"error_code": "LCLM_PS_301"}, {"payer.timeout", "payer.unavailable"}, False),
    ],
    ids=["500-batch", "500-single", "429-batch", "301-batch", "301-single"],
)
async def test_when_the_retry_window_is_spent_the_rows_end(
    ledger: Ledger, faults: dict[str, Any], codes: set[str], batch: bool
) -> None:
    ledger.play(**faults)
    plan = RowPlan("practice", 12, last_days=60, mix=MIX)
    job_id, _ = await ledger.upload_plan(plan, batch=batch)
    settings = ledger.with_claims(payer_retry_window_seconds=600)
    bench = ledger.bench(settings=settings, tries=1, patience_seconds=0.0)
    await drain(bench, 4)
    assert await ledger.answers(job_id) == []
    await ledger.do("UPDATE claim_units SET failing_since = failing_since - interval '1 hour'")
    await ledger.do("UPDATE claim_jobs SET outage_since = outage_since - interval '1 hour'")
    await drain_until(ledger, job_id, bench, rounds=400)
    assert set(await ledger.codes(job_id)) <= codes
    await ledger.check_accounts(job_id)


async def test_a_row_that_always_fails_ends_although_the_payer_answers_others(
    ledger: Ledger,
) -> None:
    """One person's answer cannot be read, for ever: five rounds, and the rest is not held up."""
    plan = RowPlan("practice", 10, last_days=60, mix=Mix(0.0, 0.0))
    job_id, expected = await ledger.upload_plan(plan, batch=False)
    bench = ledger.bench()
    adapter = bench.payers.get("uhc")
    search = adapter.search
    victim = (await ledger.one("SELECT cells FROM claim_rows WHERE row_no = 3"))["cells"]

    async def spoilt(question: Any, page_token: str | None = None) -> Any:
        if [question.first_name, question.last_name] == victim[1:3]:
            raise PayerBadResponse
        return await search(question, page_token)

    adapter.search = spoilt  # type: ignore[method-assign]
    await drain_until(ledger, job_id, bench)
    codes = await ledger.codes(job_id)
    assert codes[2] == "payer.bad_response"
    assert [code for code in codes if code] == ["payer.bad_response"] * len(
        [entry for entry in expected if codes[entry.row - 1]]
    )


async def test_refused_credentials_park_the_job_and_fail_no_row(ledger: Ledger) -> None:
    ledger.play(unauthorized="always")
    job_id, expected = await ledger.upload_plan(RowPlan("practice", 12, last_days=60, mix=MIX))
    settings = ledger.with_claims(payer_retry_window_seconds=0)
    await ledger.work(settings=settings)
    job = await ledger.job(job_id)
    assert job["status"] == "PROCESSING"
    assert "refuses the credentials" in job["status_reason"]
    assert job["status_reason_code"] == "payer.refuses_credentials"
    assert job["status_reason_at"] is None
    assert job["parked_until"] is not None
    assert await ledger.answers(job_id) == []
    calls = ledger.payer.tally.calls
    await ledger.work(settings=settings)
    assert ledger.payer.tally.calls == calls
    ledger.play()
    await hurry(ledger)
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)
    job = await ledger.job(job_id)
    assert (job["status_reason"], job["status_reason_code"]) == (None, None)


async def test_a_payer_without_credentials_fails_the_job(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 3, last_days=60))
    bare = ledger.settings.model_copy(
        update={"uhc": ledger.settings.uhc.model_copy(update={"client_id": ""})}
    )
    await ledger.work(settings=bare)
    job = await ledger.job(job_id)
    assert job["status"] == "FAILED"
    assert "not set up" in job["status_reason"]
    assert job["status_reason_code"] == "payer.not_configured"
    assert ledger.payer.tally.calls == 0


async def test_our_own_brakes_are_no_fault_of_the_payer(ledger: Ledger) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 30, last_days=60, mix=MIX), batch=False
    )
    await work_until(
        ledger,
        job_id,
        rounds=200,
        requests_per_minute=1_200,
        patience_seconds=0.05,
        settings=ledger.with_claims(payer_retry_window_seconds=0),
    )
    await ledger.check(job_id, expected)
    noted = await ledger.all("SELECT FROM claim_job_events WHERE kind = 'reason'")
    assert noted == []


async def test_a_pace_that_the_payer_wants_is_said_and_is_no_outage(ledger: Ledger) -> None:
    ledger.play(share_429=1.0, retry_after="1", first_calls=1)
    first, expected_first = await ledger.upload_plan(RowPlan("practice", 12, last_days=60, mix=MIX))
    second, expected = await ledger.upload_plan(RowPlan("practice", 12, last_days=60, mix=MIX))
    # Who finds the payer paused by somebody else's 429 has no fault of its own to tell of.
    settings = ledger.with_claims(payer_retry_window_seconds=0)
    bench = ledger.bench(patience_seconds=0.0, tries=1, settings=settings)
    await bench.payers.get("uhc")._line._brakes.slow_down(1.0)  # type: ignore[attr-defined]
    await drain(bench, 2)
    for job_id in (first, second):
        job = await ledger.job(job_id)
        assert job["status_reason"] == (
            "UnitedHealthcare asks for fewer questions; going on slowly, by itself."
        )
        assert job["outage_since"] is None
    ledger.play()
    await drain_until(ledger, first, bench, rounds=400)
    await drain_until(ledger, second, bench, rounds=400)
    await ledger.check(first, expected_first)
    await ledger.check(second, expected)
    assert (await ledger.job(second))["status_reason"] is None


async def test_an_open_circuit_asks_nothing(ledger: Ledger) -> None:
    """While the payer is down the rounds go on and the calls do not."""
    ledger.play(share_500=1.0)
    await ledger.upload_plan(RowPlan("practice", 60, last_days=60, mix=MIX), batch=False)
    bench = ledger.bench(breaker_pause_seconds=30.0)
    await drain(bench, 4)
    calls = ledger.payer.tally.calls
    for _ in range(5):
        await hurry(ledger)
        await drain(bench, 4)
    assert ledger.payer.tally.calls <= calls + 1
