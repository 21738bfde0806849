"""Windows: walked to the end, halved, restarted, and never taken for whole when they are not."""

import asyncio
import random
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest

from app.claims.engine import answer as engine_answer
from app.claims.engine import early, window
from app.claims.engine.bench import Bench, Unit
from app.claims.engine.leases import claim
from app.claims.engine.work import work
from app.claims.payers.port import Page
from app.claims.queries.engine.windows import WindowQuery
from app.core.clock import now
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import Expected, Mix, RowPlan
from tests.claims.engine.ledger import SECOND_TIN, TIN, Ledger

MIX = Mix(wrong_person=0.1, unknown=0.1)


async def queries(ledger: Ledger) -> list[tuple[int, bool, str | None]]:
    """Days, completeness and code of every window."""
    found = await ledger.all(
        "SELECT to_date - from_date + 1 AS days, complete, error_code FROM payer_queries"
        " WHERE kind = 'window' ORDER BY id"
    )
    return [(row["days"], row["complete"], row["error_code"]) for row in found]


@pytest.mark.parametrize("cap_on_page", ["first", "last"])
async def test_a_window_that_is_too_full_is_halved(ledger: Ledger, cap_on_page: str) -> None:
    ledger.payer.books.write(TIN, claims=6_000, days=100)
    ledger.play(cap_on_page=cap_on_page)
    job_id, expected = await ledger.upload_plan(RowPlan("claim_number", 120, last_days=60, mix=MIX))
    await ledger.work()
    await ledger.check(job_id, expected)
    walked = await queries(ledger)
    assert (30, False, "window.split") in walked
    assert all(complete for _, complete, code in walked if code is None)


async def test_a_window_that_the_payer_finds_too_wide_is_halved(ledger: Ledger) -> None:
    ledger.play(window_days=10)
    job_id, expected = await ledger.upload_plan(RowPlan("practice", 60, last_days=60, mix=MIX))
    await ledger.work()
    await ledger.check(job_id, expected)
    assert max(days for days, complete, _ in await queries(ledger) if complete) <= 10


async def test_a_page_token_that_expires_starts_the_window_again(ledger: Ledger) -> None:
    ledger.play(page_token_expires_on=3)
    job_id, expected = await ledger.upload_plan(RowPlan("claim_number", 100, last_days=80, mix=MIX))
    await ledger.work()
    await ledger.check(job_id, expected)
    assert ledger.payer.tally.codes["LCLM_PS_203"] >= 3
    doubled = await ledger.one(
        "SELECT sum(claims)::int AS told, (SELECT count(*) FROM payer_claims) AS kept"
        " FROM payer_queries"
    )
    assert doubled["told"] == doubled["kept"]


async def test_truncated_at_a_single_day_is_never_not_found(ledger: Ledger) -> None:
    """600 claims a day, of which the payer gives none: the person's own claims are still found."""
    ledger.payer.books.write(TIN, claims=60_000, days=100)
    plan = RowPlan("practice", 25, last_days=1, mix=MIX)
    job_id, expected = await ledger.upload_plan(plan)
    await ledger.work()
    unsure = [
        Expected(entry.row, "payer.truncated", ())
        if entry.error_code == "payer.not_found"
        else entry
        for entry in expected
    ]
    await ledger.check(job_id, unsure)
    assert (1, False, "payer.truncated") in await queries(ledger)


async def test_a_name_that_cannot_be_sent_ends_as_truncated(ledger: Ledger) -> None:
    ledger.payer.books.write(TIN, claims=60_000, days=100)
    yesterday = ledger.book.last_day
    line = ("Zoë", "Åkermann", "1980-01-02", yesterday.isoformat(), yesterday.isoformat())
    job_id = await ledger.upload(
        [line],
        ("first_name", "last_name", "date_of_birth", "first_service_date", "last_service_date"),
        start=yesterday,
        end=yesterday,
    )
    await ledger.work()
    assert await ledger.codes(job_id) == ["payer.truncated"]


@pytest.mark.parametrize("names", ["truncated", "swapped"])
@pytest.mark.parametrize("batch", [True, False])
async def test_names_that_the_payer_spoils_are_found_with_a_warning(
    ledger: Ledger, names: str, batch: bool
) -> None:
    ledger.play(names=names)
    plan = RowPlan("practice", 40, last_days=60, mix=Mix(0.0, 0.0))
    job_id, expected = await ledger.upload_plan(plan, batch=batch)
    await ledger.work()
    await ledger.check(job_id, expected)
    warned = {w for answer in await ledger.answers(job_id) for w in answer["warnings"] or ()}
    assert warned == {f"name_{names}"}


