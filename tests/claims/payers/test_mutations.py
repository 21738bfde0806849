"""Golden answers of both payers, and what becomes of them when anything in them is changed.

Whatever a payer sends, a reader gives what stands there or one of the typed faults: never another
exception, and never an empty answer that the payer did not give.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from app.claims.payers.details import Extra
from app.claims.payers.optum_details import read_particulars
from app.claims.payers.optum_options import OptumOptions
from app.claims.payers.optum_wire import read_page as read_optum
from app.claims.payers.port import Page, PayerBadResponse, PayerFault
from app.claims.payers.uhc_details import read_details, read_payments
from app.claims.payers.uhc_wire import read_page as read_uhc
from app.core.http import Answer

OPTIONS = OptumOptions("https://t.example", "https://b.example", "id", SecretStr("secret"))
_CODE = {"type": "CARC", "code": "197", "description": "Precertification absent"}
UHC_PAGE = {
    "claims": [
        {
            "claimNumber": "FH1",
            "claimStatus": "Multiple Status",
            "detailsAvailable": "Y",
            "memberInfo": {
                "subscriberId": "8001",
                "ptntFn": "MARIA",
                "ptntLn": "DELGADO",
                "ptntDob": "03/12/1984",
            },
            "claimSummary": {
                "firstSrvcDt": "05/04/2026",
                "lastSrvcDt": "05/06/2026",
                "processedDt": "05/14/2026",
                "processedTm": "07.45.00",
                "totalChargedAmt": "1,234.50",
                "totalPaidAmt": "12.34",
                "clmXWalkData": [{"clm507Cd": "F1"}, {"clm507Cd": "F2"}],
            },
        }
    ],
    "transactionId": "t-2",
}
UHC_DETAILS = {
    "transactionId": "d-1",
    "claimsDetailInfo": [
        {
            "claimNumber": "fh-1",
            "diagnosisCodes": ["R509", {"code": "I10"}],
            "lines": [
                {
                    "lineNbr": "1",
                    "srvcCode": "99213",
                    "firstSrvcDt": "05/04/2026",
                    "lastSrvcDt": "05/04/2026",
                    "billedAmt": "99.00",
                    "allowdAmt": "80",
                    "paidAmt": "",
                    "notCovAmt": None,
                    "copay": "5.00",
                    "deductible": "0.00",
                    "coinsurance": "0.00",
                    "icnSuffix": "01",
                    "lineCodes": [_CODE],
                }
            ],
        }
    ],
    "claimSummaryInfo": [{"claimNumber": "FH1"}],
}
UHC_PAYMENTS = {
    "payments": [
        {
            "paymentIssueDt": "05/15/2026",
            "checkNbr": "7001",
            "checkAmt": "500.00",
            "checkEFTIndicator": "E",
            "checkStatus": "CASHED",
            "draftAmt": "12.34",
            "draftNbr": "0087",
            "cashedDt": "05/20/2026",
            "payeeNm": "CLINIC",
        }
    ]
}
OPTUM = {
    "data": {
        "searchClaim": {
            "claims": [
                {
                    "claimNumber": "FH1",
                    "claimStatus": "Multiple Status",
                    "hasClaimDetails": True,
                    "member": {
                        "subscriberId": "8001",
                        "firstName": "MARIA",
                        "lastName": "DELGADO",
                        "dateOfBirth": "03/12/1984",
                    },
                    "claimEvents": {
                        "processedDate": "05/14/2026",
                        "processedTime": "07.45.00",
                        "serviceStartDate": "05/04/2026",
                        "serviceEndDate": "05/06/2026",
                    },
                    "claimLevelTotalAmount": {
                        "totalBilledChargeAmount": "1,234.50",
                        "totalPaidAmount": "12.34",
                    },
                    "claimStatusCrosswalkData": [
                        {"claim507Code": "F1", "claim508Code": "65"},
                        {"claim507Code": "F2", "claim508Code": "1"},
                    ],
                    "claimAdjudicationCodes": [],
                    "claimDetailedInformation": {
                        "diagnosisCodes": [{"diagnosisCode": "R509"}, {"diagnosisCode": "I10"}],
                        "lines": [
                            {
                                "lineNumber": "1",
                                "serviceCode": "99213",
                                "procedureCode": "99213",
                                "lineEvents": {
                                    "serviceStartDate": "05/04/2026",
                                    "serviceEndDate": "05/04/2026",
                                },
                                "lineLevelTotalAmounts": {
                                    "billedChargeAmount": "99.00",
                                    "allowedAmount": "80",
                                    "paidAmount": "",
                                    "notCoveredAmount": None,
                                    "copayAmount": 5,
                                    "deductibleAmount": "0.00",
                                    "coinsuranceAmount": 0.0,
                                },
                                "lineIndicators": {"inventoryControlNumberSuffix": "01"},
                                "lineAdjudicationCodes": [_CODE],
                            }
                        ],
                    },
                    "payments": [
                        {
                            "paymentNumber": "7001",
                            "paymentAmount": "500.00",
                            "paymentModeCode": "E",
                            "paymentIssueDate": "05/15/2026",
                            "payeeName": "CLINIC",
                            "adjudicatedClaimPaymentNumber": "0087",
                            "adjudicatedClaimPaymentAmount": "12.34",
                        }
                    ],
                }
            ],
            "pagination": {"hasMoreRecords": True, "nextPageToken": "t-2"},
        }
    }
}
LINE = {
    "claim_number": "FH1",
    "status": "DENIED",
    "patient_name": "MARIA DELGADO",
    "total_charged": "1234.50",
    "total_paid": "12.34",
    "processed_date": "2026-05-14",
    "first_service_date": "2026-05-04",
    "last_service_date": "2026-05-06",
}
DETAILS = {
    "lines": [
        {
            "line": "1",
            "service_code": "99213",
            "first_service_date": "2026-05-04",
            "last_service_date": "2026-05-04",
            "charged": "99.00",
            "allowed": "80.00",
            "paid": None,
            "not_covered": None,
            "copay": "5.00",
            "deductible": "0.00",
            "coinsurance": "0.00",
            "suffix": "01",
            "codes": ["197"],
        }
    ],
    "reasons": [_CODE],
    "diagnosis_codes": ["R509", "I10"],
}
PAYMENT = {
    "issue_date": "2026-05-15",
    "check_number": "7001",
    "check_amount": "500.00",
    "check_status": "CASHED",
    "mode": "E",
    "draft_number": "0087",
    "draft_amount": "12.34",
    "cashed_date": "2026-05-20",
    "payee": "CLINIC",
}


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def page_of_optum(given: Answer) -> Page:
    return read_optum(given, options=OPTIONS)


def particulars_of(given: Answer) -> Any:
    wanted = frozenset(Extra)
    return read_particulars(given, options=OPTIONS, claim_number="FH1", wanted=wanted)


@pytest.mark.parametrize(("read", "body"), [(read_uhc, UHC_PAGE), (page_of_optum, OPTUM)])
def test_the_golden_page_of_either_payer(read: Callable[[Answer], Page], body: Any) -> None:
    page = read(answer(body))
    assert [claim.line for claim in page.claims] == [LINE]
    assert page.claims[0].processed_time == "07:45:00"
    assert page.claims[0].subscriber_id == "8001"
    assert (page.next_token, page.complete) == ("t-2", False)


def test_the_golden_particulars_of_either_payer() -> None:
    found = particulars_of(answer(OPTUM))
    assert read_details(answer(UHC_DETAILS), claim_number="FH1").shown == DETAILS
    assert found.details == DETAILS
    assert read_payments(answer(UHC_PAYMENTS)) == [PAYMENT]
    assert found.payments == [PAYMENT | {"check_status": None, "cashed_date": None}]


@dataclass(frozen=True)
class Case:
    """A reader, an answer that it takes, and how much it found in one."""

    read: Callable[[Answer], Any]
    body: Any
    found: Callable[[Any], int]


CASES = {
    "uhc page": Case(read_uhc, UHC_PAGE, lambda page: len(page.claims)),
    "uhc details": Case(
        lambda given: read_details(given, claim_number="FH1"),
        UHC_DETAILS,
        lambda found: len(found.shown["lines"]),
    ),
    "uhc payments": Case(read_payments, UHC_PAYMENTS, len),
    "optum page": Case(page_of_optum, OPTUM, lambda page: len(page.claims)),
    "optum particulars": Case(
        particulars_of, OPTUM, lambda found: min(len(found.details["lines"]), len(found.payments))
    ),
}
# Where an empty list, or nothing, is the payer's own word for: there is none.
_EMPTY_IS_SAID = {"claims", "payments", "lines", "claimDetailedInformation"}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in inner:
        found.append((*path, key))
        if isinstance(child, dict | list):
            found += paths(child, (*path, key))
    return found


KINDS: list[Any] = [
    *(7, -1, 0, 1.5, 10**30, True, False, None, "", " ", "x", [], {}, [None], [{}], [[]], ["x"]),
    *({"claims": []}, {"claims": [], "pagination": {}}, {"payments": []}, {"a": None}),
]


def changed(body: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """The body with another value at that place, without it, and with its key misspelt.

    Beside each what stands there now; an element is only replaced, as a shorter list is none of
    another shape.
    """
    for kind in [*KINDS, "remove", "rename"]:
        copy = at = json.loads(json.dumps(body))
        for key in path[:-1]:
            at = at[key]
        if kind not in ("remove", "rename"):
            at[path[-1]] = kind
        elif isinstance(at, dict):
            old = at.pop(path[-1])
            at |= {f"{path[-1]}s": old} if kind == "rename" else {}
        yield copy, kind


@pytest.mark.parametrize("name", list(CASES))
def test_a_changed_answer_is_read_or_a_fault_and_never_emptier(name: str) -> None:
    """Every change at every place: what a drawn example may miss is met here each time."""
    case = CASES[name]
    whole = case.found(case.read(answer(case.body)))
    for path in paths(case.body):
        for body, new in changed(case.body, path):
            try:
                found = case.found(case.read(answer(body)))
            except PayerFault as fault:
                assert fault.__cause__ is None  # noqa: PT017 -- what was read must not be quoted.
                continue
            said = path[-1] in _EMPTY_IS_SAID and new in ([], None)
            assert found == whole or said, (path, new)


@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize(
    "body",
    [
        *(None, [], 42, "x", {}, {"data": None}, {"data": {}}, {"data": {"searchClaim": None}}),
        *({"data": {"searchClaim": []}}, {"errors": "x"}, {"errors": [None]}, {"errors": [{}]}),
        {"errors": [{"code": 7}], "data": {"searchClaim": {"claims": [], "pagination": {}}}},
        *({"claimsSummaryInfo": []}, {"data": {"searchClaim": {"claims": []}}}),
        {"data": {"searchClaim": {"claims": {}, "pagination": {"hasMoreRecords": False}}}},
        {"data": {"searchClaim": {"claims": "", "pagination": {"hasMoreRecords": False}}}},
    ],
    ids=str,
)
def test_what_is_no_answer_is_a_bad_one(name: str, body: Any) -> None:
    with pytest.raises(PayerBadResponse):
        CASES[name].read(answer(body))


@pytest.mark.parametrize("name", list(CASES))
@given(body=st.binary(max_size=100))
@settings(max_examples=25)
def test_no_bytes_break_a_reader(name: str, body: bytes) -> None:
    with pytest.raises(PayerFault):
        CASES[name].read(Answer(200, {}, body))


def test_lines_of_another_claim_are_not_given_out() -> None:
    for read in (
        lambda: read_details(answer(UHC_DETAILS), claim_number="FH2"),
        lambda: read_particulars(
            answer(OPTUM), options=OPTIONS, claim_number="FH2", wanted=frozenset(Extra)
        ),
    ):
        with pytest.raises(PayerBadResponse):
            read()
