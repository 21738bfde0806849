"""Bodies, amounts, days, times and statuses, by tables and by mutation of a good answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims.payers.port import PayerBadResponse, PayerFault, PayerTimeout, PayerUnavailable
from app.claims.payers.uhc_wire import read_page
from app.core.http import Answer


def claim(**changes: Any) -> dict[str, Any]:
    return {
        "claimNumber": "FH1",
        "claimStatus": "Finalized",
        "memberInfo": {"ptntFn": "MARIA", "ptntLn": "DELGADO", "ptntDob": "03/12/1984"},
        "claimSummary": {"firstSrvcDt": "05/04/2026", "totalPaidAmt": "12.34"},
    } | changes


def answer(body: Any, status: int = 200) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {"x-correlation-id": "abc"}, raw)


def test_more_keys_than_known_are_tolerated() -> None:
    page = read_page(answer({"claims": [claim(new={"x": 1})], "errors": [], "more": None}))
    assert page.claims[0].total_paid == "12.34"
    assert page.claims[0].total_charged is None
    assert page.complete
    assert page.request_id == "abc"


@pytest.mark.parametrize("token", [None, "", "  "])
def test_an_empty_token_ends_the_walk(token: str | None) -> None:
    assert read_page(answer({"claims": [], "transactionId": token})).complete


def test_claims_absent_and_claims_empty_are_two_things() -> None:
    assert read_page(answer({"claims": []})).complete
    with pytest.raises(PayerBadResponse):
        read_page(answer({"transactionId": "t"}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"42",
        b"<html></html>",
        b"\xff\xfe",
        b'{"claims":[]',
        b'{"claims":[NaN]}',
        b"[" * 100_000,
        {"claims": [claim(claimStatus="Fin\0alized")]},
        {"claims": None},
        {"claims": {}},
        {"claims": [None]},
        {"claims": [], "transactionId": 7},
        {"claims": [claim(claimNumber="")]},
        {"claims": [claim(claimNumber=" - ")]},
        {"claims": [claim(claimNumber=12)]},
        {"claims": [claim(claimStatus=None)]},
        {"claims": [claim(memberInfo=None)]},
        {"claims": [claim(memberInfo={"ptntFn": "A", "ptntLn": "B"})]},
        {"claims": [claim(memberInfo={"ptntFn": "A", "ptntLn": "B", "ptntDob": "1984-03-12"})]},
        {"claims": [claim(claimSummary={"totalPaidAmt": 12.34})]},
        {"claims": [claim(claimSummary={"totalPaidAmt": "about ten"})]},
        {"claims": [claim(claimSummary={"firstSrvcDt": "13/13/2026"})]},
        {"claims": [claim(claimSummary={"processedTm": "noon"})]},
        {"claims": [claim(claimSummary={"clmXWalkData": [{"clm507Cd": 1}]})]},
        {"claimsSummaryInfo": [claim()]},
        {"errors": [], "message": "hm"},
        {"errors": [{"message": "no code"}]},
    ],
)
def test_what_is_no_answer_is_a_bad_one(body: Any) -> None:
    with pytest.raises(PayerBadResponse) as raised:
        read_page(answer(body))
    assert raised.value.__cause__ is None
    assert "about ten" not in repr(raised.value.facts)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in inner:
        found.append((*path, key))
        if isinstance(child, dict | list):
            found += _paths(child, (*path, key))
    return found


GOOD = {
    "claims": [
        claim(
            claimSummary={
                "firstSrvcDt": "05/04/2026",
                "lastSrvcDt": "05/04/2026",
                "processedDt": "05/14/2026",
                "processedTm": "07.45.00",
                "totalChargedAmt": "99.00",
                "totalPaidAmt": "12.34",
                "clmXWalkData": [{"clm507Cd": "F1"}],
            }
        )
    ],
    "transactionId": "t-2",
}


@given(st.sampled_from(_paths(GOOD)), st.sampled_from([7, True, [], {}, "\u0001", "x", 1.5, None]))
def test_a_changed_answer_is_read_or_bad_and_never_emptier(path: tuple[Any, ...], put: Any) -> None:
    body = json.loads(json.dumps(GOOD))
    at = body
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = put
    try:
        page = read_page(answer(body))
    except PayerBadResponse:
        return
    assert len(page.claims) == 1 or body["claims"] == []


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(PayerFault):
        read_page(answer(body))


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (500, PayerUnavailable),
        (503, PayerUnavailable),
        (408, PayerTimeout),
        (301, PayerBadResponse),
        (404, PayerBadResponse),
        (204, PayerBadResponse),
    ],
)
def test_a_status_without_a_readable_body(status: int, fault: type[PayerFault]) -> None:
    with pytest.raises(fault):
        read_page(answer(b"<html>", status))
    with pytest.raises(fault):
        read_page(answer({"claims": [claim()]}, status))


@pytest.mark.parametrize("code", ["Maria Delgado", "x" * 60, "<b>"])
def test_a_code_that_is_no_word_is_not_kept(code: str) -> None:
    with pytest.raises(PayerFault) as raised:
        read_page(answer({"errors": [{"code": code}]}, 400))
    assert raised.value.facts.payer_code is None
