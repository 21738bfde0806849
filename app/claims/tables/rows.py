"""Rows checked and made comparable, a batch at a time and column by column.

Python costs per operation, so each step runs over a whole column in C (map, zip, `in`); only the
rows that turn out to be wrong are looked at one by one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from operator import gt
from typing import Final

from app.claims.tables.batch import Batch, RowFault
from app.claims.tables.cells import (
    NUMBER_ROUNDED,
    TIN_ZERO_RESTORED,
    control_in,
    is_rounded,
    normal_practice,
    normal_tin,
)
from app.claims.tables.dates import ColumnOrder, DateRule
from app.claims.tables.header import DATE_FIELDS, FIELDS, Shape
from app.claims.tables.keys import claim_keys, is_printable, name_keys
from app.claims.tables.options import Limits
from app.core.spreadsheets import redo_cell

_REMEMBERED: Final = 65_536
_LONGEST_REMEMBERED: Final = 64


class _Memo(dict[str, str]):
    """A function's answers for short texts; forgets all of them before it grows too large."""

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, text: str) -> str:
        value = self._function(text)
        if len(text) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = value
        return value


@dataclass(frozen=True, slots=True)
class Layout:
    """What is settled for the whole table before its rows are read."""

    shape: Shape
    header: tuple[str, ...]
    places: Mapping[str, int]
    """Our field to the position of its column."""
    orders: Mapping[str, ColumnOrder]
    """Each date field that has a column to the order of its values."""


class RowChecker:
    """Turns batches of cells into checked batches, for one table."""

    def __init__(self, layout: Layout, limits: Limits, today: date) -> None:
        self._layout = layout
        self._limits = limits
        self._rules = {name: DateRule(name, order, today) for name, order in layout.orders.items()}
        self._days = {name: _Memo(rule.read) for name, rule in self._rules.items()}
        self._practices = _Memo(normal_practice)
        self._tins = _Memo(normal_tin)
        asked_by = "claim_number" if layout.shape == "claim_number" else "first_service_date"
        self._needed = frozenset(("first_name", "last_name", "date_of_birth", asked_by))

    def check(self, cells: list[list[str]], first_row: int) -> Batch:
        """The batch with every fault found; `cells` may be changed in place."""
        flat = list(chain.from_iterable(cells))
        text = ",".join(flat)
        defused = ",'" in text or text.startswith("'")
        if defused:
            cells = [[redo_cell(cell) for cell in row] for row in cells]
        clean = is_printable(text) and "\\" not in text and '"' not in text
        batch = Batch(first_row, cells, clean)
        if not clean and "\0" in text:
            self._replace_nul(batch)
        grid = self._grid(batch)
        longest = max(map(len, flat))
        if longest > self._limits.cell_characters:
            self._refuse_long_cells(batch)
        # The plain blank is the only white space that is printable.
        bare = clean and not defused and " ," not in text and ", " not in text
        texts = self._texts(grid, bare=bare and text == text.strip())
        if not clean:
            self._refuse_controls(batch, texts)
        self._refuse_missing(batch, texts, longest)
        self._settle(batch, texts)
        return batch

    def _replace_nul(self, batch: Batch) -> None:
        """PostgreSQL keeps no NUL, so it is replaced even in the copy of the row as it came."""
        for index, row in enumerate(batch.cells):
            for position, cell in enumerate(row):
                if "\0" in cell:
                    row[position] = cell.replace("\0", "\ufffd")
                    fault = RowFault(
                        "row.control_character", self._name(position), "The cell holds a NUL."
                    )
                    batch.add_fault(index, fault)

    def _grid(self, batch: Batch) -> list[list[str]]:
        """The cells with every row as wide as the header; a ragged row is emptied, and fails."""
        width = len(self._layout.header)
        if set(map(len, batch.cells)) == {width}:
            return batch.cells
        empty = [""] * width
        grid = list(batch.cells)
        for index, row in enumerate(batch.cells):
            if len(row) != width:
                message = f"The row has {len(row)} cells; the header has {width}."
                batch.faults[index] = [RowFault("row.column_count", "", message)]
                grid[index] = empty
        return grid

    def _refuse_long_cells(self, batch: Batch) -> None:
        most = self._limits.cell_characters
        for index, row in enumerate(batch.cells):
            for position, cell in enumerate(row):
                if len(cell) > most:
                    message = f"The cell has {len(cell)} characters; at most {most} are read."
                    batch.add_fault(
                        index, RowFault("row.field_too_long", self._name(position), message)
                    )

    def _name(self, position: int) -> str:
        """How faults call a column: our field where it is one, else its own name."""
        for name, place in self._layout.places.items():
            if place == position:
                return name
        header = self._layout.header
        return header[position] if position < len(header) else ""

    def _texts(self, grid: list[list[str]], *, bare: bool) -> dict[str, Sequence[str]]:
        """The cells of each field, without white space around them; `bare` says that none has any."""
        columns = list(zip(*grid, strict=True))
        return {
            name: columns[place] if bare else list(map(str.strip, columns[place]))
            for name, place in self._layout.places.items()
        }

    def _refuse_controls(self, batch: Batch, texts: Mapping[str, Sequence[str]]) -> None:
        for name, column in texts.items():
            if not "".join(column).isprintable():
                message = "The cell holds an unprintable character or a line break."
                _refuse(
                    batch,
                    RowFault("row.control_character", name, message),
                    (i for i, text in enumerate(column) if control_in(text)),
                )

    def _refuse_missing(
        self, batch: Batch, texts: Mapping[str, Sequence[str]], longest: int
    ) -> None:
        most = self._limits.field_characters
        for name, column in texts.items():
            if name in self._needed and "" in column:
                _refuse(
                    batch,
                    RowFault("row.missing_field", name, f"The row has no {name}."),
                    (i for i, text in enumerate(column) if not text),
                )
            if longest > most and max(map(len, column)) > most:
                message = f"{name} may have {most} characters."
                _refuse(
                    batch,
                    RowFault("row.field_too_long", name, message),
                    (i for i, text in enumerate(column) if len(text) > most),
                )

    def _settle(self, batch: Batch, texts: Mapping[str, Sequence[str]]) -> None:
        absent = [""] * len(batch)
        columns: dict[str, Sequence[str]] = {name: texts.get(name, absent) for name in FIELDS}
        for name in DATE_FIELDS:
            if name in texts:
                columns[name] = self._dates(batch, name, texts[name])
        self._fill_service_dates(columns)
        _check_spans(batch, columns)
        if "practice_id" in texts:
            columns["practice_id"] = list(map(self._practices.__getitem__, texts["practice_id"]))
            _refuse_practices(batch, "practice_id", texts["practice_id"], columns)
        if "tin" in texts:
            columns["tin"] = list(map(self._tins.__getitem__, texts["tin"]))
            _refuse_practices(batch, "tin", texts["tin"], columns)
            _warn_of_tins(batch, texts["tin"], columns["tin"])
        columns["first_key"] = name_keys(columns["first_name"])
        columns["last_key"] = name_keys(columns["last_name"])
        columns["claim_key"] = absent
        if "claim_number" in texts:
            columns["claim_key"] = claim_keys(texts["claim_number"])
            _warn_of_rounding(batch, texts["claim_number"])
        self._refuse_empty_keys(batch, columns)
        batch.columns = columns

    def _dates(self, batch: Batch, name: str, texts: Sequence[str]) -> list[str]:
        values = list(map(self._days[name].__getitem__, texts))
        if "" in values:
            rule = self._rules[name]
            for index, value in enumerate(values):
                if not value and texts[index]:
                    code, message = rule.fault(texts[index])
                    batch.add_fault(index, RowFault(code, name, message))
        return values

    def _fill_service_dates(self, columns: dict[str, Sequence[str]]) -> None:
        """One service date stands for both ends; a needed first date is never made up."""
        starts, ends = columns["first_service_date"], columns["last_service_date"]
        if "" in ends:
            columns["last_service_date"] = [e or s for s, e in zip(starts, ends, strict=True)]
        if "" in starts and "first_service_date" not in self._needed:
            columns["first_service_date"] = [s or e for s, e in zip(starts, ends, strict=True)]

    def _refuse_empty_keys(self, batch: Batch, columns: Mapping[str, Sequence[str]]) -> None:
        """A name or number of nothing but punctuation would match nobody, or everybody."""
        pairs = (
            ("claim_number", "claim_key"),
            ("first_name", "first_key"),
            ("last_name", "last_key"),
        )
        for name, key in pairs:
            if name in self._needed and "" in columns[key]:
                fault = RowFault("row.missing_field", name, f"{name} has no letter or digit.")
                _refuse(batch, fault, (i for i, value in enumerate(columns[key]) if not value))


