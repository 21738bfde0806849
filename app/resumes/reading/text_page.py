"""What pdfium finds on a page, as rows of cells in the order of the file.

Most of what Python adds to pdfium's own time is spent here, so places are asked in bulk and only
where a gap may be wide.
"""

import ctypes
import re
import threading
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import Any, Final

from pypdfium2 import raw

from app.resumes.reading.lines import Boxes, Cell, are_near, cells_of, plain_cell

_NOT_BLANK: Final = re.compile(r"[^\s\x00]+")
# pdfium's function without what ctypes does for a call in general, which takes longer than its work:
# no conversion of arguments, no answer, and no other thread let in for a tenth of a microsecond.
_LOOSE_BOX: Final = ctypes.PYFUNCTYPE(None)(
    ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
_BOX_BYTES: Final = 16
_BOXES: Final = 1024
_LETTERS: Final = 16 * 1024


class _Desk(threading.local):
    """A thread's room for pdfium's answers: arrays and pointers cost more to make than to fill."""

    def __init__(self) -> None:
        self.edges = array("f", bytes(_BOX_BYTES * _BOXES))
        self.boxes = (ctypes.c_char * (_BOX_BYTES * _BOXES)).from_buffer(self.edges)
        offsets = range(0, _BOX_BYTES * _BOXES, _BOX_BYTES)
        self.places = [ctypes.byref(self.boxes, offset) for offset in offsets]
        self.letters = (ctypes.c_ushort * _LETTERS)()


_DESK: Final = _Desk()


class _Places:
    """Where characters stand: by pdfium's own numbers, which differ where it left one out."""

    def __init__(self, page: Any, text: str, count: int) -> None:
        self._page = page
        self._straight = len(text) == count
        # pdfium counts in UTF-16 units, Python in code points.
        self._offsets = None if _is_plain(text) else _utf16(text)

    def at(self, indexes: Sequence[int]) -> Boxes:
        """The boxes of characters; bottom and top are those of their lines."""
        units = indexes if self._offsets is None else [self._offsets[each] for each in indexes]
        if not self._straight:
            units = [raw.FPDFText_GetCharIndexFromTextIndex(self._page, each) for each in units]
        edges = array("f")
        for start in range(0, len(units), _BOXES):
            edges += self._edges(units[start : start + _BOXES])
        # As pdfium orders them: left, top, right, bottom.
        return Boxes(edges[0::4], edges[1::4], edges[2::4], edges[3::4])

    def _edges(self, units: Sequence[int]) -> "array[float]":
        desk = _DESK
        # A place that pdfium does not know stays at nought.
        ctypes.memset(desk.boxes, 0, _BOX_BYTES * len(units))
        page = ctypes.byref(self._page.contents)
        deque(map(_LOOSE_BOX, repeat(page), units, desk.places), maxlen=0)
        return desk.edges[: 4 * len(units)]


@dataclass(slots=True, frozen=True)
class _Lines:
    """A page's lines, none without words.

    `lengths` and `begins` (the place in the text) are those of all words; `behind` says for each
    line how many words there are up to its end.
    """

    words: list[list[str]]
    lengths: list[int]
    begins: list[int]
    behind: list[int]


def rows_of(page: Any) -> list[list[Cell]]:
    """The lines of a text page of pdfium, each as cells that wide gaps part."""
    count = raw.FPDFText_CountChars(page)
    text = _text(page, count)
    lines = _lines(text)
    places = _Places(page, text, count)
    # The last letter of a line says where the line ends.
    ends = [lines.begins[after - 1] + lines.lengths[after - 1] - 1 for after in lines.behind]
    boxes = places.at(lines.begins + ends)
    near = are_near(lines.lengths, boxes)
    rows: list[list[Cell]] = []
    waiting: list[int] = []
    at, end = 0, len(lines.begins)
    for words, after in zip(lines.words, lines.behind, strict=True):
        is_near = near.find(0, at, after - 1) < 0
        cell = plain_cell(words, boxes, at, end) if is_near else None
        if cell is None:
            waiting.append(len(rows))
            rows.append([])
        else:
            rows.append([cell])
        at = after
        end += 1
    if waiting:
        _part(rows, waiting, (lines, near, boxes), places)
    return rows


def _text(page: Any, count: int) -> str:
    if count <= 0:
        return ""
    letters = _DESK.letters if count < _LETTERS else (ctypes.c_ushort * (count + 1))()
    units = raw.FPDFText_GetText(page, 0, count, letters)
    # The last one ends it.
    return ctypes.string_at(letters, 2 * max(0, units - 1)).decode("utf-16-le", "ignore")


def _lines(text: str) -> _Lines:
    words = [line.split() for line in text.split("\r\n")]
    if "\0" in text or not all(words):
        return _odd_lines(text)
    lengths = [len(word) for line in words for word in line]
    behind = list(accumulate(map(len, words)))
    # One blank between any two words and two letters between lines, as nearly always.
    steps = [length + 1 for length in lengths]
    for after in behind:
        steps[after - 1] += 1
    begins = list(accumulate(steps, initial=0))
    if begins.pop() != len(text) + 2:
        return _odd_lines(text)
    return _Lines(words, lengths, begins, behind)


def _odd_lines(text: str) -> _Lines:
    words, begins = [], []
    start = 0
    for line in text.split("\r\n"):
        found = list(_NOT_BLANK.finditer(line))
        if found:
            words.append([match.group() for match in found])
            begins += [start + match.start() for match in found]
        start += len(line) + 2
    lengths = [len(word) for line in words for word in line]
    return _Lines(words, lengths, begins, list(accumulate(map(len, words))))


def _part(
    rows: list[list[Cell]],
    waiting: Sequence[int],
    known: tuple[_Lines, bytes, Boxes],
    places: _Places,
) -> None:
    """Fill the rows that wait, once it is known where the words before wide gaps end."""
    lines, near, boxes = known
    begins = [lines.behind[row] - len(lines.words[row]) for row in waiting]
    gaps = [
        [at - begin for at in range(begin, lines.behind[row] - 1) if not near[at]]
        for row, begin in zip(waiting, begins, strict=True)
    ]
    ends = [
        lines.begins[begin + place] + lines.lengths[begin + place] - 1
        for begin, before in zip(begins, gaps, strict=True)
        for place in before
    ]
    asked = iter(places.at(ends).right)
    for row, begin, before in zip(waiting, begins, gaps, strict=True):
        rights = {place: next(asked) for place in before}
        end = len(lines.begins) + row
        rows[row] = cells_of(lines.words[row], boxes, (begin, end), rights)


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
