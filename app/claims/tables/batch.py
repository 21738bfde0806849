"""What the reader gives out: checked rows, a batch at a time, column by column or one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from app.claims.tables.header import FIELDS


class RowFault(NamedTuple):
    """Why a row fails alone: its code, the field it is about ("" for the row) and a sentence.

    The sentence never repeats the cell's value.
    """

    code: str
    field: str
    message: str


class Row(NamedTuple):
    """One data row; `row_no` counts from 1, names are as typed, keys are as compared.

    A row with a fault has no keys; what could be read of it is still there.
    """

    row_no: int
    claim_number: str | None
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None
    service_from: date | None
    service_to: date | None
    practice_id: int | None
    tin: str | None
    payer_id: str | None
    subscriber_id: str | None
    cells: tuple[str, ...]
    fault: RowFault | None
    warnings: tuple[str, ...]
    claim_key: str | None
    first_key: str | None
    last_key: str | None


@dataclass(slots=True)
class Batch:
    """Some consecutive rows, column by column; "" stands for what is absent.

    `columns` has the fields of the header module by their names (dates as YYYY-MM-DD), and
    claim_key, first_key and last_key. `faults` and `warnings` go by
    the index in the batch. `clean` promises that no cell holds a quote, a backslash or an
    unprintable character.
    """

    first_row: int
    cells: list[list[str]]
    clean: bool
    columns: dict[str, Sequence[str]] = field(default_factory=dict)
    faults: dict[int, list[RowFault]] = field(default_factory=dict)
    warnings: dict[int, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cells)

    def add_fault(self, index: int, fault: RowFault) -> None:
        """Let one row fail; its first fault is the one that it is answered with.

        A field has one fault at most, and a row whose cells do not fit the header has no other.
        """
        known = self.faults.setdefault(index, [])
        if not any(other.field in {fault.field, ""} for other in known):
            known.append(fault)

    def rows(self) -> Iterator[Row]:
        """The same rows, one by one."""
        for index in range(len(self.cells)):
            yield self._row(index)

    def _row(self, index: int) -> Row:
        values = {name: column[index] or None for name, column in self.columns.items()}
        number, first, last, born, start, end, practice, tin, payer, member = (
            values[name] for name in FIELDS
        )
        faults = self.faults.get(index)
        keys = {} if faults else values
        return Row(
            row_no=self.first_row + index,
            claim_number=number,
            first_name=first,
            last_name=last,
            date_of_birth=_day(born),
            service_from=_day(start),
            service_to=_day(end),
            practice_id=int(practice) if practice else None,
            tin=tin,
            payer_id=payer,
            subscriber_id=member,
            cells=tuple(self.cells[index]),
            fault=faults[0] if faults else None,
            warnings=tuple(self.warnings.get(index, ())),
            claim_key=keys.get("claim_key"),
            first_key=keys.get("first_key"),
            last_key=keys.get("last_key"),
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
