"""The plan: what no payer has to be asked, rows alike, and which windows are worth it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.claims.engine.leases import claim
from app.claims.engine.work import work
from app.claims.queries.engine import planning
from app.core.clock import now
from app.core.db import Scope, driver
from app.dev.payer.rows import HEADERS, Mix, RowPlan, rows
from tests.claims.engine.conftest import make_organization
from tests.claims.engine.ledger import SECOND_TIN, TIN, Ledger


async def test_rows_that_no_payer_has_to_be_asked_for(ledger: Ledger) -> None:
    other, (foreign,) = await make_organization(ledger.database, TIN)
    today = now().date()
    near, old, late = ((today - timedelta(days=days)).isoformat() for days in (10, 800, -3))
    person = ("Herman", "Oakdale", "1980-01-02")
    job_id = await ledger.upload(
        [
            (str(foreign), *person, near, near),
            ("99999999", *person, near, near),
            (str(ledger.practice_id), *person, old, old),
            (str(ledger.practice_id), *person, near, late),
            (str(ledger.practice_id), *person, "13/13/13", near),
        ],
        HEADERS["practice"],
    )
    await ledger.work()
    assert await ledger.codes(job_id) == [
        "row.practice_unknown",
        "row.practice_unknown",
        "row.date_range",
        "row.date_range",
        "row.bad_date",
    ]
    fields = [answer["error"]["field"] for answer in await ledger.answers(job_id)]
    assert fields[:4] == [
        "practice_id",
        "practice_id",
        "first_service_date",
        "last_service_date",
    ]
    assert all(answer["error"]["message"] for answer in await ledger.answers(job_id))
    await ledger.check_accounts(job_id)
    assert ledger.payer.tally.calls == 0
    assert other != ledger.organization_id


async def test_an_organization_without_a_practice(ledger: Ledger) -> None:
    bare, _ = await make_organization(ledger.database)
    job_id = await ledger.upload([("ZZ1", "Herman", "Oakdale", "1980-01-02")], organization_id=bare)
    await ledger.work()
    assert await ledger.codes(job_id) == ["row.practice_unknown"]
    await ledger.check_accounts(job_id)


async def test_a_row_without_a_practice_is_asked_at_all_of_them(ledger: Ledger) -> None:
    second = ledger.payer.books.book(SECOND_TIN)
    claim_there = second.claim(second.claims - 20)
    await ledger.do(
        "INSERT INTO practices (organization_id, name, tin) VALUES ($1, 'second', $2)",
        ledger.organization_id,
        SECOND_TIN,
    )
    job_id = await ledger.upload(
        [
            (
                claim_there.claim_number,
                claim_there.first_name,
                claim_there.last_name,
                claim_there.date_of_birth.isoformat(),
            )
        ]
    )
    await ledger.work()
    (answer,) = await ledger.answers(job_id)
    assert answer["results"][0]["claim_number"] == claim_there.claim_number


async def test_rows_alike_are_asked_once_and_each_answered(ledger: Ledger) -> None:
    plan = RowPlan("practice", 6, last_days=60, mix=Mix(0.0, 0.4))
    job_id, expected = await ledger.upload_plan(plan, batch=False)
    await ledger.work()
    once = ledger.payer.tally.calls
    await ledger.check(job_id, expected)

    cells = [c for c, _ in rows(ledger.book, plan)]
    lines = [[str(ledger.practice_id), *line[1:]] for line in cells]
    ledger.payer.reset()
    many = await ledger.upload(
        [line for line in lines for _ in range(7)], HEADERS["practice"], batch=False
    )
    await ledger.work()
    assert ledger.payer.tally.calls == once
    codes = await ledger.codes(many)
    assert codes == [entry.error_code for entry in expected for _ in range(7)]
    await ledger.check_accounts(many)


async def test_which_rows_ask_the_same(ledger: Ledger) -> None:
    job_id = await ledger.upload(
        [
            ("FE-1", "Ann", "O'Brien", "1980-03-15", "14", ""),
            ("fe 1", "ANN", "Obrien Jr", "03/15/1980", "014", ""),
            ("FE-2", "Ann", "O'Brien", "1980-03-15", "14", ""),
            ("FE-1", "Ann", "O'Brien", "1980-03-16", "14", ""),
            ("FE-1", "Ann", "O'Brien", "1980-03-15", "15", ""),
            ("FE-1", "Ann", "O'Brien", "1980-03-15", "", ""),
            ("FE-1", "Ann", "O'Brien", "1980-03-15", "", "123456789"),
            ("FE-1", "AnnO", "Brien", "1980-03-15", "14", ""),
            ("FE-1", "", "Brien", "1980-03-15", "14", ""),
            ("FE-1", "", "Brien", "1980-03-15", "14", ""),
        ],
        ("claim_number", "first_name", "last_name", "dob", "practice_id", "tin"),
    )
    for expected in (1, 0):
        async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
            connection = await driver(session)
            await planning.be_patient(connection)
            assert await planning.find_alike(connection, job_id) == expected
    twins = await ledger.all("SELECT row_no, leader FROM claim_twins")
    assert [tuple(row) for row in twins] == [(2, 1)]


async def test_undated_rows_are_searched_for_ninety_days_with_a_warning(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("claim_number", 10, last_days=60))
    await ledger.work()
    today = now().date()
    span = await ledger.one(
        "SELECT min(from_date) AS first, max(to_date) AS last FROM payer_queries"
    )
    assert (span["first"], span["last"]) == (today - timedelta(days=89), today)
    warnings = (await ledger.job(job_id))["warnings"]
    assert [warning["code"] for warning in warnings] == ["default_dates"]


async def test_the_forms_dates_bound_the_search(ledger: Ledger) -> None:
    today = now().date()
    start, end = today - timedelta(days=50), today - timedelta(days=20)
    job_id, _ = await ledger.upload_plan(
        RowPlan("claim_number", 10, last_days=60), start=start, end=end
    )
    await ledger.work()
    span = await ledger.one(
        "SELECT min(from_date) AS first, max(to_date) AS last, max(to_date - from_date) AS days"
        " FROM payer_queries"
    )
    assert (span["first"], span["last"]) == (start, end)
    assert span["days"] < 30
    assert (await ledger.job(job_id))["warnings"] == []


async def test_few_rows_are_asked_singly_in_batch_mode(ledger: Ledger) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 3, last_days=60, mix=Mix(0.0, 0.0))
    )
    await ledger.work()
    await ledger.check(job_id, expected)
    kinds = {row["kind"] for row in await ledger.all("SELECT kind FROM payer_queries")}
    assert kinds == {"patient"}


async def test_a_plan_that_dies_leaves_nothing_and_is_made_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 30, last_days=60, mix=Mix(0.1, 0.1))
    )
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as fault, pytest.raises(asyncio.CancelledError):
        fault.setattr("app.claims.queries.engine.planning.demands", dies)
        await work(bench, unit)
    assert await ledger.answers(job_id) == []
    assert await ledger.all("SELECT FROM payer_queries") == []
    await ledger.do("UPDATE claim_units SET run_after = now()")
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_practice_that_is_gone_by_then_proves_nothing(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 8, last_days=30, mix=Mix(0.0, 1.0)))
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None
    await work(bench, unit)
    await ledger.do("UPDATE practices SET is_active = false")
    await ledger.work()
    assert set(await ledger.codes(job_id)) == {"row.practice_unknown"}
    await ledger.check_accounts(job_id)


async def test_the_days_do_not_move_at_midnight(ledger: Ledger) -> None:
    """A job that began before midnight UTC searches the same days after it."""
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 30, last_days=60, mix=Mix(0.1, 0.1))
    )
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None
    await ledger.do("UPDATE claim_jobs SET processing_started_at = now() - interval '1 day'")
    unit.job = replace(unit.job, today=unit.job.today - timedelta(days=1))
    await work(bench, unit)
    await ledger.work()
    await ledger.check(job_id, expected)
    singly = await ledger.all("SELECT FROM payer_queries WHERE kind = 'patient'")
    assert singly == []