def _refuse(batch: Batch, fault: RowFault, indexes: Iterable[int]) -> None:
    for index in indexes:
        batch.add_fault(index, fault)


def _check_spans(batch: Batch, columns: Mapping[str, Sequence[str]]) -> None:
    births, starts = columns["date_of_birth"], columns["first_service_date"]
    ends = columns["last_service_date"]
    if not any(starts) and not any(ends):
        return
    if any(map(gt, starts, ends)):
        message = "first_service_date is after last_service_date."
        fault = RowFault("row.date_range", "last_service_date", message)
        _refuse(batch, fault, (i for i, s in enumerate(starts) if s > ends[i]))
    if any(starts) and any(map(gt, births, starts)):
        message = "The service is before the birth date."
        fault = RowFault("row.date_range", "first_service_date", message)
        _refuse(batch, fault, (i for i, s in enumerate(starts) if s and births[i] > s))


def _refuse_practices(
    batch: Batch, name: str, texts: Sequence[str], columns: Mapping[str, Sequence[str]]
) -> None:
    if "" in columns[name]:
        what = "a TIN of nine digits" if name == "tin" else "the number of a practice"
        fault = RowFault("row.practice_unknown", name, f"This is not {what}.")
        wrong = (i for i, value in enumerate(columns[name]) if not value and texts[i])
        _refuse(batch, fault, wrong)


def _warn_of_tins(batch: Batch, texts: Sequence[str], tins: Sequence[str]) -> None:
    for index, tin in enumerate(tins):
        if tin and tin != texts[index] and sum(map(str.isdigit, texts[index])) != len(tin):
            batch.warnings.setdefault(index, []).append(TIN_ZERO_RESTORED)


def _warn_of_rounding(batch: Batch, numbers: Sequence[str]) -> None:
    if "E+" in ",".join(numbers).upper():
        for index, number in enumerate(numbers):
            if is_rounded(number):
                batch.warnings.setdefault(index, []).append(NUMBER_ROUNDED)
