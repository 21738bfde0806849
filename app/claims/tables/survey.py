"""What the rows of a file say about the whole of it: how many, and in which order their dates are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.claims.errors import FileEmpty, TooManyRows
from app.claims.tables.dates import ColumnOrder, DateEvidence
from app.claims.tables.options import ReadOptions


@dataclass(frozen=True, slots=True)
class TableWarning:
    """What was assumed about the whole file: a stable word, and a sentence for people."""

    code: str
    message: str


class Survey:
    """Fed with all rows, batch by batch; `dates` goes from our date fields to their columns."""

    def __init__(self, dates: Mapping[str, int], options: ReadOptions) -> None:
        self._dates = dates
        self._options = options
        self._evidence = {name: DateEvidence() for name in dates}
        self._count = 0

    def observe(self, batch: list[list[str]]) -> None:
        """Take in some rows.

        Raises:
            TooManyRows: they are more than a file may have.
        """
        self._count += len(batch)
        if self._count > self._options.limits.rows:
            raise TooManyRows(f"A file may have {self._options.limits.rows} data rows.")
        for name, place in self._dates.items():
            texts = {row[place].strip() for row in batch if len(row) > place}
            self._evidence[name].observe(texts)

    def count(self) -> int:
        """All rows.

        Raises:
            FileEmpty: there are none.
        """
        if not self._count:
            raise FileEmpty("The file has a header, but no data rows.")
        return self._count

    def orders(self) -> dict[str, ColumnOrder]:
        """The order of each column of dates."""
        wanted = self._options.date_order
        return {name: found.order(wanted) for name, found in self._evidence.items()}

    def warnings(self) -> Iterator[TableWarning]:
        """What had to be assumed about dates."""
        if self._options.date_order == "auto":
            for name, found in self._evidence.items():
                yield from _date_warnings(name, found)


def _date_warnings(name: str, found: DateEvidence) -> Iterator[TableWarning]:
    if not found.decided:
        message = (
            f"No {name} shows whether month or day comes first; they were read as "
            "month/day/year. Send date_order if that is wrong."
        )
        yield TableWarning("date_order_assumed", message)
    if found.order("auto") == "mixed":
        message = (
            f"{name} has dates with the month first and dates with the day first; "
            "rows that could be read both ways fail."
        )
        yield TableWarning("date_order_mixed", message)
