"""Units that kill their workers: taken apart, until the one row that does it ends as internal."""

from typing import Any

import pytest

from app.claims.engine import answer, window
from app.claims.engine.control import retry
from app.claims.engine.finish import fence
from app.claims.engine.leases import claim
from app.claims.engine.verdicts import verdict_of
from app.claims.engine.work import DEATHS, work
from app.claims.matching import Verdict
from app.claims.queries.engine.rows import OpenRow
from app.claims.reasons import PLAN_DEATHS
from app.core.db import Scope
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


async def test_a_step_of_the_plan_that_kills_is_left_out(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three deaths the plan is a careful one, and the rows are asked for all the same."""
    tries: list[int] = []

    async def deadly(*_: object) -> int:
        tries.append(1)
        raise RuntimeError("too many rows alike")

    monkeypatch.setattr("app.claims.queries.engine.planning.find_alike", deadly)
    plan = RowPlan("practice", 15, last_days=30, mix=Mix(0.2, 0.2))
    job_id, expected = await ledger.upload_plan(plan)
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)
    assert len(tries) == DEATHS


async def test_a_plan_that_kills_fails_the_job_and_a_retry_runs_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    async def deadly(*_: object) -> int:
        tries.append(1)
        raise RuntimeError("this file is poison")

    with monkeypatch.context() as patched:
        patched.setattr("app.claims.queries.engine.planning.answer_faulty", deadly)
        job_id, expected = await ledger.upload_plan(RowPlan("practice", 5, last_days=30))
        await work_until(ledger, job_id)
    assert len(tries) == PLAN_DEATHS
    job = await ledger.job(job_id)
    assert job["status"] == "FAILED"
    assert str(PLAN_DEATHS) in job["status_reason"]
    async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
        await retry(session, job_id=job_id, scope="unprocessed")
    await ledger.work()
    await ledger.check(job_id, expected)


RUN_OUT = "UPDATE claim_units SET lease_until = now() - interval '1s' WHERE state = 'LEASED'"


async def test_leases_that_ran_out_count_as_deaths_and_progress_forgets_them(
    ledger: Ledger,
) -> None:
    """Three workers vanish with the unit; a page that was kept in between begins the count anew."""
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 25, last_days=25, mix=Mix(0.1, 0.1))
    )
    bench = ledger.bench()
    plan = await claim(bench)
    assert plan is not None
    await work(bench, plan)
    for attempts in (1, 2, 3):
        unit = await claim(bench)
        assert unit is not None
        assert (unit.kind, unit.attempts) == ("window", attempts)
        await ledger.do(RUN_OUT)
    unit = await claim(bench)
    assert unit is not None
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit, progress=True)
    await ledger.do(RUN_OUT)
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_plan_with_which_workers_vanish_goes_on(ledger: Ledger) -> None:
    """Three deploys in a row are no reason to give up a file."""
    job_id, expected = await ledger.upload_plan(RowPlan("practice", 25, last_days=25))
    await die_of_the_plan(ledger, DEATHS)
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_plan_with_which_too_many_workers_vanish_fails_the_job(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 25, last_days=25))
    await die_of_the_plan(ledger, PLAN_DEATHS)
    await ledger.work()
    assert (await ledger.job(job_id))["status"] == "FAILED"


async def die_of_the_plan(ledger: Ledger, times: int) -> None:
    """So many workers vanish with the plan in hand."""
    bench = ledger.bench()
    for _ in range(times):
        unit = await claim(bench)
        assert unit is not None
        assert unit.kind == "plan"
        await ledger.do(RUN_OUT)


@pytest.mark.parametrize("deaths", [0, 1])
async def test_a_window_whose_worker_died_keeps_each_page(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    """Else a few deaths in a row, each in the first second, would count as the window's own fault."""

    async def deadly(*_: object) -> None:
        raise RuntimeError("at the last page")

    monkeypatch.setattr(window, "_keep_last", deadly)
    monkeypatch.setattr(window, "KEEP_SECONDS", 1e9)
    await ledger.upload_plan(RowPlan("practice", 25, last_days=25, mix=Mix(0.1, 0.1)))
    bench = ledger.bench()
    plan = await claim(bench)
    assert plan is not None
    await work(bench, plan)
    for _ in range(deaths):
        assert await claim(bench) is not None
        await ledger.do(RUN_OUT)
    unit = await claim(bench)
    assert unit is not None
    assert (unit.kind, unit.attempts) == ("window", deaths + 1)
    await work(bench, unit)
    query = await ledger.one("SELECT pages FROM payer_queries WHERE unit_id = $1", unit.id)
    assert (query["pages"] > 1) is bool(deaths)
