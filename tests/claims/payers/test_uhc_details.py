"""Details, payments and searches by claim number over UnitedHealthcare's wire."""

from typing import Any

import pytest

from app.claims.payers.details import ClaimRef, Extra
from app.claims.payers.port import (
    PageTokenExpired,
    PayerBadResponse,
    PayerFault,
    PayerUnavailable,
    QuestionRejected,
)
from app.dev.payer.asgi import CLAIM_NUMBER_PATH
from tests.claims.payers.payer_stand import TIN, Stand, ask, walk

BOTH = frozenset(Extra)


def ref_of(stand: Stand, number: int, handle: str | None = "") -> ClaimRef:
    """A claim of the stand's book."""
    return ClaimRef(TIN, "", stand.payer.books.book(TIN).claim(number).claim_number, handle)


@pytest.mark.parametrize(
    ("wanted", "calls"),
    [(BOTH, 2), (frozenset({Extra.DETAILS}), 1), (frozenset({Extra.PAYMENTS}), 1)],
)
async def test_only_what_is_wanted_is_asked(
    stand: Stand, wanted: frozenset[Extra], calls: int
) -> None:
    found = await stand.adapter().look_closer(ref_of(stand, 17), wanted)
    assert stand.calls["claim_calls"] == calls
    assert (found.details is not None) == (Extra.DETAILS in wanted)
    assert (found.payments is not None) == (Extra.PAYMENTS in wanted)


async def test_a_claim_without_lines_there_has_none(stand: Stand) -> None:
    stand.play(error_code="LCLM_PS_201")
    found = await stand.adapter().look_closer(ref_of(stand, 17), BOTH)
    assert found.details == {"lines": [], "reasons": [], "diagnosis_codes": []}
    assert found.payments == []


@pytest.mark.parametrize(
    ("faults", "fault"),
    [
        ({"error_code": "LCLM_PS_203"}, PageTokenExpired),
        ({"error_code": "LCLM_PS_102"}, QuestionRejected),
        ({"error_code": "LCLM_PS_500"}, PayerUnavailable),
        ({"share_html": 1}, PayerBadResponse),
        ({"nonsense_amounts": True}, PayerBadResponse),
        ({"claim_transaction": "required"}, PageTokenExpired),
    ],
    ids=str,
)
async def test_faults(stand: Stand, faults: dict[str, Any], fault: type[PayerFault]) -> None:
    stand.play(**faults)
    with pytest.raises(fault):
        await stand.adapter(tries=1).look_closer(ref_of(stand, 17), BOTH)


async def test_the_token_of_the_page_leads_to_the_details(stand: Stand) -> None:
    stand.play(token_on_last_page=True, claim_transaction="required")
    adapter = stand.adapter(last_page="short_page")
    pages = await walk(adapter, ask(6))
    assert [len(page.claims) for page in pages] == [50, 10]
    for page in pages:
        claim = page.claims[-1]
        ref = ClaimRef(TIN, "", claim.claim_number, claim.handle)
        assert (await adapter.look_closer(ref, BOTH)).details


async def test_exactly_full_last_pages_end_by_no_data(stand: Stand) -> None:
    stand.play(token_on_last_page=True)
    pages = await walk(stand.adapter(last_page="short_page"), ask(5))
    assert [len(page.claims) for page in pages] == [50, 0]
    assert pages[-1].complete


async def test_a_claim_that_has_no_details_says_so(stand: Stand) -> None:
    page = await stand.adapter().search(ask(1))
    assert {claim.handle for claim in page.claims} == {""}


async def test_by_claim_number_where_its_path_is_known(stand: Stand) -> None:
    path = CLAIM_NUMBER_PATH.removeprefix("/Claims")
    adapter = stand.adapter(claim_number_path=path)
    assert adapter.capabilities.by_claim_number
    true = stand.payer.books.book(TIN).claim(17)
    page = await adapter.search(ask(0, claim_number=true.claim_number))
    assert [claim.claim_number for claim in page.claims] == [true.claim_number]
    assert (await adapter.search(ask(0, claim_number="ZZ0"))).complete


@pytest.mark.parametrize("number", ["", "FH\r\nX: 1", "É"])
async def test_a_number_that_cannot_be_sent_is_not(stand: Stand, number: str) -> None:
    with pytest.raises(QuestionRejected):
        await stand.adapter().look_closer(ClaimRef(TIN, "", number, ""), BOTH)
    assert stand.calls["claim_calls"] == 0
