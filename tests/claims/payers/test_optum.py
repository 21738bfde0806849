"""Optum's Claim Inquiry over real HTTP: searches, pages, dialects, and each way to fail."""

from typing import Any

import msgspec
import pytest

from app.claims.payers.details import ClaimRef, Extra
from app.claims.payers.port import (
    CredentialsRefused,
    DateMismatch,
    DatesOutOfRange,
    FaultKind,
    PageTokenExpired,
    PayerBadResponse,
    PayerClaim,
    PayerFault,
    PayerRateLimited,
    PayerTimeout,
    PayerUnavailable,
    QuestionRejected,
    WindowTooLarge,
)
from tests.claims.payers.payer_stand import TIN, Stand, ask, days_ago, walk

BOTH = frozenset(Extra)
_REJECTED = ("102", "105", "106", "108", "111", "113", "202")


def told(claim: PayerClaim) -> PayerClaim:
    """A claim without what belongs to the wire."""
    return msgspec.structs.replace(claim, handle=None)


@pytest.mark.parametrize("days", [1, 30])
async def test_it_tells_of_a_claim_what_its_predecessor_tells(stand: Stand, days: int) -> None:
    ours = [claim for page in await walk(stand.optum(), ask(days)) for claim in page.claims]
    theirs = [claim for page in await walk(stand.adapter(), ask(days)) for claim in page.claims]
    assert len(ours) == 10 * days
    assert list(map(told, ours)) == list(map(told, theirs))


async def test_capabilities(stand: Stand) -> None:
    able = stand.optum().capabilities
    assert (able.by_claim_number, able.by_patient, able.by_provider_window) == (True, True, True)
    assert able.max_window_days == 90
    assert (able.details, able.payments, able.native_batch) == (True, True, False)
    bare = stand.optum(by_claim_number=False).capabilities
    assert (bare.by_claim_number, bare.details, bare.payments) == (False, False, False)


@pytest.mark.parametrize("claims", [1, 50, 51, 100, 500])
async def test_every_page_is_walked(stand: Stand, claims: int) -> None:
    stand.payer.books.write(TIN, claims=claims, days=1)
    pages = await walk(stand.optum(), ask(1))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    numbers = {claim.claim_number for page in pages for claim in page.claims}
    assert numbers == {claim.claim_number for claim in stand.payer.books.claims_of(TIN)}


async def test_a_claim_is_found_by_its_number_whatever_its_days(stand: Stand) -> None:
    true = stand.payer.books.book(TIN).claim(17)
    page = await stand.optum().search(ask(0, claim_number=true.claim_number))
    assert [claim.claim_number for claim in page.claims] == [true.claim_number]
    assert page.complete
    page = await stand.optum().search(ask(0, claim_number="ZZ1"))
    assert (page.claims, page.complete) == ((), True)


async def test_a_claim_is_found_by_its_person(stand: Stand) -> None:
    true = stand.payer.books.book(TIN).claim(5_990)
    question = ask(
        20, first_name=true.first_name, last_name=true.last_name, date_of_birth=true.date_of_birth
    )
    page = await stand.optum().search(question)
    assert true.claim_number in {claim.claim_number for claim in page.claims}
    assert {claim.date_of_birth for claim in page.claims} == {true.date_of_birth}


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ({"optum_dates": "iso"}, {"date_format": "iso"}),
        ({"optum_numbers": True}, {}),
        ({"optum_crosswalk": "object"}, {}),
        ({"optum_last_page": "token_kept"}, {}),
        ({"optum_last_page": "no_flag"}, {"last_page": "no_token"}),
        ({}, {"last_page": "no_token"}),
        (
            {"optum_field": "searchClaimResponse", "optum_argument": "input"},
            {"search_field": "searchClaimResponse", "search_argument": "input"},
        ),
        ({"optum_window_days": 30}, {"max_window_days": 20}),
        ({"dotted_times": True}, {"environment": "sandbox"}),
    ],
    ids=str,
)
async def test_every_dialect_gives_the_same_claims(
    stand: Stand, dialect: dict[str, Any], options: dict[str, Any]
) -> None:
    usual = [told(claim) for page in await walk(stand.optum(), ask(7)) for claim in page.claims]
    stand.play(**dialect)
    pages = await walk(stand.optum(**options), ask(7))
    assert [told(claim) for page in pages for claim in page.claims] == usual
    assert len(usual) == 70


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ({"optum_dates": "iso"}, {}),
        ({}, {"date_format": "iso"}),
        ({"optum_field": "searchClaimResponse"}, {}),
        ({"optum_argument": "input"}, {}),
        ({"optum_last_page": "no_flag"}, {}),
        ({"optum_last_page": "token_kept"}, {"last_page": "no_token"}),
        ({"optum_window_days": 5}, {}),
    ],
    ids=str,
)
async def test_the_wrong_dialect_is_a_fault_and_never_an_empty_list(
    stand: Stand, dialect: dict[str, Any], options: dict[str, Any]
) -> None:
    stand.play(**dialect)
    with pytest.raises(PayerFault):
        await walk(stand.optum(tries=1, **options), ask(7))


