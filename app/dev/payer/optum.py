"""The local payer in Optum's words: real GraphQL over the same books.

The schema follows Optum's published description of Claim Inquiry as far as anybody asks for it.
"""

import functools
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from app.dev.payer.desk import Desk, Part, Reply, Sought
from app.dev.payer.faults import Faults
from app.dev.payer.optum_claims import claim_values
from app.dev.payer.questions import (
    PAYER_IDS,
    Headers,
    Refusal,
    checked_window,
    text_of,
)

_SCHEMA: Final = """
input SearchClaimInput {
  claimNumber: String patientAccountNumber: String memberId: String memberFirstName: String
  memberLastName: String memberDateOfBirth: String memberPolicy: String serviceStartDate: String
  serviceEndDate: String payerId: String!
}
scalar Amount
scalar Crosswalk
type Member { subscriberId: String policyNumber: String firstName: String lastName: String
  middleInitial: String dateOfBirth: String relationshipCode: String memberId: String }
type Events { receivedDate: String processedDate: String processedTime: String
  serviceStartDate: String serviceEndDate: String statusEffectiveDate: String }
type Totals { totalBilledChargeAmount: Amount totalAllowedAmount: Amount totalPaidAmount: Amount
  totalPatientResponsibilityAmount: Amount }
type Payment { paymentNumber: String adjudicatedClaimPaymentNumber: String
  adjudicatedClaimPaymentAmount: Amount paymentModeCode: String paymentAmount: Amount
  paymentIssueDate: String payeeName: String }
type Status { claim507Code: String claim507CodeDesc: String claim508Code: String
  claim508CodeDesc: String adjudicatedClaimSuffixCode: String }
type ClaimCode { claimCodeType: String code: String description: String }
type LineCode { type: String code: String description: String }
type LineAmounts { billedChargeAmount: Amount notCoveredAmount: Amount allowedAmount: Amount
  deductibleAmount: Amount copayAmount: Amount coinsuranceAmount: Amount paidAmount: Amount }
type LineIndicators { inventoryControlNumberSuffix: String }
type Line { lineKey: String lineNumber: String serviceCode: String procedureCode: String
  lineEvents: Events lineLevelTotalAmounts: LineAmounts lineIndicators: LineIndicators
  lineAdjudicationCodes: [LineCode] }
type Diagnosis { diagnosisSequenceNumber: String diagnosisCode: String diagnosisCodeType: String }
type Information { claimNumber: String payerId: String diagnosisCodes: [Diagnosis] lines: [Line] }
type Claim { claimNumber: String claimStatus: String hasClaimDetails: Boolean member: Member
  claimEvents: Events claimLevelTotalAmount: Totals payments: [Payment]
  claimStatusCrosswalkData: %(crosswalk)s claimAdjudicationCodes: [ClaimCode]
  claimDetailedInformation: Information }
type Pagination { hasMoreRecords: Boolean nextPageToken: String }
type Found { claims: [Claim] pagination: Pagination }
type Query { %(field)s(%(argument)s: SearchClaimInput!): Found }
"""


@functools.lru_cache(maxsize=16)
def _schema(field: str, argument: str, crosswalk: str) -> GraphQLSchema:
    kind = "Status" if crosswalk == "object" else "[Status]"
    return build_schema(_SCHEMA % {"field": field, "argument": argument, "crosswalk": kind})


