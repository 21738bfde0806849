"""A claim file looked through without storing it or asking anybody: what would happen?"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from app.claims.tables.batch import Batch, Row
from app.claims.tables.reader import Table
from app.claims.tables.survey import TableWarning


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One fault: which row, which column of the file ("" for the whole row), and what is wrong."""

    row: int
    field: str
    column: str
    code: str
    message: str
    value: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What the reader understood; `problems` is cut at a number, `problem_counts` is whole."""

    format: str
    shape: str
    encoding: str
    delimiter: str
    date_order: str
    date_orders: Mapping[str, str]
    header: tuple[str, ...]
    columns: Mapping[str, str]
    ignored_columns: tuple[str, ...]
    row_count: int
    good_rows: int
    first_rows: tuple[Row, ...]
    problems: tuple[CellProblem, ...]
    problem_counts: Mapping[str, int]
    warnings: tuple[TableWarning, ...]


def preview(table: Table, *, first: int = 10, most_problems: int = 200) -> Preview:
    """Read all rows once and tell what came out; blocks for the reading."""
    rows: list[Row] = []
    problems: list[CellProblem] = []
    counts: Counter[str] = Counter()
    bad = 0
    for batch in table.batches():
        rows += islice(batch.rows(), first - len(rows))
        bad += len(batch.faults)
        for index, faults in sorted(batch.faults.items()):
            counts.update(fault.code for fault in faults)
            if len(problems) < most_problems:
                problems += _problems(table, batch, index)
    used = set(table.places.values())
    return Preview(
        format=table.format,
        shape=table.shape,
        encoding=table.encoding,
        delimiter=table.delimiter,
        date_order=table.date_order,
        date_orders=dict(table.layout.orders),
        header=table.header,
        columns=table.columns,
        ignored_columns=tuple(name for i, name in enumerate(table.header) if i not in used),
        row_count=table.row_count,
        good_rows=table.row_count - bad,
        first_rows=tuple(rows),
        problems=tuple(problems[:most_problems]),
        problem_counts=dict(counts.most_common()),
        warnings=table.warnings,
    )


def _problems(table: Table, batch: Batch, index: int) -> list[CellProblem]:
    cells = batch.cells[index]
    found = []
    for code, field, message in batch.faults[index]:
        place = table.places.get(field)
        whole = place is None or place >= len(cells)
        found.append(
            CellProblem(
                row=batch.first_row + index,
                field=field,
                column=field if place is None else table.header[place],
                code=code,
                message=message,
                value="" if whole or place is None else cells[place][:100],
            )
        )
    return found