@pytest.mark.parametrize("optum_empty", ["list", "error"])
@pytest.mark.parametrize("optum_errors", ["rest", "graphql"])
async def test_nothing_is_an_empty_list_or_a_code(
    stand: Stand, optum_empty: str, optum_errors: str
) -> None:
    stand.play(optum_empty=optum_empty, optum_errors=optum_errors)
    page = await stand.optum().search(ask(from_date=days_ago(0)))
    assert (page.claims, page.complete) == ((), True)
    assert page.payer_code == ("LCLM_PS_201" if optum_empty == "error" else None)


@pytest.mark.parametrize("optum_errors", ["rest", "graphql"])
@pytest.mark.parametrize(
    ("code", "fault", "calls"),
    [
        *((f"LCLM_PS_{n}", QuestionRejected, 1) for n in _REJECTED),
        ("LCLM_PS_107", DatesOutOfRange, 1),
        ("LCLM_PS_112", WindowTooLarge, 1),
        ("LCLM_PS_203", PageTokenExpired, 1),
        ("LCLM_PS_301", PayerTimeout, 2),
        ("LCLM_PS_302", PayerUnavailable, 2),
        ("LCLM_PS_305", WindowTooLarge, 1),
        ("LCLM_PS_306", WindowTooLarge, 1),
        ("LCLM_PS_307", DateMismatch, 1),
        ("LCLM_PA_500", PayerUnavailable, 2),
        ("INTERNAL_SERVER_ERROR", PayerUnavailable, 2),
        ("TIMEOUT", PayerTimeout, 2),
        ("BAD_USER_INPUT", QuestionRejected, 1),
    ],
)
async def test_error_table(
    stand: Stand, optum_errors: str, code: str, fault: type[PayerFault], calls: int
) -> None:
    stand.play(error_code=code, optum_errors=optum_errors)
    with pytest.raises(fault) as raised:
        await stand.optum(tries=2).search(ask())
    assert raised.value.facts.payer_code == code
    assert raised.value.facts.request_id is not None
    assert stand.calls["calls"] == calls


@pytest.mark.parametrize(
    ("faults", "fault", "calls"),
    [
        ({"error_code": "WHO_KNOWS"}, QuestionRejected, 1),
        ({"error_code": "WHO_KNOWS", "optum_errors": "graphql"}, PayerBadResponse, 2),
        ({"error_code": "WHO_KNOWS", "error_status": 503}, PayerUnavailable, 2),
        ({"error_code": "WHO_KNOWS", "error_status": 504}, PayerTimeout, 2),
        ({"error_code": "WHO_KNOWS", "error_status": 403}, CredentialsRefused, 1),
        ({"optum_partial": True}, PayerBadResponse, 2),
        ({"share_html": 1}, PayerBadResponse, 2),
        ({"share_bad_json": 1}, PayerBadResponse, 2),
        ({"share_wrong_key": 1}, PayerBadResponse, 2),
        ({"share_missing_claims": 1}, PayerBadResponse, 2),
        ({"nonsense_amounts": True}, PayerBadResponse, 2),
        ({"share_500": 1}, PayerUnavailable, 2),
        ({"share_drop": 1}, PayerUnavailable, 2),
        ({"share_429": 1, "retry_after": "40"}, PayerRateLimited, 1),
        ({"error_code": "TOO_MANY_REQUESTS", "optum_errors": "graphql"}, PayerRateLimited, 1),
        ({"unauthorized": "always"}, CredentialsRefused, 2),
        ({"unauthorized": "always", "optum_errors": "graphql"}, CredentialsRefused, 2),
        ({"token_status": 500}, PayerUnavailable, 0),
        ({"token_status": 401}, CredentialsRefused, 0),
    ],
    ids=str,
)
async def test_fault_table(
    stand: Stand, faults: dict[str, Any], fault: type[PayerFault], calls: int
) -> None:
    stand.play(**faults)
    with pytest.raises(fault):
        await stand.optum(tries=2, patience_seconds=0.5).search(ask())
    assert stand.calls["calls"] == calls


