"""UnitedHealthcare's summary answer, read strictly: a body into a page or a typed fault.

Keys beyond those that are read are tolerated; a missing key, a wrong type, an amount or a day that
is none makes the whole answer a bad one, so that nothing is ever counted as absent by a
misreading.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import pydantic

from app.claims.matching import claim_key, name_key
from app.claims.payers.amounts import amount, clock_time, day
from app.claims.payers.bodies import NUL, Strict, decode, facts, plain, request_id
from app.claims.payers.port import (
    DateMismatch,
    DatesOutOfRange,
    Page,
    PageTokenExpired,
    PayerBadResponse,
    PayerClaim,
    PayerFault,
    PayerTimeout,
    PayerUnavailable,
    QuestionRejected,
    WindowTooLarge,
)
from app.claims.payers.status import claim_status
from app.core.http import Answer

NO_DATA: Final = "LCLM_PS_201"
_FAULTS: Final[Mapping[str, type[PayerFault]]] = {
    **dict.fromkeys(("102", "105", "106", "108", "111", "113", "202"), QuestionRejected),
    "107": DatesOutOfRange,
    **dict.fromkeys(("112", "305", "306"), WindowTooLarge),
    "203": PageTokenExpired,
    "301": PayerTimeout,
    **dict.fromkeys(("302", "303", "304", "500"), PayerUnavailable),
    "307": DateMismatch,
}


class _Member(msgspec.Struct, gc=False):
    ptntFn: str | None  # noqa: N815 -- the payer's spelling, here and below
    ptntLn: str | None  # noqa: N815
    ptntDob: str | None  # noqa: N815
    subscriberId: str | None = None  # noqa: N815


class _Crosswalk(msgspec.Struct, gc=False):
    clm507Cd: str | None = None  # noqa: N815


class _Summary(msgspec.Struct, gc=False):
    firstSrvcDt: str | None = None  # noqa: N815
    lastSrvcDt: str | None = None  # noqa: N815
    processedDt: str | None = None  # noqa: N815
    processedTm: str | None = None  # noqa: N815
    totalChargedAmt: str | None = None  # noqa: N815
    totalPaidAmt: str | None = None  # noqa: N815
    clmXWalkData: list[_Crosswalk] | None = None  # noqa: N815


class _Claim(msgspec.Struct, gc=False):
    claimNumber: str  # noqa: N815
    claimStatus: str  # noqa: N815
    memberInfo: _Member  # noqa: N815
    claimSummary: _Summary  # noqa: N815
    detailsAvailable: str | None = None  # noqa: N815


class _Body(msgspec.Struct, gc=False):
    claims: list[_Claim]
    transactionId: str | None = None  # noqa: N815
    errors: msgspec.Raw = msgspec.Raw()


_BODY: Final = msgspec.json.Decoder(_Body)


class _Error(Strict):
    code: str


class _Errors(Strict):
    errors: list[_Error] = pydantic.Field(min_length=1)


def read_page(answer: Answer, *, full_page: int | None = None) -> Page:
    """The page in a 200, 400, 404 or 5xx answer; 401 and 429 are the caller's.

    With `full_page` a page of fewer claims than that is the last one, whatever token it carries.

    Raises:
        PayerFault: the one that belongs to the payer's code, to the status, or to a body that is
            not what the interface says.
    """
    page, has_errors = _read(answer, full_page)
    if page is not None and not has_errors:
        return page
    body = decode(answer)
    if is_no_data(answer, body):
        return Page((), None, True, request_id(answer), NO_DATA)
    if page is None:
        raise PayerBadResponse(facts(answer, body))
    return page


def _read(answer: Answer, full_page: int | None) -> tuple[Page | None, bool]:
    """The page, None where the body is none; and whether it speaks of errors beside it.

    One pass from the bytes to the few fields that are used: pages are most of a bulk job's work.
    """
    if answer.status != 200 or NUL in answer.body:
        return None, False
    try:
        body = _BODY.decode(answer.body)
        token = plain(body.transactionId)
        claims = tuple([_claim(claim, token) for claim in body.claims])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Not chained: the error of a value may quote it.
        return None, False
    is_last = token is None or (full_page is not None and len(claims) < full_page)
    page = Page(claims, None if is_last else token, is_last, request_id(answer))
    return page, bool(bytes(body.errors))


def is_no_data(answer: Answer, body: Any) -> bool:
    """Whether the payer says that there is nothing; False for an answer with something to read.

    Raises:
        PayerFault: the one that belongs to the payer's code, or to the status.
    """
    code = _error_code(body)
    if code == NO_DATA:
        return True
    if code is not None or answer.status != 200:
        raise _fault(answer, body, code)
    return False


def _error_code(body: Any) -> str | None:
    """The first code that we know, else the first; None where the body is no error."""
    try:
        codes = [error.code for error in _Errors.model_validate(body).errors]
    except ValueError:
        return None
    return next((code for code in codes if code == NO_DATA or known_fault(code)), codes[0])


def known_fault(code: str) -> type[PayerFault] | None:
    """What a code of the payer's own list means; None for one that is not on it."""
    family, _, number = code.rpartition("_")
    if family == "LCLM_PS":
        return _FAULTS.get(number)
    return PayerUnavailable if code == "LCLM_PA_500" else None


def _fault(answer: Answer, body: Any, code: str | None) -> PayerFault:
    known = known_fault(code) if code else None
    kept = facts(answer, body, code)
    if known:
        return known(kept)
    if answer.status >= 500:
        return PayerUnavailable(kept)
    if answer.status == 408:
        return PayerTimeout(kept)
    # A refusal in the payer's own form is one; an unknown page from a proxy may pass.
    refused = code is not None and 400 <= answer.status < 500
    return QuestionRejected(kept) if refused else PayerBadResponse(kept)


def _claim(claim: _Claim, token: str | None) -> PayerClaim:
    member, summary = claim.memberInfo, claim.claimSummary
    categories = [line.clm507Cd for line in summary.clmXWalkData or () if line.clm507Cd]
    status, warnings = claim_status(claim.claimStatus, categories)
    first, last = (member.ptntFn or "").strip(), (member.ptntLn or "").strip()
    key = claim_key(claim.claimNumber)
    if not key:
        raise ValueError("a claim without a number")
    return PayerClaim(
        claim_number=claim.claimNumber.strip(),
        claim_key=key,
        status=status,
        first_name=first,
        last_name=last,
        first_key=name_key(first),
        last_key=name_key(last),
        date_of_birth=day(member.ptntDob),
        service_from=day(summary.firstSrvcDt),
        service_to=day(summary.lastSrvcDt),
        total_charged=amount(summary.totalChargedAmt),
        total_paid=amount(summary.totalPaidAmt),
        processed_date=day(summary.processedDt),
        processed_time=clock_time(summary.processedTm),
        subscriber_id=plain(member.subscriberId),
        warnings=warnings,
        handle=None if claim.detailsAvailable == "N" else token or "",
    )