@functools.lru_cache(maxsize=64)
def _document(schema: GraphQLSchema, query: str) -> tuple[DocumentNode | None, list[Any]]:
    """The query, parsed, and what is wrong with it; clients send the same few again and again."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, [error.formatted]
    return document, [error.formatted for error in validate(schema, document)]


class _Question(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.extensions = {"code": refusal.code}
        super().__init__(refusal.code)


def search(
    desk: Desk, headers: Headers, body: bytes, faults: Faults, *, key: str | None = "claims"
) -> Reply:
    """The answer to a POST; `key` is where its claims stand."""
    try:
        asked = json.loads(body)
        query, variables = asked["query"], asked["variables"]
    except (ValueError, KeyError, TypeError):
        return rest_error(400, "BAD_REQUEST", "No query, or no variables")
    schema = _schema(faults.optum_field, faults.optum_argument, faults.optum_crosswalk)
    document, wrong = _document(schema, str(query))
    if document is None or wrong:
        return _reply({"data": None, "errors": wrong}, faults, key)

    def found(_info: object, **arguments: Mapping[str, str]) -> dict[str, Any]:
        try:
            return _found(desk, headers, arguments[faults.optum_argument], faults)
        except Refusal as refusal:
            desk.refused(refusal)
            raise _Question(refusal) from None

    result = execute_sync(
        schema,
        document,
        {faults.optum_field: found},
        variable_values=variables,
        operation_name=asked.get("operationName"),
    )
    return _reply(result.formatted, faults, key)


def _reply(result: Any, faults: Faults, key: str | None) -> Reply:
    code = _code(result)
    if code and faults.optum_errors == "rest":
        return rest_error(faults.error_status or _status(code), code, code)
    answer = {"data": result["data"]}
    if result.get("errors"):
        answer["errors"] = result["errors"]
    elif faults.optum_partial:
        extensions = {"code": "DOWNSTREAM"}
        answer["errors"] = [{"message": "Some claims are missing", "extensions": extensions}]
    inner = (answer["data"] or {}).get(faults.optum_field)
    if inner is not None and key != "claims":
        claims = inner.pop("claims")
        inner |= {key: claims} if key else {}
    return Reply(200, json.dumps(answer).encode(), code)


def rest_error(status: int, code: str, description: str) -> Reply:
    """A refusal in the form that Optum publishes."""
    body = {"errors": [{"code": code, "description": description}]}
    return Reply(status, json.dumps(body).encode(), code)


def graphql_error(code: str) -> Reply:
    """The same as a GraphQL error with status 200."""
    errors = [{"message": code, "extensions": {"code": code}}]
    return Reply(200, json.dumps({"data": None, "errors": errors}).encode(), code)


def _code(result: Any) -> str | None:
    errors = result.get("errors") or ()
    for error in errors:
        return str(error.get("extensions", {}).get("code", "GRAPHQL_VALIDATION_FAILED"))
    return None


def _status(code: str) -> int:
    return 500 if code.endswith(("_500", "_301", "_302", "_303", "_304")) else 400


def _found(
    desk: Desk, headers: Headers, asked: Mapping[str, str], faults: Faults
) -> dict[str, Any]:
    tin, token = text_of(headers, b"providertaxid"), text_of(headers, b"nextpagetoken")
    if len(tin) != 9 or not tin.isdigit():
        raise Refusal("LCLM_PS_102")
    if asked["payerId"] not in PAYER_IDS:
        raise Refusal("LCLM_PS_105")
    sought = functools.partial(_sought, asked, faults, desk.today())
    try:
        part = desk.page(tin, token, sought, faults)
    except Refusal as refusal:
        if refusal.code != "LCLM_PS_201" or faults.optum_empty == "error" or faults.error_code:
            raise
        part = Part((), None)
    return {
        "claims": [claim_values(claim, faults) for claim in part.claims],
        "pagination": _pagination(part, faults),
    }


def _pagination(part: Part, faults: Faults) -> dict[str, object]:
    if faults.optum_last_page == "no_flag":
        return {"hasMoreRecords": None, "nextPageToken": part.token}
    token = part.token
    if part.is_last and faults.optum_last_page == "token_kept":
        token = "the-last-one"  # noqa: S105 -- a page token that leads nowhere.
    return {"hasMoreRecords": not part.is_last, "nextPageToken": token}


def _sought(asked: Mapping[str, str], faults: Faults, today: date) -> Sought:
    number = asked.get("claimNumber", "")
    if number:
        return Sought(today, today, claim_number=number)
    first = _day(asked.get("serviceStartDate", ""), faults, "LCLM_PS_108")
    last = _day(asked.get("serviceEndDate", ""), faults, "LCLM_PS_111")
    window = checked_window(first, last, today, faults.optum_window_days)
    born = _day(asked.get("memberDateOfBirth", ""), faults, "LCLM_PS_113")
    names = asked.get("memberFirstName", ""), asked.get("memberLastName", "")
    if any((*names, born)) and not all((*names, born)):
        # Of the combinations that are allowed, this one alone does without a member id.
        raise Refusal("LCLM_PS_106")
    return Sought(*window, (*names, born))


def _day(text: str, faults: Faults, code: str) -> date | None:
    if not text:
        return None
    try:
        if faults.optum_dates == "iso":
            return date.fromisoformat(text)
        month, day, year = text.split("/")
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Refusal(code) from None