@pytest.mark.parametrize("optum_errors", ["rest", "graphql"])
async def test_a_token_refused_once_is_renewed_wherever_it_is_said(
    stand: Stand, optum_errors: str
) -> None:
    stand.play(unauthorized="once", optum_errors=optum_errors)
    assert len((await stand.optum().search(ask())).claims) == 30
    assert stand.calls["token_calls"] == 2


async def test_no_answer_in_time(stand: Stand) -> None:
    stand.play(share_hang=1.0)
    with pytest.raises(PayerTimeout):
        await stand.optum(timeout_seconds=0.1, tries=1).search(ask())


async def test_a_page_token_expires_and_too_many_are_too_many(stand: Stand) -> None:
    stand.play(page_token_expires_on=2)
    with pytest.raises(PageTokenExpired):
        await walk(stand.optum(), ask(7))
    stand.payer.books.write(TIN, claims=501, days=1)
    for place in ("first", "last"):
        stand.play(cap_on_page=place)
        with pytest.raises(WindowTooLarge):
            await walk(stand.optum(), ask(1))


async def test_what_is_configured_as_a_code_is_one(stand: Stand) -> None:
    stand.play(error_code="TOO_BUSY_DAYS")
    with pytest.raises(WindowTooLarge):
        await stand.optum(too_many_codes=("TOO_BUSY_DAYS",)).search(ask())
    stand.play(error_code="NOBODY_HERE")
    assert (await stand.optum(no_data_codes=("NOBODY_HERE",)).search(ask())).complete
    stand.play(error_code="PAGE_GONE")
    with pytest.raises(PageTokenExpired):
        await stand.optum(token_expired_codes=("PAGE_GONE",)).search(ask())


async def test_what_must_not_be_sent_is_not(stand: Stand) -> None:
    adapter = stand.optum()
    for question in (ask(tin="12345678\n"), ask(claim_number="FH\x00"), ask(payer_id="Ä")):
        with pytest.raises(QuestionRejected):
            await adapter.search(question)
    with pytest.raises(WindowTooLarge):
        await adapter.search(ask(95))
    with pytest.raises(PayerBadResponse):
        await adapter.search(ask(), "no\ntoken")
    assert stand.calls["calls"] == 0


@pytest.mark.parametrize("kind", list(FaultKind))
async def test_no_fault_tells_of_the_patient(
    stand: Stand, kind: FaultKind, capfd: pytest.CaptureFixture[str]
) -> None:
    code = {
        FaultKind.TRANSIENT: "LCLM_PS_302",
        FaultKind.NARROW: "LCLM_PS_306",
        FaultKind.TOKEN_EXPIRED: "LCLM_PS_203",
        FaultKind.FINAL: "LCLM_PS_102",
    }.get(kind)
    stand.play(error_code=code, unauthorized="never" if code else "always")
    person: dict[str, Any] = {
        "first_name": "Zebulon",
        "last_name": "Quark",
        "date_of_birth": days_ago(20_000),
    }
    with pytest.raises(PayerFault) as raised:
        await stand.optum(tries=1).search(ask(**person))
    assert raised.value.kind is kind
    shown = repr(raised.value) + repr(raised.value.facts) + "".join(capfd.readouterr())
    assert not [word for word in ("Zebulon", "Quark", TIN, "sandbox-secret") if word in shown]


async def test_more_of_a_claim_comes_in_one_call(stand: Stand) -> None:
    for optum_masked in (False, True):
        stand.payer.reset()
        stand.play(optum_masked=optum_masked)
        page = await stand.optum().search(ask(3))
        paid = next(claim for claim in page.claims if claim.status == "PAID" and claim.total_paid)
        found = await stand.optum().look_closer(ClaimRef(TIN, "", paid.claim_number), BOTH)
        assert stand.calls["claim_calls"] == 1
        assert found.details is not None
        assert found.payments is not None
        assert found.payments[0]["draft_amount"] == paid.total_paid
        assert found.payments[0]["check_amount"] == (None if optum_masked else paid.total_paid)
        assert [line["paid"] for line in found.details["lines"]]
