"""Units that kill their workers: taken apart, until the one row that does it ends as internal."""

from typing import Any

import pytest

from app.claims.engine import answer, window
from app.claims.engine.verdicts import verdict_of
from app.claims.engine.work import DEATHS
from app.claims.matching import Verdict
from app.claims.queries.engine.rows import OpenRow
from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import Ledger
from tests.claims.engine.test_outage import work_until

POISON = 7


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
async def test_the_row_that_kills_ends_and_the_others_are_answered(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, batch: bool
) -> None:
    deaths = 0

    def deadly(row: OpenRow, candidates: Any) -> Verdict:
        nonlocal deaths
        if row.row_no == POISON:
            deaths += 1
            raise RuntimeError("this row is poison")
        return verdict_of(row, candidates)

    monkeypatch.setattr(answer, "verdict_of", deadly)
    plan = RowPlan("practice", 25, last_days=60, mix=Mix(0.1, 0.1))
    job_id, expected = await ledger.upload_plan(plan, batch=batch)
    await work_until(ledger, job_id)
    assert 2 * DEATHS <= deaths <= 2 * DEATHS + 2
    codes = await ledger.codes(job_id)
    assert codes.pop(POISON - 1) == "internal"
    assert codes == [entry.error_code for entry in expected if entry.row != POISON]
    await ledger.check_accounts(job_id)


async def test_a_window_that_kills_ends_its_rows_as_internal(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deadly(*_: object) -> None:
        raise RuntimeError("this window is poison")

    monkeypatch.setattr(window, "_walk", deadly)
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 25, last_days=30))
    await work_until(ledger, job_id)
    assert set(await ledger.codes(job_id)) == {"internal"}
    await ledger.check_accounts(job_id)


async def test_a_plan_that_kills_fails_the_job(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deadly(*_: object) -> None:
        raise RuntimeError("this file is poison")

    monkeypatch.setattr("app.claims.queries.engine.planning.find_twins", deadly)
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 5, last_days=30))
    await work_until(ledger, job_id)
    job = await ledger.job(job_id)
    assert job["status"] == "FAILED"
    assert job["status_reason"]


async def test_leases_that_ran_out_count_as_deaths_and_progress_forgets_them(
    ledger: Ledger,
) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 25, last_days=60, mix=Mix(0.1, 0.1))
    )
    for attempts in (1, 2, 3):
        await ledger.do("UPDATE claim_units SET attempts = $1", attempts - 1)
        await ledger.do(
            "UPDATE claim_units SET state = 'LEASED', lease_until = now() - interval '1s'"
            " WHERE kind = 'plan' AND state = 'READY'"
        )
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)
