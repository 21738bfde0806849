"""What pdfium finds on a page, as rows of cells in the order of the file.

Most of what Python adds to pdfium's own time is spent here, so places are asked in bulk and only
where a gap may be wide.
"""

import ctypes
import re
from array import array
from collections import deque
from collections.abc import Sequence
from itertools import repeat
from typing import Final

import pypdfium2
from pypdfium2 import raw

from app.resumes.reading.lines import Boxes, Cell, are_near, cells_of, plain_cell

_NOT_BLANK: Final = re.compile(r"[^\s\x00]+")
# pdfium's function, called with plain numbers: pointers of ctypes cost more than its work.
_LOOSE_BOX: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
_BOX_BYTES: Final = 16


class _Places:
    """Where characters stand: by pdfium's own numbers, which differ where it left one out."""

    def __init__(self, page: pypdfium2.PdfTextPage, text: str) -> None:
        self._page = page.raw
        self._straight = len(text) == page.count_chars()
        # pdfium counts in UTF-16 units, Python in code points.
        self._offsets = None if _is_plain(text) else _utf16(text)

    def at(self, indexes: Sequence[int]) -> Boxes:
        """The boxes of characters; bottom and top are those of their lines."""
        units = indexes if self._offsets is None else [self._offsets[each] for each in indexes]
        if not self._straight:
            units = [raw.FPDFText_GetCharIndexFromTextIndex(self._page, each) for each in units]
        buffer = ctypes.create_string_buffer(_BOX_BYTES * max(1, len(units)))
        first = ctypes.addressof(buffer)
        page = ctypes.cast(self._page, ctypes.c_void_p).value
        places = range(first, first + _BOX_BYTES * len(units), _BOX_BYTES)
        # A place that pdfium does not know stays at nought.
        deque(map(_LOOSE_BOX, repeat(page), units, places), maxlen=0)
        edges = array("f", buffer.raw)
        # As pdfium orders them: left, top, right, bottom.
        return Boxes(*(list(edges[edge::4]) for edge in range(4)))


def rows_of(page: pypdfium2.PdfTextPage) -> list[list[Cell]]:
    """The page's lines, each as cells that wide gaps part."""
    text = page.get_text_range()
    lines: list[tuple[int, list[str]]] = []
    starts: list[int] = []
    lengths: list[int] = []
    start = 0
    for line in text.split("\r\n"):
        words, places = _words(line, start)
        if words:
            lines.append((len(starts), words))
            starts += places
            lengths += map(len, words)
            # The last letter of a line says where the line ends.
            starts.append(places[-1] + lengths[-1] - 1)
            lengths.append(0)
        start += len(line) + 2
    letters = _Places(page, text)
    boxes = letters.at(starts)
    near = are_near(lengths, boxes)
    rows: list[list[Cell]] = []
    waiting: list[int] = []
    for at, words in lines:
        gaps = near[at : at + len(words) - 1]
        cell = plain_cell(words, boxes, at) if all(gaps) else None
        if cell is None:
            waiting.append(len(rows))
        rows.append([] if cell is None else [cell])
    _part(rows, [(row, *lines[row]) for row in waiting], (starts, near, boxes), letters)
    return rows


def _part(
    rows: list[list[Cell]],
    waiting: Sequence[tuple[int, int, list[str]]],
    known: tuple[list[int], list[bool], Boxes],
    letters: _Places,
) -> None:
    """Fill the rows that wait, once it is known where the words before wide gaps end."""
    starts, near, boxes = known
    behind = [
        [place for place in range(len(words) - 1) if not near[at + place]]
        for _, at, words in waiting
    ]
    ends = [
        starts[at + place] + len(words[place]) - 1
        for (_, at, words), places in zip(waiting, behind, strict=True)
        for place in places
    ]
    asked = iter(letters.at(ends).right)
    for (row, at, words), places in zip(waiting, behind, strict=True):
        rights = {place: next(asked) for place in places}
        rows[row] = cells_of(words, boxes.part(at, at + len(words) + 1), rights)


def _words(line: str, start: int) -> tuple[list[str], list[int]]:
    """The words of a line, which begins at `start`, and where each begins."""
    words = line.split()
    if words and len(line) == sum(map(len, words)) + len(words) - 1 and "\0" not in line:
        # One blank between any two, as nearly always.
        begins = [start]
        for word in words[:-1]:
            start += len(word) + 1
            begins.append(start)
        return words, begins
    found = list(_NOT_BLANK.finditer(line))
    return [match.group() for match in found], [start + match.start() for match in found]


def _is_plain(text: str) -> bool:
    """Every character is one unit of UTF-16."""
    return text.isascii() or len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)


def _utf16(text: str) -> list[int]:
    offsets = []
    at = 0
    for letter in text:
        offsets.append(at)
        at += 2 if letter > "\uffff" else 1
    return offsets
