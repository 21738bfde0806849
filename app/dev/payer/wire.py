"""Claims and errors as UnitedHealthcare's summary interface writes them."""

import functools
import json
from collections.abc import Iterable
from datetime import date
from typing import Final

from app.dev.payer.book import SyntheticClaim
from app.dev.payer.faults import Faults
from app.dev.payer.particulars import diagnosis_of, lines_of, payments_of

MESSAGES: Final = {
    "LCLM_PS_102": "Mandatory element missing",
    "LCLM_PS_105": "Payer id is not allowed",
    "LCLM_PS_106": "Invalid parameter combination",
    "LCLM_PS_107": "Service dates must be within the last 24 months and not in the future",
    "LCLM_PS_108": "Invalid first service date",
    "LCLM_PS_111": "Invalid last service date",
    "LCLM_PS_112": "Service date range is too wide",
    "LCLM_PS_113": "Invalid patient birth date",
    "LCLM_PS_201": "No data found for the given parameters",
    "LCLM_PS_202": "Payer id is not supported",
    "LCLM_PS_203": "No data found for the given transaction id",
    "LCLM_PS_301": "Time-out",
    "LCLM_PS_302": "Upstream failure",
    "LCLM_PS_303": "Upstream failure",
    "LCLM_PS_304": "Upstream failure",
    "LCLM_PS_305": "Not all claims could be retrieved",
    "LCLM_PS_306": "More than the maximum number of claims found",
    "LCLM_PS_307": "Claim found with another date of service",
    "LCLM_PS_500": "Internal failure",
    "LCLM_PA_500": "Internal failure",
}
_NO_DATA: Final = frozenset({"LCLM_PS_201", "LCLM_PS_203", "LCLM_PS_307"})
_UPSTREAM: Final = frozenset(
    {"LCLM_PS_301", "LCLM_PS_302", "LCLM_PS_303", "LCLM_PS_304", "LCLM_PS_500", "LCLM_PA_500"}
)
_ODD: Final = ('""', "null", '"1,234.50"')

_CLAIM: Final = (
    '{"claimNumber":"%s","claimStatus":"%s","detailsAvailable":"Y","memberInfo":{'
    '"subscriberId":"%s","policyNbr":"0902137","ptntFn":"%s","ptntLn":"%s","ptntDob":"%s"},'
    '"provInfo":{"submitted":{"tin":"%s","billProvNm":"REHEARSAL CLINIC","billingNpi":"1234567893",'
    '"servicingProvNm":"REHEARSAL CLINIC"},"adjudicated":{"tin":"%s","tinPrfx":"1",'
    '"tinSufx":"00001"}},"claimSummary":{"receivedDt":"%s","processedDt":"%s","processedTm":"%s",'
    '"firstSrvcDt":"%s","lastSrvcDt":"%s","ptntAcctNbr":"","networkStatus":"In Network",'
    '"claimType":"Professional","statusEfctDt":"%s","totalChargedAmt":%s,"provWriteOffAmt":"0.00",'
    '"ptntNoCovAmt":"0.00","provNotCovAmt":"0.00","totalAllowdAmt":%s,"deductibleAmt":"0.00",'
    '"totalCopayAmt":"0.00","totalCoinsAmt":"0.00","totalPaidAmt":%s,"totalPtntRespAmt":"0.00",'
    '"faclOrProfCd":"P","dccFln":"","clmXWalkData":[{"clm507Cd":"%s","clm507CdDesc":"",'
    '"clm508Cd":"","clm508CdDesc":"","clmIcnSufxCd":"01","clmDrftNbr":""}],"chkInfo":[],'
    '"claimCodes":[]}}'
)


def summary(
    claims: Iterable[SyntheticClaim],
    tin: str,
    token: str | None,
    faults: Faults,
    *,
    key: str | None = "claims",
) -> bytes:
    """The body of a page; `key` None leaves the claims out."""
    body = ",".join([_claim(claim, tin, faults) for claim in claims])
    parts = [f'"{key}":[{body}]'] if key else []
    if token:
        parts.append(f'"transactionId":"{token}"')
    return ("{" + ",".join(parts) + "}").encode()


