"""CSV for spreadsheets: BOM, CRLF, and an apostrophe before what they would run as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

BOM: Final = "\ufeff"
_RISKY: Final = r"(?:[\t\r\n]|\s*[=+\-@＝＋－＠])"
_DEFUSED: Final = re.compile(r"'+" + _RISKY)
_TO_DEFUSE: Final = re.compile(r"'*" + _RISKY)
_MAYBE_RISKY: Final = frozenset("'\t\r\n=+-@＝＋－＠ \xa0\u3000\x0b\x0c")
_NUMBER: Final = re.compile(
    r"[+-]?\$?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(?<=[\d.])([eE][+-]?\d+)?%?", re.ASCII
)


def csv_lines(lines: Iterable[Sequence[str]]) -> bytes:
    """`lines` as CSV in UTF-8, every cell defused; the first lines of a file come after a BOM."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([defuse_cell(cell) for cell in line] for line in lines)
    return out.getvalue().encode()


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
