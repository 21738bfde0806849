"""Opening a claim file: everything that holds for the whole of it is settled and checked here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

from app.claims.errors import FileEmpty, TooLarge
from app.claims.tables.batch import Batch, Row
from app.claims.tables.decode import kind_of, settle_encoding
from app.claims.tables.header import DATE_FIELDS, place_fields, shape_of
from app.claims.tables.options import Limits, ReadOptions
from app.claims.tables.rows import Layout, RowChecker
from app.claims.tables.survey import Survey, TableWarning
from app.claims.tables.text import TextSource, choose_delimiter
from app.claims.tables.workbook import SheetSource


class _Source(Protocol):
    def header(self) -> list[str]: ...
    def batches(self, *, skip: int = 1) -> Iterator[list[list[str]]]: ...


@dataclass(frozen=True, slots=True)
class _Text:
    format: Literal["text", "xlsx"]
    encoding: str
    delimiter: str


@dataclass(frozen=True)
class Table:
    """A claim file that can be read as a whole; `batches` and `rows` read it anew at each call.

    The file object must stay open, and only one iteration may run at a time.
    """

    layout: Layout
    format: Literal["text", "xlsx"]
    encoding: str
    """As decoded: utf-8, utf-8-sig, utf-16-le, utf-16-be, cp1252 or the caller's."""
    delimiter: str
    """"" for a workbook."""
    row_count: int
    warnings: tuple[TableWarning, ...]
    options: ReadOptions
    source: _Source

    @property
    def shape(self) -> str:
        """`claim_number`, `patient` or `practice`."""
        return self.layout.shape

    @property
    def header(self) -> tuple[str, ...]:
        """The file's own column names, as they stand in it."""
        return self.layout.header

    @property
    def places(self) -> Mapping[str, int]:
        """Our field to the position of its column."""
        return self.layout.places

    @property
    def columns(self) -> dict[str, str]:
        """Our field to the file's own name of its column."""
        return {name: self.header[place] for name, place in self.places.items()}

    @property
    def date_order(self) -> str:
        """The order of all slashed dates; `ymd` where there are none, `mixed` where they differ."""
        orders = set(self.layout.orders.values()) - {"ymd"}
        return "ymd" if not orders else orders.pop() if len(orders) == 1 else "mixed"

    def batches(self) -> Iterator[Batch]:
        """All data rows, checked, in batches of bounded size; memory stays flat."""
        checker = RowChecker(self.layout, self.options.limits, self.options.today)
        number = 1
        for cells in self.source.batches():
            yield checker.check(cells, number)
            number += len(cells)

    def rows(self) -> Iterator[Row]:
        """All data rows, one by one."""
        for batch in self.batches():
            yield from batch.rows()


def open_table(file: BinaryIO, *, filename: str, options: ReadOptions) -> Table:
    """Read a claim file once and settle what holds for all of its rows.

    `file` is seekable and binary; of `filename` only the ending is looked at, and only between
    equals. Blocks for the reading, so call it in a thread. Raises the problems of the room's
    errors module for a file that is refused as a whole; a bad row is none.
    """
    limits = options.limits
    refuse_size(file, limits)
    warnings: list[TableWarning] = []
    if kind_of(file) == "zip":
        return _settle(*_open_sheet(file, limits, warnings), options, warnings)
    return _settle(*_open_text(file, filename, options, warnings), options, warnings)


def peek_header(file: BinaryIO, *, filename: str, options: ReadOptions) -> list[str]:
    """The column names of a text file; raises as `open_table` does for what is no such file."""
    kind_of(file)
    source, _ = _open_text(file, filename, options, [])
    return source.header()


def refuse_size(file: BinaryIO, limits: Limits) -> None:
    """Raises TooLarge or FileEmpty where the number of bytes says so."""
    if file.seek(0, 2) > limits.bytes:
        raise TooLarge(f"A claim file may have {limits.bytes // 2**20} MB.")
    if file.tell() == 0:
        raise FileEmpty("The file has no content.")


def _open_sheet(
    file: BinaryIO, limits: Limits, warnings: list[TableWarning]
) -> tuple[SheetSource, _Text]:
    source = SheetSource(file, limits)
    if source.sheets > 1:
        message = f"{source.sheets} sheets hold data; only the first was read."
        warnings.append(TableWarning("first_sheet_only", message))
    return source, _Text("xlsx", "utf-8", "")


def _open_text(
    file: BinaryIO, filename: str, options: ReadOptions, warnings: list[TableWarning]
) -> tuple[TextSource, _Text]:
    encoding = settle_encoding(file, options.encoding, options.limits)
    if encoding.guessed:
        message = "The file is not UTF-8; it was read as Windows-1252. Check names with accents."
        warnings.append(TableWarning("encoding_guessed", message))
    delimiter = choose_delimiter(file, encoding, options, filename)
    return TextSource(file, encoding, delimiter), _Text("text", encoding.name, delimiter)


def _settle(
    source: TextSource | SheetSource,
    text: _Text,
    options: ReadOptions,
    warnings: list[TableWarning],
) -> Table:
    header = source.header()
    places = place_fields(header, options.mapping, most=options.limits.columns)
    shape = shape_of(places, header)
    dates: dict[str, int] = {name: places[name] for name in DATE_FIELDS if name in places}
    if isinstance(source, SheetSource):
        source.read_serials_in(dates.values())
    survey = Survey(dates, options)
    for batch in source.batches():
        survey.observe(batch)
    return Table(
        layout=Layout(shape, tuple(header), places, survey.orders()),
        format=text.format,
        encoding=text.encoding,
        delimiter=text.delimiter,
        row_count=survey.count(),
        warnings=(*warnings, *survey.warnings()),
        options=options,
        source=source,
    )