def error(code: str, message: str | None = None) -> bytes:
    """The body of a refusal."""
    text = message or MESSAGES.get(code, "")
    return json.dumps({"errors": [{"code": code, "message": text}]}).encode()


def usual_status(code: str) -> int:
    """The HTTP status that goes with a code where the faults say nothing else."""
    if code in _NO_DATA:
        return 404
    return 500 if code in _UPSTREAM else 400


def _claim(claim: SyntheticClaim, tin: str, faults: Faults) -> str:
    first, last = claim.first_name.upper(), claim.last_name.upper()
    if faults.names == "truncated":
        first = first[:10]
    elif faults.names == "swapped":
        first, last = last, first
    charged, paid = _amounts(claim, faults)
    start = _us(claim.service_from)
    processed = _us(claim.processed)
    clock = "" if claim.processed is None else "07.45.00" if faults.dotted_times else "07:45:00"
    return _CLAIM % (
        claim.claim_number, claim.status, claim.subscriber_id, first, last,
        _us(claim.date_of_birth), tin, tin, start, processed, clock, start, _us(claim.service_to),
        processed or start, charged, charged, paid, claim.category,
    )  # fmt: skip


def _amounts(claim: SyntheticClaim, faults: Faults) -> tuple[str, str]:
    if faults.nonsense_amounts:
        return '"about ten"', '"about ten"'
    if faults.odd_amounts:
        return '"1,234.50"', _ODD[claim.charged_cents % 3]
    paid = "null" if claim.paid_cents is None else _money(claim.paid_cents)
    return _money(claim.charged_cents), paid


def _money(cents: int) -> str:
    return f'"{cents // 100}.{cents % 100:02d}"'


@functools.lru_cache(maxsize=65_536)
def _us(day: date | None) -> str:
    return f"{day.month:02d}/{day.day:02d}/{day.year:04d}" if day else ""


def details(claim: SyntheticClaim, faults: Faults, token: str) -> bytes:
    """The body of a detail answer: here the summary stands under another key."""
    nonsense = "about ten" if faults.nonsense_amounts else None
    lines = [
        {
            "lineNbr": str(line.number),
            "srvcCode": line.service,
            "firstSrvcDt": _us(line.day),
            "lastSrvcDt": _us(line.day),
            "billedAmt": nonsense or plain_money(line.charged),
            "allowdAmt": plain_money(line.charged),
            "paidAmt": plain_money(line.paid),
            "notCovAmt": "0.00",
            "copay": "",
            "deductible": "0.00",
            "coinsurance": None,
            "icnSuffix": "01",
            faults.line_codes_key: [
                {"type": kind, "code": code, "description": text} for kind, code, text in line.codes
            ],
        }
        for line in lines_of(claim)
    ]
    info = {
        "claimNumber": claim.claim_number,
        "payerId": "87726",
        "cobInfo": None,
        "diagnosisCodes": [{"code": diagnosis_of(claim)}],
        "lines": lines,
    }
    summaries = [{"claimNumber": claim.claim_number, "claimStatus": claim.status}]
    body = {
        "transactionId": token,
        "invokeActions": [],
        "claimsDetailInfo": [info],
        "claimSummaryInfo": summaries,
    }
    return json.dumps(body).encode()


def payments(claim: SyntheticClaim) -> bytes:
    """The body of a payment answer."""
    given = [
        {
            "paymentIssueDt": _us(payment.issued),
            "checkNbr": payment.number,
            "checkAmt": plain_money(payment.cents),
            "checkEFTIndicator": "E",
            "checkStatus": "CASHED",
            "draftAmt": plain_money(payment.cents),
            "draftNbr": payment.draft,
            "cashedDt": _us(payment.issued),
            "payeeTypeCode": "P",
            "payeeNm": "REHEARSAL CLINIC",
            "paymentType": "EFT",
        }
        for payment in payments_of(claim)
    ]
    return json.dumps({"payments": given}).encode()


def plain_money(cents: int) -> str:
    """An amount as payers write it."""
    return f"{cents // 100}.{cents % 100:02d}"
