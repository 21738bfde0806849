"""Single cells: what their text means."""

import re
from typing import Final

NUMBER_ROUNDED: Final = "claim_number_rounded"
"""Row warning: a spreadsheet has turned the claim number into something like 1.23E+14."""
TIN_ZERO_RESTORED: Final = "tin_zero_restored"
"""Row warning: the TIN had eight digits, so the zero that spreadsheets drop was put back."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ROUNDED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{1,10}", re.ASCII)
_INT4: Final = 2**31 - 1


def control_in(text: str) -> bool:
    """True for a control character, line breaks and tabs included."""
    return _CONTROL.search(text) is not None


def is_rounded(text: str) -> bool:
    """True for scientific notation: the last digits of a claim number are lost in it."""
    return _ROUNDED.fullmatch(text) is not None


def normal_practice(text: str) -> str:
    """A practice id as plain digits, or "" where it is no id; ids are PostgreSQL integers."""
    return str(int(text)) if _DIGITS.fullmatch(text) and 0 < int(text) <= _INT4 else ""


def normal_tin(text: str) -> str:
    """A TIN as nine digits, or "" where it is none; a leading zero that got lost is put back."""
    digits = text.replace("-", "").replace(" ", "")
    return digits.zfill(9) if _DIGITS.fullmatch(digits) and len(digits) in {8, 9} else ""
