"""Cancelling and retrying: what was asked is kept, what was not is left, and nothing runs twice."""

import asyncio
from uuid import UUID

import pytest

from app.claims.engine.control import RetryScope, cancel, retry
from app.claims.engine.leases import claim
from app.claims.engine.sweep import sweep
from app.core.db import Scope
from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import Ledger

MIX = Mix(wrong_person=0.1, unknown=0.2)


async def do_cancel(ledger: Ledger, job_id: UUID) -> str | None:
    """As the service does."""
    async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
        return await cancel(session, job_id=job_id)


async def do_retry(
    ledger: Ledger, job_id: UUID, scope: RetryScope | None = None, code: str | None = None
) -> int:
    """As the service does."""
    async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
        return await retry(session, job_id=job_id, scope=scope, error_code=code)


async def test_a_job_that_waits_is_cancelled_at_once(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 5, last_days=60))
    assert await do_cancel(ledger, job_id) == "CANCELLED"
    assert await do_cancel(ledger, job_id) is None
    await ledger.work()
    assert ledger.payer.tally.calls == 0
    assert (await ledger.job(job_id))["status"] == "CANCELLED"


async def test_a_cancel_keeps_what_was_asked_and_asks_nothing_more(ledger: Ledger) -> None:
    ledger.play(latency_ms=20)
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 200, last_days=60, mix=MIX), batch=False
    )
    working = asyncio.create_task(ledger.work())
    for _ in range(500):
        if len(await ledger.answers(job_id)) >= 40:
            break
        await asyncio.sleep(0.02)
    assert await do_cancel(ledger, job_id) == "CANCELLING"
    await working
    calls = ledger.payer.tally.calls
    job = await ledger.job(job_id)
    assert job["status"] == "CANCELLED"
    answers = await ledger.answers(job_id)
    assert 40 <= len(answers) < 200
    assert job["success_count"] + job["failure_count"] == len(answers)
    await asyncio.sleep(0.1)
    assert ledger.payer.tally.calls == calls

    assert await do_retry(ledger, job_id, "unprocessed") == 200 - len(answers)
    ledger.play()
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_cancelled_job_whose_worker_died_is_ended_by_the_sweeper(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 5, last_days=60))
    unit = await claim(ledger.bench())
    assert unit is not None
    assert await do_cancel(ledger, job_id) == "CANCELLING"
    await sweep(ledger.database)
    assert (await ledger.job(job_id))["status"] == "CANCELLING"
    await ledger.do("UPDATE claim_units SET lease_until = now() WHERE state = 'LEASED'")
    await sweep(ledger.database)
    job = await ledger.job(job_id)
    assert (job["status"], job["success_count"], job["failure_count"]) == ("CANCELLED", 0, 0)
    assert (await ledger.one("SELECT token FROM claim_units WHERE id = $1", unit.id))[0] is None


async def test_a_retry_asks_for_failed_rows_only_and_keeps_old_answers(ledger: Ledger) -> None:
    job_id, expected = await ledger.upload_plan(RowPlan("practice", 80, last_days=60, mix=MIX))
    await ledger.work()
    failed = [entry.row for entry in expected if entry.error_code]
    before = await ledger.answers(job_id)
    assert await do_retry(ledger, job_id) == len(failed)
    job = await ledger.job(job_id)
    assert (job["status"], job["attempt"]) == ("PENDING", 2)
    assert job["processing_completed_at"] is None
    units = await ledger.one(
        "SELECT sum(succeeded)::int AS good, sum(failed)::int AS bad FROM claim_units"
        " WHERE job_id = $1",
        job_id,
    )
    assert (units["good"], units["bad"]) == (80 - len(failed), 0)
    await ledger.work()
    await ledger.check(job_id, expected)
    after = await ledger.answers(job_id)
    kept = [answer["decided_at"] for answer in before if answer["error_code"] is None]
    assert [a["decided_at"] for a in after if a["error_code"] is None] == kept
    assert {a["attempt"] for a in after if a["error_code"]} == {2}
    history = await ledger.all(
        "SELECT row_no, attempt FROM claim_answer_history WHERE job_id = $1 ORDER BY 1", job_id
    )
    assert [(row["row_no"], row["attempt"]) for row in history] == [(row, 1) for row in failed]
    proof = {row["id"] for row in await ledger.all("SELECT id FROM payer_queries")}
    assert all(number in proof for a in after for number in a["query_ids"])


@pytest.mark.parametrize(
    ("scope", "code", "count"),
    [
        ("failed", None, 4),
        ("all", None, 4),
        (None, None, 4),
        ("retriable", None, 2),
        ("failed", "payer.timeout", 1),
        ("retriable", "payer.not_found", 0),
        ("unprocessed", None, 0),
        ("failed", "row.bad_date", 0),
    ],
)
async def test_the_scope_of_a_retry(
    ledger: Ledger, scope: RetryScope | None, code: str | None, count: int
) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 8, last_days=60, mix=Mix(0.0, 0.0)))
    await ledger.work()
    codes = ("payer.not_found", "payer.timeout", "internal", "payer.rejected")
    for row, given in enumerate(codes, start=1):
        await ledger.do(
            "UPDATE claim_answers SET outcome = 'failed', error_code = $2, results = NULL"
            " WHERE row_no = $1",
            row,
            given,
        )
    assert await do_retry(ledger, job_id, scope, code) == count
    job = await ledger.job(job_id)
    assert job["status"] == ("PENDING" if count else "COMPLETED")
    assert len(await ledger.answers(job_id)) == 8 - count
    if count:
        await ledger.work()
        await ledger.check_accounts(job_id)


async def test_a_running_job_is_not_retried(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 4, last_days=60))
    assert await do_retry(ledger, job_id) == 0
    assert (await ledger.job(job_id))["attempt"] == 1


async def test_a_retry_asks_the_payer_afresh(ledger: Ledger) -> None:
    """What was not there yesterday is found today."""
    ledger.play(flicker=True)
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 10, last_days=60, mix=Mix(0.0, 0.0))
    )
    await ledger.do("UPDATE claim_rows SET first_key = 'nobody'")
    await ledger.work()
    assert set(await ledger.codes(job_id)) == {"payer.not_found"}
    await ledger.do("UPDATE claim_rows SET first_key = lower(cells[2])")
    ledger.play()
    assert await do_retry(ledger, job_id) == 10
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_retry_that_is_cancelled_before_it_begins_counts_what_is_left(
    ledger: Ledger,
) -> None:
    job_id, expected = await ledger.upload_plan(RowPlan("practice", 40, last_days=60, mix=MIX))
    await ledger.work()
    failed = len([entry for entry in expected if entry.error_code])
    assert await do_retry(ledger, job_id) == failed
    assert await do_cancel(ledger, job_id) == "CANCELLED"
    job = await ledger.job(job_id)
    assert (job["success_count"], job["failure_count"]) == (40 - failed, 0)
    assert job["failures_by_reason"] == {}
    assert await do_retry(ledger, job_id) == failed
    await ledger.work()
    await ledger.check(job_id, expected)
