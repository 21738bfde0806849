"""Whole jobs at either payer: the same answers, more of a claim when wanted, turns for everybody."""

from typing import Any
from uuid import UUID

import pytest

from app.claims.engine.closer import MORE_UNAVAILABLE
from app.claims.engine.leases import claim
from app.claims.payers.details import Extra
from app.dev.payer.rows import HEADERS, Mix, RowPlan, Shape
from app.dev.payer.rows import rows as rows_of
from tests.claims.engine.conftest import make_organization
from tests.claims.engine.ledger import Ledger
from tests.claims.engine.test_outage import hurry, work_until

MIX = Mix(0.1, 0.1)
BOTH = tuple(Extra)


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
@pytest.mark.parametrize("shape", ["claim_number", "practice"])
async def test_every_row_of_a_file_for_optum_has_its_answer(
    ledger: Ledger, shape: Shape, batch: bool
) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan(shape, 60, last_days=80, mix=MIX), batch=batch, provider="optum"
    )
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_optum_is_asked_for_single_claims_by_their_number(ledger: Ledger) -> None:
    plan = RowPlan("claim_number", 12, last_days=80, mix=Mix(0.0, 0.0))
    job_id, expected = await ledger.upload_plan(plan, batch=False, provider="optum")
    await ledger.work()
    await ledger.check(job_id, expected)
    assert ledger.payer.tally.calls == len({entry.claim_numbers for entry in expected})


async def test_an_outage_at_optum_is_survived_under_its_own_name(ledger: Ledger) -> None:
    ledger.play(share_500=1.0)
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 20, last_days=60, mix=MIX), provider="optum"
    )
    await ledger.work()
    reason = (await ledger.job(job_id))["status_reason"]
    assert reason.startswith("Optum Real Claim Inquiry does not answer; retrying until ")
    ledger.play()
    await hurry(ledger)
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)


async def results(ledger: Ledger, job_id: UUID) -> list[dict[str, Any]]:
    """What the answered rows show, line by line."""
    answers = await ledger.answers(job_id)
    return [line for answer in answers for line in answer["results"] or []]


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
@pytest.mark.parametrize("provider", ["uhc", "optum"])
async def test_more_is_known_of_claims_that_match_and_of_no_other(
    ledger: Ledger, provider: str, batch: bool
) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 30, last_days=60, mix=MIX),
        batch=batch,
        provider=provider,
        include=BOTH,
    )
    await ledger.work()
    await ledger.check(job_id, expected)
    lines = await results(ledger, job_id)
    assert lines
    for line in lines:
        assert sum(float(part["charged"]) for part in line["details"]["lines"]) == pytest.approx(
            float(line["total_charged"])
        )
        assert bool(line["payments"]) == (float(line["total_paid"] or 0) > 0)
        assert bool(line["details"]["reasons"]) == (line["status"] in ("PAID", "DENIED"))
        assert "handle" not in line
    found = {number for entry in expected for number in entry.claim_numbers}
    calls_each = 2 if provider == "uhc" else 1
    assert ledger.payer.tally.claim_calls == calls_each * len(found)


async def test_nothing_more_is_asked_where_nobody_wants_it(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 20, last_days=60))
    await ledger.work()
    assert ledger.payer.tally.claim_calls == 0
    assert all("details" not in line for line in await results(ledger, job_id))
    stored = await ledger.all("SELECT results FROM payer_claims WHERE job_id = $1 LIMIT 5", job_id)
    assert all("handle" not in row["results"][0] for row in stored)


