"""Delimited text as batches of cells: streaming, strict about quotes, sure about line numbers."""

import contextlib
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from app.claims.errors import FileEmpty, Malformed
from app.claims.tables.decode import Encoding
from app.claims.tables.header import known_names, normalize
from app.claims.tables.options import DELIMITERS, ReadOptions
from app.claims.tables.quotes import cut_record

Cells = list[str]

# Characters of text a batch: about 256 KiB of COPY bytes come out of it.
_BLOCK: Final = 40_000
# A line of nothing but delimiters is blank, whichever of them it is.
_BLANK: Final = "".join(DELIMITERS) + " \r\n"


class _Lines:
    """Feeds the csv reader block by block, and remembers the block for error messages."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._block: list[str] = []
        self._before = 0
        self.blocks = 0

    def __iter__(self) -> Iterator[str]:
        while block := self._text.readlines(_BLOCK):
            self._before += len(self._block)
            self._block = block
            self.blocks += 1
            yield from block

    def line(self, number: int) -> str:
        """A line of the present block by its number in the file, from 1."""
        return self._block[number - self._before - 1]


class TextSource:
    """The rows of a text file; each call of `batches` reads it again from the start.

    The file object must be seekable and binary, and is not closed.
    """

    def __init__(self, file: BinaryIO, encoding: Encoding, delimiter: str) -> None:
        self._file = file
        self._encoding = encoding
        self.delimiter = delimiter

    def header(self) -> Cells:
        """The first line with anything in it; raises FileEmpty where there is none."""
        for batch in self.batches(skip=0):
            return batch[0]
        raise FileEmpty

    def batches(self, *, skip: int = 1) -> Iterator[list[Cells]]:
        """Rows that are not blank, in batches of bounded size, without the first `skip`.

        Raises Malformed, with the line, where a quote is not closed.
        """
        with _text(self._file, self._encoding) as text:
            for batch in self._read(_Lines(text)):
                rows = [row for row in batch if row[0].strip() or "".join(row).strip()]
                if skip:
                    skip, rows = max(0, skip - len(rows)), rows[skip:]
                if rows:
                    yield rows

    def _read(self, lines: _Lines) -> Iterator[list[Cells]]:
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        rows: list[Cells] = []
        block = start = 0
        while True:
            try:
                for row in reader:
                    start = reader.line_num
                    if row:
                        rows.append(row)
                    if lines.blocks != block:
                        block = lines.blocks
                        yield rows
                        rows = []
            except csv.Error:
                rows.append(self._recover(lines, start, reader.line_num))
                start = reader.line_num
                ended = False
            else:
                ended = True
            yield rows
            if ended:
                return
            rows = []

    def _recover(self, lines: _Lines, start: int, end: int) -> Cells:
        """The csv module stops at cells over 131,072 characters, mostly for an unclosed quote.

        Where the record is one whole line all the same, the row fails alone, by its length.
        """
        if end == start + 1:
            cut = cut_record(lines.line(end), self.delimiter)
            if cut.broken_at is None:
                return cut.cells
        raise self._malformed(start, end)

    def _malformed(self, start: int, end: int) -> Malformed:
        with _text(self._file, self._encoding) as text:
            record = list(itertools.islice(text, start, end))
        broken_at = cut_record("".join(record), self.delimiter).broken_at or 0
        line = start
        for length in itertools.accumulate(len(part) for part in record):
            line += 1
            if length > broken_at:
                break
        return Malformed(
            f"The quote that opens on line {line} is not closed properly "
            f"(the file was read up to line {end})."
        )


def choose_delimiter(
    file: BinaryIO, encoding: Encoding, options: ReadOptions, filename: str
) -> str:
    """The delimiter that yields the most known header names, then the most columns.

    Never guessed from the frequency of signs, which names and notes lead astray.
    """
    if options.delimiter is not None:
        return options.delimiter
    known = known_names(options.mapping)
    candidates = sorted(
        DELIMITERS, key=lambda sign: sign != "\t" or not filename.lower().endswith(".tsv")
    )

    def score(delimiter: str) -> tuple[int, int]:
        cells = _first_record(file, encoding, delimiter)
        return sum(normalize(cell) in known for cell in cells), len(cells)

    return max(candidates, key=score)


def _first_record(file: BinaryIO, encoding: Encoding, delimiter: str) -> Sequence[str]:
    with _text(file, encoding) as text:
        try:
            for row in csv.reader(text, delimiter=delimiter, strict=True):
                if "".join(row).strip(_BLANK):
                    return row
        except csv.Error:
            # Under another delimiter the same quotes may be whole.
            return ()
    return ()


@contextlib.contextmanager
def _text(file: BinaryIO, encoding: Encoding) -> Iterator[io.TextIOWrapper]:
    """The file as text, all line ends known and kept; leaves the file open when done."""
    file.seek(encoding.offset)
    text = io.TextIOWrapper(file, encoding=encoding.codec, errors="strict", newline="")
    try:
        yield text
    finally:
        text.detach()
