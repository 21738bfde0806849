"""UnitedHealthcare's summary answer, read strictly: a body into a page or a typed fault.

Keys beyond those that are read are tolerated; a missing key, a wrong type, an amount or a day that
is none makes the whole answer a bad one, so that nothing is ever counted as absent by a
misreading.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import pydantic
import pydantic_core

from app.claims.matching import claim_key, name_key
from app.claims.payers.amounts import amount, clock_time, day
from app.claims.payers.port import (
    DateMismatch,
    DatesOutOfRange,
    FaultFacts,
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
_REQUEST_ID_HEADERS: Final = ("x-request-id", "x-correlation-id", "optum-cid-ext")
_PLAIN_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}", re.ASCII)


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="ignore", frozen=True)


class _Member(_Strict):
    ptntFn: str | None  # noqa: N815 -- the payer's spelling, here and below
    ptntLn: str | None  # noqa: N815
    ptntDob: str | None  # noqa: N815
    subscriberId: str | None = None  # noqa: N815


class _Crosswalk(_Strict):
    clm507Cd: str | None = None  # noqa: N815


class _Summary(_Strict):
    firstSrvcDt: str | None = None  # noqa: N815
    lastSrvcDt: str | None = None  # noqa: N815
    processedDt: str | None = None  # noqa: N815
    processedTm: str | None = None  # noqa: N815
    totalChargedAmt: str | None = None  # noqa: N815
    totalPaidAmt: str | None = None  # noqa: N815
    clmXWalkData: list[_Crosswalk] | None = None  # noqa: N815


class _Claim(_Strict):
    claimNumber: str = pydantic.Field(min_length=1)  # noqa: N815
    claimStatus: str  # noqa: N815
    memberInfo: _Member  # noqa: N815
    claimSummary: _Summary  # noqa: N815


class _Body(_Strict):
    claims: list[_Claim]
    transactionId: str | None = None  # noqa: N815


class _Error(_Strict):
    code: str


class _Errors(_Strict):
    errors: list[_Error] = pydantic.Field(min_length=1)


def read_page(answer: Answer) -> Page:
    """The page in a 200, 400, 404 or 5xx answer; 401 and 429 are the caller's.

    Raises:
        PayerFault: the one that belongs to the payer's code, to the status, or to a body that is
            not what the interface says.
    """
    body = _decode(answer)
    code = _error_code(body)
    if code == NO_DATA:
        return Page((), None, True, request_id(answer), code)
    if code is not None or answer.status != 200:
        raise _fault(answer, body, code)
    try:
        read = _Body.model_validate(body)
        claims = tuple(map(_claim, read.claims, body["claims"]))
    except ValueError:
        # Not chained: a validation error quotes the values that it refuses.
        raise PayerBadResponse(facts(answer, body)) from None
    token = (read.transactionId or "").strip() or None
    return Page(claims, token, token is None, request_id(answer))


def facts(answer: Answer, body: Any = None, code: str | None = None) -> FaultFacts:
    """What may be kept of an answer that was refused: its digest and its keys, no value."""
    keys = sorted(body) if isinstance(body, dict) else ()
    return FaultFacts(
        payer_code=code if code and _PLAIN_WORD.fullmatch(code) else None,
        http_status=answer.status,
        request_id=request_id(answer),
        body_sha256=hashlib.sha256(answer.body).hexdigest(),
        body_keys=tuple(key for key in keys if _PLAIN_WORD.fullmatch(key))[:20],
    )


def request_id(answer: Answer) -> str | None:
    """The payer's own id of the call, by which its support finds it."""
    for name in _REQUEST_ID_HEADERS:
        value = answer.headers.get(name, "")
        if value.isascii() and value.isprintable() and 0 < len(value) <= 100:
            return value
    return None


def _decode(answer: Answer) -> Any:
    # A NUL is legal JSON and cannot be stored in PostgreSQL; no claim has a use for one.
    if b"\\u0000" in answer.body:
        return None
    try:
        return pydantic_core.from_json(answer.body, allow_inf_nan=False)
    except ValueError:
        return None


def _error_code(body: Any) -> str | None:
    """The first code that we know, else the first; None where the body is no error."""
    try:
        codes = [error.code for error in _Errors.model_validate(body).errors]
    except ValueError:
        return None
    return next((code for code in codes if code == NO_DATA or _known(code)), codes[0])


def _known(code: str) -> type[PayerFault] | None:
    family, _, number = code.rpartition("_")
    if family == "LCLM_PS":
        return _FAULTS.get(number)
    return PayerUnavailable if code == "LCLM_PA_500" else None


def _fault(answer: Answer, body: Any, code: str | None) -> PayerFault:
    known = _known(code) if code else None
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


def _claim(claim: _Claim, raw: dict[str, Any]) -> PayerClaim:
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
        subscriber_id=(member.subscriberId or "").strip() or None,
        warnings=warnings,
        raw=raw,
    )
