"""What a payer knows of one claim beyond its summary: service lines, reasons, payments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Extra(StrEnum):
    """What may be asked for beside the summary; each costs a call for each matched claim."""

    DETAILS = "details"
    """Service lines with their amounts, diagnosis codes, reason and remark codes."""
    PAYMENTS = "payments"
    """Cheque and transfer numbers with their amounts and days."""


@dataclass(frozen=True, slots=True)
class ClaimRef:
    """A claim that a search gave, in the words of the payer."""

    tin: str
    payer_id: str
    claim_number: str
    handle: str | None = None
    """What the adapter put beside the claim to find it again; None where nothing can be asked."""
    asker: str = ""
    """Whose turn it is, for fairness; never sent."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What was asked for; None where it was not, amounts and days in the forms of a result line."""

    details: Mapping[str, Any] | None = None
    payments: list[dict[str, str | None]] | None = None

    @property
    def line(self) -> dict[str, Any]:
        """What a result shows of it."""
        shown = {"details": self.details, "payments": self.payments}
        return {name: value for name, value in shown.items() if value is not None}


def reasons(codes: Iterable[tuple[str | None, str | None, str | None]]) -> list[dict[str, Any]]:
    """Reason and remark codes (type, code, description), each once, in the payer's order."""
    seen: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for kind, code, description in codes:
        if code or description:
            entry = {"type": kind, "code": code, "description": description}
            seen.setdefault((kind, code or description), entry)
    return list(seen.values())
