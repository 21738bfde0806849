"""A claim's status in our words. What is not known is passed through with a warning."""

import functools
from collections.abc import Sequence
from typing import Final

STATUS_UNKNOWN: Final = "status_unknown"

# X12 code list 507, claim status category codes; the longer code wins over its family.
_CATEGORIES: Final = {
    **dict.fromkeys(("A0", "A1", "A2", "A5"), "ACKNOWLEDGED"),
    **dict.fromkeys(("A3", "A6", "A7", "A8"), "REJECTED"),
    **dict.fromkeys(("A4", "D0"), "NOT_FOUND"),
    "F0": "FINALIZED",
    "F1": "PAID",
    "F2": "DENIED",
    "F3": "REVISED",
    "F3F": "FORWARDED",
    "F3N": "NOT_FORWARDED",
    "F4": "ADJUDICATED_NO_PAYMENT",
}
_FAMILIES: Final = {"P": "PENDING", "R": "INFO_REQUESTED"}
_WORDS: Final = {
    "ACKNOWLEDGED": "ACKNOWLEDGED",
    "DENIED": "DENIED",
    "FINALIZED": "FINALIZED",
    "IN REVIEW": "PENDING",
    "PAID": "PAID",
    "PENDING": "PENDING",
    "REJECTED": "REJECTED",
}
# Of several lines with a status each, the one that somebody has to act upon comes first.
_PRIORITY: Final = (
    "DENIED",
    "REJECTED",
    "INFO_REQUESTED",
    "PENDING",
    "ACKNOWLEDGED",
    "REVISED",
    "FORWARDED",
    "NOT_FORWARDED",
    "ADJUDICATED_NO_PAYMENT",
    "PAID",
    "FINALIZED",
    "NOT_FOUND",
)


def claim_status(word: str, categories: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Our status for the payer's word and the 507 categories of the claim's lines, and warnings.

    The categories decide where there are any that we know: the word says "Finalized" of a paid
    and of a denied claim alike.
    """
    return _claim_status(word, tuple(categories))


@functools.lru_cache(maxsize=4_096)
def _claim_status(word: str, categories: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    known = [status for code in categories if (status := _category(code))]
    warnings = (STATUS_UNKNOWN,) if len(known) < len(categories) else ()
    if known:
        return min(known, key=_PRIORITY.index), warnings
    plain = " ".join(word.split())
    status = _WORDS.get(plain.upper())
    return (status, warnings) if status else (plain, (STATUS_UNKNOWN,))


def _category(code: str) -> str | None:
    code = code.strip().upper()
    return _CATEGORIES.get(code) or (_FAMILIES.get(code[0]) if _is_family_code(code) else None)


def _is_family_code(code: str) -> bool:
    return len(code) in (2, 3) and code[0] in _FAMILIES and code[1:].isdigit()
