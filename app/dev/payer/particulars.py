"""Service lines, reasons and payments of synthetic claims, the same each time for the same claim."""

import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.dev.payer.book import SyntheticClaim

_SERVICES: Final = ("99213", "99214", "80053", "71046", "93000", "J0638")
_DIAGNOSES: Final = ("R509", "E119", "I10", "M545")
_DENIALS: Final = (
    ("CARC", "197", "Precertification/authorization/notification absent."),
    ("CARC", "16", "Claim/service lacks information or has submission/billing error(s)."),
    ("CARC", "29", "The time limit for filing has expired."),
)
_REMARK: Final = ("REMARK", "YL", "Benefits are based on the provider's contracted rate.")
Code = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """Amounts are cents."""

    number: int
    service: str
    day: date
    charged: int
    paid: int
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """One cheque or transfer for a claim; amounts are cents."""

    number: str
    draft: str
    issued: date
    cents: int


def diagnosis_of(claim: SyntheticClaim) -> str:
    """The claim's one diagnosis."""
    return _DIAGNOSES[_dice(claim) % len(_DIAGNOSES)]


def lines_of(claim: SyntheticClaim) -> list[ServiceLine]:
    """One to three lines, whose amounts add up to the claim's."""
    dice = _dice(claim)
    count = dice % 3 + 1
    charged = _parts(claim.charged_cents, count)
    paid = _parts(claim.paid_cents or 0, count)
    codes: tuple[Code, ...] = ()
    if claim.category == "F2":
        codes = (_DENIALS[dice % len(_DENIALS)],)
    elif claim.category == "F1":
        codes = (_REMARK,)
    return [
        ServiceLine(
            at + 1, _SERVICES[(dice + at) % len(_SERVICES)], claim.service_from, charged[at],
            paid[at], codes,
        )
        for at in range(count)
    ]  # fmt: skip


def payments_of(claim: SyntheticClaim) -> list[Payment]:
    """One payment where something was paid."""
    if not claim.paid_cents or claim.processed is None:
        return []
    dice = _dice(claim)
    issued = claim.processed + timedelta(days=1)
    return [Payment(f"7{dice:010d}", f"{dice % 10**9:010d}", issued, claim.paid_cents)]


def _dice(claim: SyntheticClaim) -> int:
    return zlib.crc32(claim.claim_number.encode())


def _parts(cents: int, count: int) -> list[int]:
    each = cents // count
    return [each] * (count - 1) + [cents - each * (count - 1)]
