"""What Optum Real Claim Inquiry is sent: a GraphQL query and its variables.

Field names are those of Optum's published description of the interface (SearchClaim).
"""

import functools
from collections.abc import Mapping
from datetime import date
from typing import Final

import pydantic_core

from app.claims.payers.amounts import us_day
from app.claims.payers.details import Extra
from app.claims.payers.optum_options import OptumOptions

OPERATION: Final = "SearchClaim"
_SUMMARY: Final = (
    "claimNumber claimStatus hasClaimDetails"
    " member { firstName lastName dateOfBirth subscriberId }"
    " claimEvents { processedDate processedTime serviceStartDate serviceEndDate }"
    " claimLevelTotalAmount { totalBilledChargeAmount totalPaidAmount }"
    " claimStatusCrosswalkData { claim507Code claim508Code adjudicatedClaimSuffixCode }"
)
_DETAILS: Final = (
    " claimAdjudicationCodes { claimCodeType code description }"
    " claimDetailedInformation { diagnosisCodes { diagnosisCode } lines {"
    " lineNumber serviceCode procedureCode lineEvents { serviceStartDate serviceEndDate }"
    " lineLevelTotalAmounts { billedChargeAmount allowedAmount paidAmount notCoveredAmount"
    " copayAmount deductibleAmount coinsuranceAmount }"
    " lineIndicators { inventoryControlNumberSuffix }"
    " lineAdjudicationCodes { type code description } } }"
)
_PAYMENTS: Final = (
    " payments { paymentNumber paymentAmount paymentModeCode paymentIssueDate payeeName"
    " adjudicatedClaimPaymentNumber adjudicatedClaimPaymentAmount }"
)


@functools.cache
def query_of(field: str, argument: str, wanted: frozenset[Extra] = frozenset()) -> str:
    """The query's text: the summary of claims, and what is wanted beside it."""
    claim = _SUMMARY
    if Extra.DETAILS in wanted:
        claim += _DETAILS
    if Extra.PAYMENTS in wanted:
        claim += _PAYMENTS
    return (
        f"query {OPERATION}($searchClaimInput: SearchClaimInput!) {{"
        f" {field}({argument}: $searchClaimInput) {{ claims {{ {claim} }}"
        " pagination { hasMoreRecords nextPageToken } } }"
    )


def body_of(
    options: OptumOptions, asked: Mapping[str, str], wanted: frozenset[Extra] = frozenset()
) -> bytes:
    """The request's body; `asked` are the fields of SearchClaimInput."""
    return pydantic_core.to_json(
        {
            "operationName": OPERATION,
            "query": query_of(options.search_field, options.search_argument, wanted),
            "variables": {"searchClaimInput": asked},
        }
    )


def written(options: OptumOptions, value: date) -> str:
    """A day as the interface wants it."""
    return us_day(value) if options.date_format == "us" else value.isoformat()
