"""Claim Inquiry's answer, read strictly: GraphQL errors first, then every field that was asked for.

An answer with both data and errors is partial: nothing of it counts.
"""

from collections.abc import Mapping
from typing import Any, Final

import pydantic

from app.claims.matching import claim_key, name_key
from app.claims.payers.amounts import amount, any_day, clock_time
from app.claims.payers.bodies import Strict, decode, facts, plain, request_id
from app.claims.payers.optum_options import OptumOptions
from app.claims.payers.port import (
    Page,
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
from app.claims.payers.status import claim_status
from app.claims.payers.uhc_wire import known_fault
from app.core.http import Answer

Amount = str | int | float | None
# The two codes that Optum publishes, those that GraphQL servers give for the same things, and
# behind them the codes of the interface that this one succeeds.
_REFUSED_TOKEN: Final = frozenset({"AUTH_FAILURE", "UNAUTHENTICATED", "UNAUTHORIZED"})
_FAULTS: Final[Mapping[str, type[PayerFault]]] = {
    **dict.fromkeys(
        ("INTERNAL_SERVER_ERROR", "INTERNAL", "UNAVAILABLE", "SERVICE_UNAVAILABLE"),
        PayerUnavailable,
    ),
    **dict.fromkeys(("TIMEOUT", "GATEWAY_TIMEOUT", "DEADLINE_EXCEEDED"), PayerTimeout),
    **dict.fromkeys(("TOO_MANY_REQUESTS", "RATE_LIMITED"), PayerRateLimited),
    **dict.fromkeys(
        (
            *("BAD_REQUEST", "BAD_USER_INPUT", "VALIDATION_ERROR", "GRAPHQL_VALIDATION_FAILED"),
            *("GRAPHQL_PARSE_FAILED", "ValidationError", "InvalidSyntax", "FORBIDDEN"),
        ),
        QuestionRejected,
    ),
}


class _Member(Strict):
    firstName: str | None  # noqa: N815 -- Optum's spelling, here and below
    lastName: str | None  # noqa: N815
    dateOfBirth: str | None  # noqa: N815
    subscriberId: str | None  # noqa: N815


class _Events(Strict):
    processedDate: str | None  # noqa: N815
    processedTime: str | None  # noqa: N815
    serviceStartDate: str | None  # noqa: N815
    serviceEndDate: str | None  # noqa: N815


class _Totals(Strict):
    totalBilledChargeAmount: Amount  # noqa: N815
    totalPaidAmount: Amount  # noqa: N815


class _Crosswalk(Strict):
    claim507Code: str | None  # noqa: N815


class _Claim(Strict):
    claimNumber: str = pydantic.Field(min_length=1)  # noqa: N815
    claimStatus: str  # noqa: N815
    hasClaimDetails: bool | None  # noqa: N815
    member: _Member
    claimEvents: _Events  # noqa: N815
    claimLevelTotalAmount: _Totals | None  # noqa: N815
    # A list in the description, a single object with one of its users.
    claimStatusCrosswalkData: list[_Crosswalk] | _Crosswalk | None  # noqa: N815

    @property
    def categories(self) -> list[str]:
        given = self.claimStatusCrosswalkData or []
        lines = [given] if isinstance(given, _Crosswalk) else given
        return [line.claim507Code for line in lines if line.claim507Code]


class Pagination(Strict):
    """Where an answer stands in the list of all that was found."""

    hasMoreRecords: bool | None = None  # noqa: N815
    nextPageToken: str | None = None  # noqa: N815


class _Found(Strict):
    claims: list[_Claim]
    pagination: Pagination


def read_page(answer: Answer, *, options: OptumOptions) -> Page:
    """The page in an answer; 401, 403 and 429 are the caller's.

    Raises:
        PayerFault: the one that belongs to the error's code, to the status, or to a body that is
            not what was asked for.
    """
    body = decode(answer)
    code = empty_by(answer, body, options)
    if code is not None:
        return Page((), None, True, request_id(answer), code)
    try:
        read = _Found.model_validate(body["data"][options.search_field])
        claims = tuple(map(_claim, read.claims))
        token = next_token(read.pagination, options)
    except (ValueError, KeyError, TypeError):
        # Not chained: a validation error quotes the values that it refuses.
        raise PayerBadResponse(facts(answer, body)) from None
    return Page(claims, token, token is None, request_id(answer))


def empty_by(answer: Answer, body: Any, options: OptumOptions) -> str | None:
    """The code by which Optum says that there is nothing; None for an answer with data.

    Raises:
        PayerFault: the answer has another error, or its status is none of an answer.
    """
    codes = _codes(body)
    if codes is None:
        if answer.status != 200:
            raise _by_status(answer, body, None)
        return None
    code = next((code for code in codes if _fault_of(code, options)), codes[0])
    if code in options.no_data_codes:
        if _has_data(body):
            raise PayerBadResponse(facts(answer, body, code))
        return code
    fault = _fault_of(code, options)
    if fault is None:
        raise _by_status(answer, body, code)
    raise fault(facts(answer, body, code))


def is_refused_token(answer: Answer) -> bool:
    """Whether a GraphQL error in an answer of another status says what a 401 says."""
    if answer.status != 200 or b"errors" not in answer.body:
        return False
    return not _REFUSED_TOKEN.isdisjoint(_codes(decode(answer)) or ())


def _codes(body: Any) -> list[str] | None:
    """The codes of the errors, "" for one that has none; None where there is no error."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if errors is None or errors == []:
        return None
    if not isinstance(errors, list):
        return [""]
    return [_code(error) for error in errors]


def _code(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    more = error.get("extensions")
    places = [error.get("code")]
    if isinstance(more, dict):
        places += [more.get("code"), more.get("errorType"), more.get("classification")]
    return next((place for place in places if isinstance(place, str)), "")


def _fault_of(code: str, options: OptumOptions) -> type[PayerFault] | None:
    if code in options.no_data_codes:
        # Not a fault; only says that the code is one that we know.
        return PayerFault
    if code in options.too_many_codes:
        return WindowTooLarge
    if code in options.token_expired_codes:
        return PageTokenExpired
    return _FAULTS.get(code) or known_fault(code)


def _by_status(answer: Answer, body: Any, code: str | None) -> PayerFault:
    kept = facts(answer, body, code)
    if answer.status in (408, 504):
        return PayerTimeout(kept)
    if answer.status >= 500:
        return PayerUnavailable(kept)
    # A refusal in Optum's own form is one; an unknown page from a proxy may pass.
    refused = bool(code) and 400 <= answer.status < 500
    return QuestionRejected(kept) if refused else PayerBadResponse(kept)


def _has_data(body: Any) -> bool:
    data = body.get("data")
    values = data.values() if isinstance(data, dict) else ()
    return any(isinstance(value, dict) and value.get("claims") for value in values)


def next_token(pagination: Pagination, options: OptumOptions) -> str | None:
    """What leads to the next page; None on the last one.

    Raises:
        ValueError: it cannot be told whether there is one.
    """
    token = plain(pagination.nextPageToken)
    more = pagination.hasMoreRecords
    if options.last_page == "flag" and more is None:
        raise ValueError("nothing says whether this is the last page")
    if more and token is None:
        raise ValueError("more claims, and no way to them")
    return None if options.last_page == "flag" and not more else token


def _claim(claim: _Claim) -> PayerClaim:
    member, events, totals = claim.member, claim.claimEvents, claim.claimLevelTotalAmount
    status, warnings = claim_status(claim.claimStatus, claim.categories)
    first, last = (member.firstName or "").strip(), (member.lastName or "").strip()
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
        date_of_birth=any_day(member.dateOfBirth),
        service_from=any_day(events.serviceStartDate),
        service_to=any_day(events.serviceEndDate),
        total_charged=amount_of(totals.totalBilledChargeAmount) if totals else None,
        total_paid=amount_of(totals.totalPaidAmount) if totals else None,
        processed_date=any_day(events.processedDate),
        processed_time=clock_time(events.processedTime),
        subscriber_id=plain(member.subscriberId),
        warnings=warnings,
        handle="" if claim.hasClaimDetails is not False else None,
    )


def amount_of(value: Amount) -> str | None:
    """An amount that came as text or as a number.

    Raises:
        ValueError: it is none.
    """
    return amount(value if value is None or isinstance(value, str) else str(value))