async def test_a_crash_between_page_and_token_loses_and_doubles_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies after each page that it asked for, before or after it was kept."""
    keep = window._keep
    dice = random.Random(7)
    deaths = iter([dice.random() < 0.5 for _ in range(60)])

    async def dying(bench: Bench, unit: Unit, query: WindowQuery, pages: list[Page]) -> None:
        if next(deaths, False):
            raise asyncio.CancelledError
        await keep(bench, unit, query, pages)
        if next(deaths, False):
            raise asyncio.CancelledError

    job_id, expected = await ledger.upload_plan(RowPlan("claim_number", 100, last_days=80, mix=MIX))
    bench = ledger.bench()
    monkeypatch.setattr(window, "_keep", dying)
    monkeypatch.setattr(window, "KEEP_SECONDS", 0.0)
    died = 0
    while (unit := await claim(bench)) is not None:
        try:
            await work(bench, unit)
        except asyncio.CancelledError:
            died += 1
    assert died >= 10
    await ledger.check(job_id, expected)
    kept = await ledger.one(
        "SELECT sum(claims)::int AS told, (SELECT count(*) FROM payer_claims) AS kept"
        " FROM payer_queries"
    )
    assert kept["told"] == kept["kept"]


async def test_the_evidence_of_not_found_is_complete(ledger: Ledger) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 60, last_days=80, mix=Mix(0.0, 0.5))
    )
    await ledger.work()
    await ledger.check(job_id, expected)
    proof = {
        row["id"]: row
        for row in await ledger.all("SELECT * FROM payer_queries WHERE job_id = $1", job_id)
    }
    today = now().date()
    for answer in await ledger.answers(job_id):
        searched = [proof[number] for number in answer["query_ids"]]
        assert all(query["complete"] for query in searched)
        if answer["error_code"] == "payer.not_found":
            assert min(query["from_date"] for query in searched) == today - timedelta(days=89)
            assert max(query["to_date"] for query in searched) == today


@pytest.mark.parametrize("last_days", [60, 400])
async def test_the_payer_is_asked_at_most_windows_times_pages(
    ledger: Ledger, last_days: int
) -> None:
    """However many rows there are: the windows that were walked, and at most their pages."""
    # The claims are those of so many days up to the payer's own, which begins six hours after ours.
    today = payer_today()
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 2_000, last_days=last_days, mix=MIX),
        start=today - timedelta(days=last_days),
        end=today,
    )
    await ledger.work()
    await ledger.check(job_id, expected)
    windows = await ledger.one(
        "SELECT count(*) AS n, sum(pages)::int AS pages,"
        " count(*) FILTER (WHERE error_code IS NOT NULL) AS halved FROM payer_queries"
    )
    assert ledger.payer.tally.calls == windows["pages"] + windows["halved"]
    assert windows["pages"] <= windows["n"] * 10
    assert windows["halved"] == 0


async def test_both_roads_give_the_same_answers(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain rows by one statement, and the same file judged row by row."""
    plan = RowPlan("claim_number", 300, last_days=60, mix=Mix(0.2, 0.2))
    columns = ("row_no", "outcome", "error_code", "error", "results", "warnings")
    answers = []
    for road in ("statement", "row by row"):
        with monkeypatch.context() as change:
            if road == "row by row":
                change.setattr(engine_answer, "_settle_plain", AsyncMock())
            job_id, expected = await ledger.upload_plan(plan)
            await ledger.work()
            await ledger.check(job_id, expected)
        given = await ledger.answers(job_id)
        answers.append([[row[name] for name in columns] for row in given])
        assert all(row["query_ids"] for row in given)
    assert answers[0] == answers[1]


async def test_what_a_window_answers_is_written_while_others_are_walked(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "_REST_SECONDS", 0.0)
    monkeypatch.setattr(early, "_REST_TIMES", 0.0)
    job_id, expected = await ledger.upload_plan(RowPlan("claim_number", 120, last_days=60, mix=MIX))
    bench, seen = ledger.bench(), []
    while (unit := await claim(bench)) is not None and unit.kind != "rows":
        await work(bench, unit)
        found = await ledger.one(
            "SELECT (SELECT count(*) FROM claim_answers)::int AS answers,"
            " sum(succeeded + failed)::int AS counted,"
            " count(*) FILTER (WHERE kind = 'rows' AND state = 'LEASED')::int AS lent FROM claim_units"
        )
        assert (found["answers"], found["lent"]) == (found["counted"], 0)
        seen.append(found["answers"])
    # The plan, then each window: no look lets go of rows that another window could still change.
    assert len(set(seen)) > 2
    assert seen == sorted(seen)
    assert seen[-1] < 120
    assert unit is not None
    await work(bench, unit)
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_number_that_two_practices_could_hold_waits_for_all_windows(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "_REST_SECONDS", 0.0)
    monkeypatch.setattr(early, "_REST_TIMES", 0.0)
    await ledger.do(
        "INSERT INTO practices (organization_id, name, tin) VALUES ($1, $2, $2)",
        ledger.organization_id,
        SECOND_TIN,
    )
    job_id, _ = await ledger.upload_plan(RowPlan("claim_number", 40, last_days=60, mix=MIX))
    bench = ledger.bench()
    while (unit := await claim(bench)) is not None and unit.kind != "rows":
        await work(bench, unit)
        answers = "SELECT count(*)::int AS n FROM claim_answers WHERE outcome = 'succeeded'"
        assert (await ledger.one(answers))["n"] == 0
    assert unit is not None
    await work(bench, unit)
    await ledger.work()
    assert (await ledger.job(job_id))["status"] == "COMPLETED"
