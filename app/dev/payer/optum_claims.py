"""Synthetic claims in the fields of Optum's Claim Inquiry."""

from datetime import date
from typing import Any

from app.dev.payer.book import SyntheticClaim
from app.dev.payer.faults import Faults
from app.dev.payer.particulars import Payment, ServiceLine, diagnosis_of, lines_of, payments_of


def claim_values(claim: SyntheticClaim, faults: Faults) -> dict[str, Any]:
    """Everything that can be asked of a claim; the query takes what it wants."""
    status = {
        "claim507Code": claim.category,
        "claim507CodeDesc": "",
        "claim508Code": "65",
        "claim508CodeDesc": "",
        "adjudicatedClaimSuffixCode": "01",
    }
    return {
        "claimNumber": claim.claim_number,
        "claimStatus": claim.status,
        "hasClaimDetails": True,
        "member": _member(claim, faults),
        "claimEvents": _events(claim, faults),
        "claimLevelTotalAmount": _totals(claim, faults),
        "claimStatusCrosswalkData": status if faults.optum_crosswalk == "object" else [status],
        "payments": [_payment(payment, faults) for payment in payments_of(claim)],
        "claimAdjudicationCodes": [],
        "claimDetailedInformation": {
            "claimNumber": claim.claim_number,
            "payerId": "87726",
            "diagnosisCodes": [{"diagnosisCode": diagnosis_of(claim)}],
            "lines": [_line(line, faults) for line in lines_of(claim)],
        },
    }


def _member(claim: SyntheticClaim, faults: Faults) -> dict[str, Any]:
    first, last = claim.first_name.upper(), claim.last_name.upper()
    if faults.names == "truncated":
        first = first[:10]
    elif faults.names == "swapped":
        first, last = last, first
    return {
        "firstName": first,
        "lastName": last,
        "dateOfBirth": _day(claim.date_of_birth, faults),
        "subscriberId": claim.subscriber_id,
    }


def _events(claim: SyntheticClaim, faults: Faults) -> dict[str, Any]:
    clock = "07.45.00" if faults.dotted_times else "07:45:00"
    return {
        "receivedDate": _day(claim.service_from, faults),
        "processedDate": _day(claim.processed, faults),
        "processedTime": clock if claim.processed else None,
        "serviceStartDate": _day(claim.service_from, faults),
        "serviceEndDate": _day(claim.service_to, faults),
        "statusEffectiveDate": _day(claim.processed, faults),
    }


def _payment(payment: Payment, faults: Faults) -> dict[str, Any]:
    amount = _money(payment.cents, faults)
    return {
        "paymentNumber": payment.number,
        "adjudicatedClaimPaymentNumber": payment.draft,
        "adjudicatedClaimPaymentAmount": amount,
        "paymentModeCode": "E",
        "paymentAmount": "10XXX.89" if faults.optum_masked else amount,
        "paymentIssueDate": _day(payment.issued, faults),
        "payeeName": "REHEARSAL CLINIC",
    }


def _totals(claim: SyntheticClaim, faults: Faults) -> dict[str, object]:
    charged: object = _money(claim.charged_cents, faults)
    paid: object = None if claim.paid_cents is None else _money(claim.paid_cents, faults)
    if faults.nonsense_amounts:
        charged = paid = "about ten"
    elif faults.odd_amounts:
        charged, paid = "1,234.50", ("", None, "1,234.50")[claim.charged_cents % 3]
    return {"totalBilledChargeAmount": charged, "totalPaidAmount": paid}


def _line(line: ServiceLine, faults: Faults) -> dict[str, Any]:
    day = _day(line.day, faults)
    return {
        "lineKey": str(line.number),
        "lineNumber": str(line.number),
        "serviceCode": line.service,
        "procedureCode": line.service,
        "lineEvents": {"serviceStartDate": day, "serviceEndDate": day},
        "lineLevelTotalAmounts": {
            "billedChargeAmount": _money(line.charged, faults),
            "allowedAmount": _money(line.charged, faults),
            "paidAmount": _money(line.paid, faults),
            "notCoveredAmount": "0.00",
            "copayAmount": "",
            "deductibleAmount": "0.00",
            "coinsuranceAmount": None,
        },
        "lineIndicators": {"inventoryControlNumberSuffix": "01"},
        "lineAdjudicationCodes": [
            {"type": kind, "code": code, "description": text} for kind, code, text in line.codes
        ],
    }


def _money(cents: int, faults: Faults) -> str | float:
    return cents / 100 if faults.optum_numbers else f"{cents // 100}.{cents % 100:02d}"


def _day(day: date | None, faults: Faults) -> str | None:
    if day is None:
        return None
    if faults.optum_dates == "iso":
        return day.isoformat()
    return f"{day.month:02d}/{day.day:02d}/{day.year:04d}"
