"""Answers as CSV: for spreadsheets (BOM, CRLF, formulas defused), streamed in pieces."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, Literal

from app.core.spreadsheets import BOM, csv_lines

RESULT_COLUMNS: Final = (
    "row",
    "claim_number",
    "status",
    "patient_name",
    "total_charged",
    "total_paid",
    "processed_date",
    "success",
    "error",
    "error_code",
)
ERROR_COLUMNS: Final = ("error_code", "error_message")
MORE_COLUMNS: Final = ("payer_reasons", "check_numbers", "payment_dates", "service_lines")
"""What a workbook shows besides of a job that asked for details or payments; behind all others."""
_CLAIM_COLUMNS: Final = RESULT_COLUMNS[1:7]
_SUCCESS: Final = {"succeeded": "True", "failed": "False", None: ""}
_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One input row and its answer; `outcome` None means that it is not answered yet.

    `cells` are the row's own cells as they came in. Each of `results` is one claim found, with
    claim_number, status, patient_name, total_charged, total_paid and processed_date.
    """

    row_no: int
    cells: Sequence[str]
    outcome: Literal["succeeded", "failed"] | None
    results: Sequence[Mapping[str, object]] = ()
    error: str = ""
    error_code: str = ""


def results_csv(rows: Iterable[ResultRow], header: Sequence[str]) -> Iterator[bytes]:
    """A line for each claim found and for each row without one, then the row's own columns.

    `header` are the file's own column names. The lines of one row have the same `row`.
    """
    lines = chain.from_iterable(result_lines(row, len(header)) for row in rows)
    return _pieces((*RESULT_COLUMNS, *header), lines)


def errors_csv(rows: Iterable[ResultRow], header: Sequence[str]) -> Iterator[bytes]:
    """The failed rows in their own columns, then why: to be corrected and uploaded again.

    Columns of an earlier errors file give way to the new ones. Cells beyond the header stand
    behind the reason, so that a row with too many still has too many, and none moves.
    """
    kept = [i for i, name in enumerate(header) if name not in ERROR_COLUMNS]
    width = len(header)
    lines = (
        [
            *[row.cells[i] if i < len(row.cells) else "" for i in kept],
            row.error_code,
            row.error,
            *row.cells[width:],
        ]
        for row in rows
        if row.outcome == "failed"
    )
    return _pieces((*[header[i] for i in kept], *ERROR_COLUMNS), lines)


def result_lines(row: ResultRow, width: int) -> Iterator[list[str]]:
    """The lines of one row under RESULT_COLUMNS and its own `width` columns; nothing is defused."""
    own = [*row.cells, *[""] * (width - len(row.cells))]
    number = str(row.row_no)
    verdict = [_SUCCESS[row.outcome], row.error, row.error_code]
    for claim in row.results or ({},):
        values = [claim.get(name) for name in _CLAIM_COLUMNS]
        yield [number, *["" if value is None else str(value) for value in values], *verdict, *own]


def more_cells(claim: Mapping[str, Any]) -> list[str]:
    """A claim's cells under MORE_COLUMNS: several values with a semicolon between."""
    details, payments = claim.get("details") or {}, claim.get("payments") or []
    reasons = [
        " ".join(part for part in (reason["code"], reason["description"]) if part)
        for reason in details.get("reasons", ())
    ]
    lines = [_line_cell(line) for line in details.get("lines", ())]
    numbers = [payment["check_number"] or payment["draft_number"] for payment in payments]
    days = [payment["issue_date"] for payment in payments]
    return ["; ".join(filter(None, values)) for values in (reasons, numbers, days, lines)]


def _line_cell(line: Mapping[str, Any]) -> str:
    amounts = [f"{name} {line[name]}" for name in ("charged", "paid") if line[name]]
    return " ".join([f"{line['line']}:", *filter(None, [line["service_code"]]), *amounts])


# Signs that may begin a cell which has to be defused; only where one follows a comma, the careful
# pattern looks. It knows the plain negative number, which is defused never.
_SIGNS: Final = tuple(
    sign.encode() for sign in ("'", "=", "+", "-", "@", " ", "\t", "\x0b", "\x0c", "\x1c", "\x1d")
)
_BLANK: Final = (
    rb"(?:[\x09-\x0d\x1c-\x20]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2[\x80\x81].|\xe3\x80\x80)"
)
_SUSPECT: Final = re.compile(
    rb",\"?(?!-\d{1,15}(?:\.\d{1,6})?[,\n])'*(?:[\t\r]|"
    + _BLANK
    + rb"*(?:[=+\-@]|\xef\xbc[\x8b\x8d\x9d\xa0]))"
)


def is_plain(lines: bytes, *, rows: int) -> bool:
    """Whether CSV lines need nothing but their line ends: no cell to defuse, none with a line break.

    A yes is certain; after a no the rows are written one by one.
    """
    if b"\r" in lines or lines.count(b"\n") != rows:
        return False
    if lines.isascii() and not any(
        b"," + sign in lines or b',"' + sign in lines for sign in _SIGNS if sign in lines
    ):
        return True
    return _SUSPECT.search(lines) is None


def _pieces(header: Sequence[str], lines: Iterable[list[str]]) -> Iterator[bytes]:
    yield BOM.encode() + csv_lines([header])
    remaining = iter(lines)
    while batch := list(islice(remaining, _ROWS)):
        yield csv_lines(batch)