@pytest.mark.parametrize(
    ("faults", "options"),
    [
        (
            {"token_on_last_page": True, "claim_transaction": "required"},
            {"last_page": "short_page"},
        ),
        ({"payment_transaction": "detail"}, {"payment_transaction": "detail"}),
        ({"line_codes_key": "lineCodes"}, {"detail_transaction": "none"}),
    ],
    ids=str,
)
async def test_every_dialect_of_details(
    ledger: Ledger, faults: dict[str, Any], options: dict[str, Any]
) -> None:
    ledger.play(**faults)
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 20, last_days=60, mix=MIX), include=BOTH
    )
    await ledger.work(**options)
    await ledger.check(job_id, expected)
    lines = await results(ledger, job_id)
    assert all(line["details"]["lines"] and "payments" in line for line in lines)
    assert any(line["details"]["reasons"] for line in lines)


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
@pytest.mark.parametrize(
    "faults", [{"error_code": "LCLM_PS_203"}, {"share_html": 1.0}], ids=["final", "unreadable"]
)
async def test_particulars_that_cannot_be_had_are_a_warning(
    ledger: Ledger, faults: dict[str, Any], batch: bool
) -> None:
    ledger.play(**faults, spoil="claims")
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 8, last_days=60, mix=Mix(0.0, 0.0)),
        batch=batch,
        include=[Extra.DETAILS],
    )
    await work_until(ledger, job_id, rounds=30)
    await ledger.check(job_id, expected)
    warnings = [answer["warnings"] for answer in await ledger.answers(job_id)]
    assert all(MORE_UNAVAILABLE in given for given in warnings)
    assert (await ledger.job(job_id))["status_reason"] is None


async def test_an_outage_of_the_details_alone_is_waited_for(ledger: Ledger) -> None:
    ledger.play(share_500=1.0, spoil="claims")
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 8, last_days=60, mix=Mix(0.0, 0.0)), include=BOTH
    )
    await ledger.work()
    assert "does not answer" in (await ledger.job(job_id))["status_reason"]
    ledger.play()
    await work_until(ledger, job_id)
    await ledger.check(job_id, expected)
    assert all(not answer["warnings"] for answer in await ledger.answers(job_id))


async def test_what_a_payer_does_not_give_is_said_and_not_waited_for(ledger: Ledger) -> None:
    plan = RowPlan("claim_number", 6, last_days=60, mix=MIX)
    job_id, expected = await ledger.upload_plan(plan, provider="optum", include=BOTH)
    await ledger.work(by_claim_number=False)
    await ledger.check(job_id, expected)
    (warning,) = [
        entry
        for entry in (await ledger.job(job_id))["warnings"]
        if entry["code"] == "include_not_given"
    ]
    assert "details and payments" in warning["message"]


async def test_a_large_file_does_not_starve_a_small_one_of_another_organization(
    ledger: Ledger,
) -> None:
    """The large file came first and holds every lane; the small one is done long before it."""
    large, _ = await ledger.upload_plan(
        RowPlan("claim_number", 600, last_days=60, mix=MIX), batch=False
    )
    other, _ = await make_organization(ledger.database, "471000099")
    book = ledger.payer.books.book("471000099")
    made = list(rows_of(book, RowPlan("claim_number", 5, last_days=60, mix=Mix(0.0, 0.0))))
    small = await ledger.upload(
        [cells for cells, _ in made],
        HEADERS["claim_number"],
        batch=False,
        organization_id=other,
    )
    await ledger.work(lanes=2)
    last = await ledger.one(
        "SELECT max(decided_at) AS at FROM claim_answers WHERE job_id = $1", small
    )
    later = await ledger.one(
        "SELECT count(*) AS rows FROM claim_answers WHERE job_id = $1 AND decided_at > $2",
        large,
        last["at"],
    )
    assert len(await ledger.answers(small)) == 5
    assert later["rows"] > 300


async def test_an_organization_holds_no_more_leases_than_it_may(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("claim_number", 600, last_days=60), batch=False)
    await ledger.do("UPDATE claim_units SET state = 'READY' WHERE job_id = $1", job_id)
    bench = ledger.bench(settings=ledger.with_claims(organization_leases=2))
    held = [await claim(bench) for _ in range(4)]
    assert [unit is not None for unit in held] == [True, True, False, False]
    other, _ = await make_organization(ledger.database, "471000099")
    await ledger.upload([["FH1", "A", "B", "1990-01-01"]], organization_id=other)
    theirs = await claim(bench)
    assert theirs is not None
    assert theirs.organization_id == other
