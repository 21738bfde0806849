"""UnitedHealthcare's detail and payment answers, read as strictly as its summaries."""

from dataclasses import dataclass
from typing import Any

from app.claims.matching import claim_key
from app.claims.payers.amounts import amount, day
from app.claims.payers.bodies import Strict, decode, facts, plain
from app.claims.payers.details import reasons
from app.claims.payers.port import PayerBadResponse
from app.claims.payers.uhc_wire import is_no_data
from app.core.http import Answer


class _Code(Strict):
    type: str | None = None
    code: str | None = None
    description: str | None = None


class _Line(Strict):
    lineNbr: str  # noqa: N815 -- the payer's spelling, here and below
    srvcCode: str | None = None  # noqa: N815
    firstSrvcDt: str | None = None  # noqa: N815
    lastSrvcDt: str | None = None  # noqa: N815
    billedAmt: str | None = None  # noqa: N815
    allowdAmt: str | None = None  # noqa: N815
    paidAmt: str | None = None  # noqa: N815
    notCovAmt: str | None = None  # noqa: N815
    copay: str | None = None
    deductible: str | None = None
    coinsurance: str | None = None
    icnSuffix: str | None = None  # noqa: N815
    # One document calls them lineCodes, another claimCodes.
    claimCodes: list[_Code] | None = None  # noqa: N815
    lineCodes: list[_Code] | None = None  # noqa: N815

    @property
    def codes(self) -> list[_Code]:
        return self.claimCodes or self.lineCodes or []


class _Diagnosis(Strict):
    code: str | None = None


class _Info(Strict):
    claimNumber: str  # noqa: N815
    diagnosisCodes: list[str | _Diagnosis] | None = None  # noqa: N815
    lines: list[_Line]


class _Detail(Strict):
    transactionId: str | None = None  # noqa: N815
    claimsDetailInfo: list[_Info]  # noqa: N815


class _Payment(Strict):
    paymentIssueDt: str | None = None  # noqa: N815
    checkNbr: str | None = None  # noqa: N815
    checkAmt: str | None = None  # noqa: N815
    checkEFTIndicator: str | None = None  # noqa: N815
    checkStatus: str | None = None  # noqa: N815
    draftAmt: str | None = None  # noqa: N815
    draftNbr: str | None = None  # noqa: N815
    cashedDt: str | None = None  # noqa: N815
    payeeNm: str | None = None  # noqa: N815
    paymentType: str | None = None  # noqa: N815


class _Payments(Strict):
    payments: list[_Payment]


@dataclass(frozen=True, slots=True)
class DetailAnswer:
    """What is shown of a claim, and the `transactionId` that the payer gave with it."""

    shown: dict[str, Any]
    transaction_id: str | None


def read_details(answer: Answer, *, claim_number: str) -> DetailAnswer:
    """The lines of that claim; several entries (a claim that was split) are put together.

    Raises:
        PayerFault: as for a summary; also where the answer is about another claim.
    """
    body = decode(answer)
    if is_no_data(answer, body):
        return DetailAnswer(_shown([]), None)
    try:
        read = _Detail.model_validate(body)
        infos = _own(read.claimsDetailInfo, claim_number)
        return DetailAnswer(_shown(infos), plain(read.transactionId))
    except ValueError:
        # Not chained: a validation error quotes the values that it refuses.
        raise PayerBadResponse(facts(answer, body)) from None


def read_payments(answer: Answer) -> list[dict[str, str | None]]:
    """The payments, in the payer's order.

    Raises:
        PayerFault: as for a summary.
    """
    body = decode(answer)
    if is_no_data(answer, body):
        return []
    try:
        return [_payment(payment) for payment in _Payments.model_validate(body).payments]
    except ValueError:
        raise PayerBadResponse(facts(answer, body)) from None


def _own(infos: list[_Info], claim_number: str) -> list[_Info]:
    own = claim_key(claim_number)
    found = [info for info in infos if claim_key(info.claimNumber) == own]
    if not found:
        raise ValueError("lines of another claim")
    return found


def _shown(infos: list[_Info]) -> dict[str, Any]:
    diagnoses = [
        plain(code if isinstance(code, str) else code.code)
        for info in infos
        for code in info.diagnosisCodes or ()
    ]
    lines = [line for info in infos for line in info.lines]
    return {
        "lines": [_line(line) for line in lines],
        "reasons": reasons(
            (plain(code.type), plain(code.code), plain(code.description))
            for line in lines
            for code in line.codes
        ),
        "diagnosis_codes": list(dict.fromkeys(code for code in diagnoses if code)),
    }


def _line(line: _Line) -> dict[str, Any]:
    return {
        "line": line.lineNbr.strip(),
        "service_code": plain(line.srvcCode),
        "first_service_date": _iso(line.firstSrvcDt),
        "last_service_date": _iso(line.lastSrvcDt),
        "charged": amount(line.billedAmt),
        "allowed": amount(line.allowdAmt),
        "paid": amount(line.paidAmt),
        "not_covered": amount(line.notCovAmt),
        "copay": amount(line.copay),
        "deductible": amount(line.deductible),
        "coinsurance": amount(line.coinsurance),
        "suffix": plain(line.icnSuffix),
        "codes": [code for code in (plain(code.code) for code in line.codes) if code],
    }


def _payment(payment: _Payment) -> dict[str, str | None]:
    return {
        "issue_date": _iso(payment.paymentIssueDt),
        "check_number": plain(payment.checkNbr),
        "check_amount": amount(payment.checkAmt),
        "check_status": plain(payment.checkStatus),
        "mode": plain(payment.checkEFTIndicator) or plain(payment.paymentType),
        "draft_number": plain(payment.draftNbr),
        "draft_amount": amount(payment.draftAmt),
        "cashed_date": _iso(payment.cashedDt),
        "payee": plain(payment.payeeNm),
    }


def _iso(text: str | None) -> str | None:
    found = day(text)
    return found.isoformat() if found else None
