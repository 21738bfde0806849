"""Single cells: what their text means, and the apostrophe that our own exports put before it."""

import re
from typing import Final

NUMBER_ROUNDED: Final = "claim_number_rounded"
"""Row warning: a spreadsheet has turned the claim number into something like 1.23E+14."""
TIN_ZERO_RESTORED: Final = "tin_zero_restored"
"""Row warning: the TIN had eight digits, so the zero that spreadsheets drop was put back."""

_RISKY: Final = r"(?:[\t\r\n]|\s*[=+\-@＝＋－＠])"
_DEFUSED: Final = re.compile(r"'+" + _RISKY)
_TO_DEFUSE: Final = re.compile(r"'*" + _RISKY)
_MAYBE_RISKY: Final = frozenset("'\t\r\n=+-@＝＋－＠ \xa0\u3000\x0b\x0c")
_NUMBER: Final = re.compile(
    r"[+-]?\$?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(?<=[\d.])([eE][+-]?\d+)?%?", re.ASCII
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ROUNDED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{1,10}", re.ASCII)
_INT4: Final = 2**31 - 1


def defuse_cell(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe; a number never does.

    Leading `= + - @`, their full-width forms, TAB, CR and LF count (CWE-1236), also after white
    space. `redo_cell` gives the cell back as it was.
    """
    if cell[:1] not in _MAYBE_RISKY:
        return cell
    if not _TO_DEFUSE.match(cell) or _is_number(cell):
        return cell
    return "'" + cell


def redo_cell(cell: str) -> str:
    """The cell without the apostrophe that `defuse_cell` put before it."""
    return cell[1:] if cell[:1] == "'" and _DEFUSED.match(cell) else cell


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None and any(c.isdigit() for c in cell)


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
