"""The local payer in UnitedHealthcare's words: everything asked for stands in headers."""

import functools
from datetime import date

from app.dev.payer.book import SyntheticClaim
from app.dev.payer.desk import Desk, Reply, Sought
from app.dev.payer.faults import Faults
from app.dev.payer.questions import (
    Headers,
    Refusal,
    asked_patient,
    asked_tin,
    asked_window,
    text_of,
)
from app.dev.payer.wire import details, error, payments, summary, usual_status

_DETAIL_TOKEN = "D-"  # noqa: S105 -- how a token begins.


def search(desk: Desk, headers: Headers, faults: Faults, *, key: str | None = "claims") -> Reply:
    """The page that the headers ask for; `key` is where its claims stand."""
    try:
        tin, token = asked_tin(headers), text_of(headers, b"transactionid")
        if token and faults.refuse_dates_with_page_token:
            _check_no_dates(headers)
        sought = functools.partial(_sought, headers, faults, desk.today())
        part = desk.page(tin, token, sought, faults)
        return Reply(200, summary(part.claims, tin, part.token, faults, key=key))
    except Refusal as refusal:
        return _refused(desk, refusal, faults)


def claim_details(desk: Desk, headers: Headers, faults: Faults) -> Reply:
    """The lines of one claim."""
    try:
        claim = _claim(desk, headers, faults)
        return Reply(200, details(claim, faults, _DETAIL_TOKEN + claim.claim_number))
    except Refusal as refusal:
        return _refused(desk, refusal, faults)


def claim_payments(desk: Desk, headers: Headers, faults: Faults) -> Reply:
    """The payments of one claim."""
    try:
        if faults.payment_transaction == "detail":
            _check_detail_token(headers)
        return Reply(200, payments(_claim(desk, headers, faults)))
    except Refusal as refusal:
        return _refused(desk, refusal, faults)


def _check_no_dates(headers: Headers) -> None:
    if headers.get(b"firstservicedt"):
        raise Refusal("LCLM_PS_106")


def _check_detail_token(headers: Headers) -> None:
    if not text_of(headers, b"transactionid").startswith(_DETAIL_TOKEN):
        raise Refusal("LCLM_PS_203")


def _sought(headers: Headers, faults: Faults, today: date) -> Sought:
    number = text_of(headers, b"claimnumber")
    if number:
        return Sought(today, today, claim_number=number)
    first, last = asked_window(headers, today, faults.window_days)
    return Sought(first, last, asked_patient(headers))


def _claim(desk: Desk, headers: Headers, faults: Faults) -> SyntheticClaim:
    tin, number = asked_tin(headers), text_of(headers, b"claimnumber")
    if not number:
        raise Refusal("LCLM_PS_102")
    if faults.error_code:
        raise Refusal(faults.error_code)
    token = text_of(headers, b"transactionid")
    is_known = token.startswith(_DETAIL_TOKEN) or desk.knows_walk(token)
    if faults.claim_transaction == "required" and not is_known:
        raise Refusal("LCLM_PS_203")
    claim = desk.books.book(tin).of_number(number)
    if claim is None:
        raise Refusal("LCLM_PS_201")
    return claim


def _refused(desk: Desk, refusal: Refusal, faults: Faults) -> Reply:
    code = desk.refused(refusal)
    return Reply(faults.error_status or usual_status(code), error(code), code)
