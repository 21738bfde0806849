"""Claim files of any size for the local payer, with the answer that each row must get."""

import csv
from collections import Counter
from pathlib import Path

from app.claims.results import RESULT_COLUMNS
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Books
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import Expected, RowPlan, Shape, write_rows


def write_sample(
    path: Path, *, tin: str, rows: int, shape: Shape, practice_id: int
) -> tuple[list[Expected], tuple[str, str]]:
    """Write the file; gives each row's answer, and the first and last day of the payer's claims."""
    usual = PayerOptions()
    books = Books(seed=usual.seed, claims=usual.claims, days=usual.days, today=payer_today())
    book = books.book(tin)
    answers = write_rows(book, path, RowPlan(shape=shape, rows=rows, practice_id=practice_id))
    return answers, (book.first_day.isoformat(), book.last_day.isoformat())


def counted(answers: list[Expected]) -> str:
    """How many rows end as what, in words."""
    kinds = Counter(answer.error_code or "found" for answer in answers)
    return ", ".join(f"{kinds[kind]:,} {kind}" for kind in sorted(kinds))


def wrong_answers(results: Path, answers: list[Expected]) -> list[str]:
    """Compare a downloaded results CSV with the answers; a line for each row that is not right."""
    got: dict[int, list[dict[str, str]]] = {}
    with results.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        header = next(lines)[: len(RESULT_COLUMNS)]
        for cells in lines:
            # The row's own columns stand behind ours and may have the same names.
            line = dict(zip(header, cells, strict=False))
            got.setdefault(int(line["row"]), []).append(line)
    faults = [
        f"row {answer.row}: wanted {answer.error_code or answer.claim_numbers}"
        for answer in answers
        if not _is_right(answer, got.pop(answer.row, []))
    ]
    return faults + [f"row {row}: not in the file that was sent" for row in got]


def _is_right(answer: Expected, lines: list[dict[str, str]]) -> bool:
    if answer.error_code is not None:
        return [line["error_code"] for line in lines] == [answer.error_code]
    return sorted(line["claim_number"] for line in lines) == sorted(answer.claim_numbers)
