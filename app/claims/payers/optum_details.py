"""What Claim Inquiry says of one claim beyond its summary."""

import re
from typing import Any, Final

from app.claims.matching import claim_key
from app.claims.payers.amounts import any_day
from app.claims.payers.bodies import Strict, decode, facts, plain
from app.claims.payers.details import Extra, Particulars, reasons
from app.claims.payers.optum_options import OptumOptions
from app.claims.payers.optum_wire import Amount, Pagination, amount_of, empty_by, next_token
from app.claims.payers.port import PayerBadResponse
from app.core.http import Answer

# The sum of a payment to several practices is masked in Optum's own examples.
_MASKED: Final = re.compile(r"[0-9,]*X[0-9X,]*(\.[0-9X]{2})?", re.ASCII)


class _Code(Strict):
    type: str | None = None
    claimCodeType: str | None = None  # noqa: N815 -- Optum's spelling, here and below
    code: str | None = None
    description: str | None = None

    @property
    def parts(self) -> tuple[str | None, str | None, str | None]:
        return plain(self.type or self.claimCodeType), plain(self.code), plain(self.description)


class _LineEvents(Strict):
    serviceStartDate: str | None = None  # noqa: N815
    serviceEndDate: str | None = None  # noqa: N815


class _LineAmounts(Strict):
    billedChargeAmount: Amount = None  # noqa: N815
    allowedAmount: Amount = None  # noqa: N815
    paidAmount: Amount = None  # noqa: N815
    notCoveredAmount: Amount = None  # noqa: N815
    copayAmount: Amount = None  # noqa: N815
    deductibleAmount: Amount = None  # noqa: N815
    coinsuranceAmount: Amount = None  # noqa: N815


class _LineIndicators(Strict):
    inventoryControlNumberSuffix: str | None = None  # noqa: N815


class _Line(Strict):
    lineNumber: str  # noqa: N815
    serviceCode: str | None = None  # noqa: N815
    procedureCode: str | None = None  # noqa: N815
    lineEvents: _LineEvents | None = None  # noqa: N815
    lineLevelTotalAmounts: _LineAmounts | None = None  # noqa: N815
    lineIndicators: _LineIndicators | None = None  # noqa: N815
    lineAdjudicationCodes: list[_Code] | None = None  # noqa: N815


class _Diagnosis(Strict):
    diagnosisCode: str | None = None  # noqa: N815


class _Information(Strict):
    diagnosisCodes: list[_Diagnosis] | None  # noqa: N815
    lines: list[_Line] | None


class _Payment(Strict):
    paymentNumber: str | None = None  # noqa: N815
    paymentAmount: Amount = None  # noqa: N815
    paymentModeCode: str | None = None  # noqa: N815
    paymentIssueDate: str | None = None  # noqa: N815
    payeeName: str | None = None  # noqa: N815
    adjudicatedClaimPaymentNumber: str | None = None  # noqa: N815
    adjudicatedClaimPaymentAmount: Amount = None  # noqa: N815


class _Answered(Strict):
    claims: list[Any]
    pagination: Pagination


class _Numbered(Strict):
    claimNumber: str  # noqa: N815


class _WithDetails(_Numbered):
    claimAdjudicationCodes: list[_Code] | None  # noqa: N815
    claimDetailedInformation: _Information | None  # noqa: N815


class _WithPayments(_Numbered):
    payments: list[_Payment] | None


def read_particulars(
    answer: Answer, *, options: OptumOptions, claim_number: str, wanted: frozenset[Extra]
) -> Particulars:
    """What was wanted of that claim.

    Raises:
        PayerFault: as for a page; also where the answer is about other claims only.
    """
    body = decode(answer)
    try:
        own: list[Any] = []
        if empty_by(answer, body, options) is None:
            own = _own(_claims(body["data"][options.search_field], options), claim_number)
        return Particulars(
            details=_details(own) if Extra.DETAILS in wanted else None,
            payments=_payments(own) if Extra.PAYMENTS in wanted else None,
        )
    except (ValueError, KeyError, TypeError):
        # Not chained: a validation error quotes the values that it refuses.
        raise PayerBadResponse(facts(answer, body)) from None


def _claims(given: Any, options: OptumOptions) -> list[Any]:
    """The claims of an answer that is whole: a stray empty list is not the payer's word for none."""
    answered = _Answered.model_validate(given)
    next_token(answered.pagination, options)
    return answered.claims


def _own(claims: list[Any], claim_number: str) -> list[Any]:
    key = claim_key(claim_number)
    own = [c for c in claims if claim_key(_Numbered.model_validate(c).claimNumber) == key]
    if claims and not own:
        raise ValueError("other claims")
    return own


def _details(claims: list[Any]) -> dict[str, Any]:
    read = [_WithDetails.model_validate(claim) for claim in claims]
    infos = [entry.claimDetailedInformation for entry in read if entry.claimDetailedInformation]
    lines = [line for info in infos for line in info.lines or ()]
    codes = [code for entry in read for code in entry.claimAdjudicationCodes or ()]
    codes += [code for line in lines for code in line.lineAdjudicationCodes or ()]
    diagnoses = [plain(one.diagnosisCode) for info in infos for one in info.diagnosisCodes or ()]
    return {
        "lines": [_line(line) for line in lines],
        "reasons": reasons(code.parts for code in codes),
        "diagnosis_codes": list(dict.fromkeys(code for code in diagnoses if code)),
    }


def _line(line: _Line) -> dict[str, Any]:
    events = line.lineEvents or _LineEvents()
    sums = line.lineLevelTotalAmounts or _LineAmounts()
    indicators = line.lineIndicators or _LineIndicators()
    codes = [plain(code.code) for code in line.lineAdjudicationCodes or ()]
    return {
        "line": line.lineNumber.strip(),
        "service_code": plain(line.serviceCode) or plain(line.procedureCode),
        "first_service_date": _iso(events.serviceStartDate),
        "last_service_date": _iso(events.serviceEndDate),
        "charged": amount_of(sums.billedChargeAmount),
        "allowed": amount_of(sums.allowedAmount),
        "paid": amount_of(sums.paidAmount),
        "not_covered": amount_of(sums.notCoveredAmount),
        "copay": amount_of(sums.copayAmount),
        "deductible": amount_of(sums.deductibleAmount),
        "coinsurance": amount_of(sums.coinsuranceAmount),
        "suffix": plain(indicators.inventoryControlNumberSuffix),
        "codes": [code for code in codes if code],
    }


def _payments(claims: list[Any]) -> list[dict[str, str | None]]:
    read = [_WithPayments.model_validate(claim) for claim in claims]
    return [_payment(payment) for entry in read for payment in entry.payments or ()]


def _payment(payment: _Payment) -> dict[str, str | None]:
    total = payment.paymentAmount
    is_masked = isinstance(total, str) and _MASKED.fullmatch(total.strip())
    return {
        "issue_date": _iso(payment.paymentIssueDate),
        "check_number": plain(payment.paymentNumber),
        "check_amount": None if is_masked else amount_of(total),
        "check_status": None,
        "mode": plain(payment.paymentModeCode),
        "draft_number": plain(payment.adjudicatedClaimPaymentNumber),
        "draft_amount": amount_of(payment.adjudicatedClaimPaymentAmount),
        "cashed_date": None,
        "payee": plain(payment.payeeName),
    }


def _iso(text: str | None) -> str | None:
    found = any_day(text)
    return found.isoformat() if found else None
