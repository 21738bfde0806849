"""A text file read once: what its first rows say is believed, and known for certain at its end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from app.claims.tables.batch import Batch
from app.claims.tables.dates import ColumnOrder
from app.claims.tables.decode import LineGuard, kind_of, probable_encoding
from app.claims.tables.header import DATE_FIELDS, place_fields, shape_of
from app.claims.tables.options import ReadOptions
from app.claims.tables.reader import Table, open_table, refuse_size
from app.claims.tables.rows import Layout, RowChecker
from app.claims.tables.survey import Survey
from app.claims.tables.text import TextSource, choose_delimiter


class Mistaken(Exception):
    """What the beginning of the file made believe does not hold for all of it."""


@dataclass
class Draft:
    """A claim file before its rows are read; `batches` reads them, and then `settled` is known."""

    file: BinaryIO
    filename: str
    options: ReadOptions
    layout: Layout
    """With the order of dates that the first rows show."""
    encoding: str
    source: TextSource
    survey: Survey = field(repr=False)
    is_read: bool = False

    def batches(self) -> Iterator[Batch]:
        """All data rows, checked, in batches of bounded size; to be read once.

        Raises:
            Mistaken: the rows are to be forgotten, and the file read by `again`.
            Malformed, TooManyRows, FileEmpty: the file is refused as a whole.
        """
        checker = RowChecker(self.layout, self.options.limits, self.options.today)
        number = 1
        try:
            for cells in self.source.batches():
                self.survey.observe(cells)
                if self.survey.orders() != self.layout.orders:
                    raise Mistaken
                yield checker.check(cells, number)
                number += len(cells)
        except UnicodeDecodeError:
            raise Mistaken from None
        self.survey.count()
        self.is_read = True

    def settled(self) -> Table:
        """The file as it is known once all its rows were read."""
        if not self.is_read:
            raise RuntimeError("a claim file was not read to its end")
        return Table(
            layout=self.layout,
            format="text",
            encoding=self.encoding,
            delimiter=self.source.delimiter,
            row_count=self.survey.count(),
            warnings=tuple(self.survey.warnings()),
            options=self.options,
            source=self.source,
        )

    def again(self) -> Table:
        """The file read twice, which needs no luck; blocks for the first reading."""
        return open_table(self.file, filename=self.filename, options=self.options)


def open_draft(file: BinaryIO, *, filename: str, options: ReadOptions) -> Draft | None:
    """Read the beginning of a text file; None for any file that has to be read twice.

    Raises the problems of the room's errors module for a file whose beginning is reason enough to
    refuse it as a whole.
    """
    refuse_size(file, options.limits)
    if kind_of(file) == "zip":
        return None
    guarded = LineGuard(file, options.limits)
    try:
        encoding = probable_encoding(guarded, options.encoding)
        delimiter = choose_delimiter(guarded, encoding, options, filename)
        source = TextSource(guarded, encoding, delimiter)
        header = source.header()
        places = place_fields(header, options.mapping, most=options.limits.columns)
        shape = shape_of(places, header)
        dates: dict[str, int] = {name: places[name] for name in DATE_FIELDS if name in places}
        orders = _first_orders(source, dates, options)
    except UnicodeDecodeError:
        return None
    return Draft(
        file=file,
        filename=filename,
        options=options,
        layout=Layout(shape, tuple(header), places, orders),
        encoding=encoding.name,
        source=source,
        survey=Survey(dates, options),
    )


def _first_orders(
    source: TextSource, dates: Mapping[str, int], options: ReadOptions
) -> dict[str, ColumnOrder]:
    survey = Survey(dates, options)
    for batch in source.batches():
        survey.observe(batch)
        break
    return survey.orders()
