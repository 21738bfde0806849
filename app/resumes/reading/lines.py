"""Words with their places on a page, and the lines that they stand in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import msgspec

# Of the line's height; hardly any letter is wider.
_WIDE_LETTER: Final = 0.45
# A gap this many line heights wide is no space between words: what follows is another cell.
_CELL_GAP: Final = 1.1
_NEAR: Final = 0.2
_SPACED_WORDS: Final = 4
# Letters that stand apart make up the most of a line that is no longer than this a word.
_SPACED_LENGTH: Final = 2.4


@dataclass(slots=True, frozen=True)
class Boxes:
    """The edges of letters, one after the other, in points, y upwards as PDF counts."""

    left: Sequence[float]
    top: Sequence[float]
    right: Sequence[float]
    bottom: Sequence[float]

    def height(self, at: int) -> float:
        """Of the line that the letter stands in."""
        return self.top[at] - self.bottom[at]


class Cell(msgspec.Struct, frozen=True, gc=False):
    """Words that follow each other on one line without a wide gap.

    `middle` is the height of the line's middle; steadier than either edge.
    """

    text: str
    left: float
    right: float
    middle: float
    height: float


def joined(cell: Cell, other: Cell) -> Cell:
    """Both as one, where the first one stands."""
    return msgspec.structs.replace(cell, text=f"{cell.text} {other.text}", right=other.right)


def are_near(lengths: Sequence[int], boxes: Boxes) -> bytes:
    """For each word 1 where the next begins so close behind that no gap can be wide, else 0.

    The boxes are those of the words' first letters. Where a longer word ends is not known; only by
    the usual width of letters can the next one begin far enough behind.
    """
    each = zip(lengths, boxes.left, boxes.left[1:], boxes.top, boxes.bottom, strict=False)
    return bytes(
        [
            left
            < beyond
            < left + (_WIDE_LETTER * length + 1 if length > 1 else _CELL_GAP) * (top - bottom)
            for length, left, beyond, top, bottom in each
        ]
    )


def plain_cell(words: Sequence[str], boxes: Boxes, at: int, end: int) -> Cell | None:
    """A line without wide gaps as one cell; None where its letters may be set apart.

    The boxes of its words' first letters begin at `at`, and `end` is that of its last letter.
    """
    text = " ".join(words)
    if len(words) >= _SPACED_WORDS and len(text) <= _SPACED_LENGTH * len(words):
        return None
    return _cell(text, boxes, at, boxes.right[end])


def _cell(text: str, boxes: Boxes, at: int, right: float) -> Cell:
    top, bottom = boxes.top[at], boxes.bottom[at]
    return Cell(text, boxes.left[at], right, (bottom + top) / 2, top - bottom)


def cells_of(
    words: Sequence[str], boxes: Boxes, bounds: tuple[int, int], rights: Mapping[int, float]
) -> list[Cell]:
    """A line's words, parted where a gap is too wide for a space.

    `bounds`: as `at` and `end` of `plain_cell`. `rights`: where the words end that such gaps may
    follow.
    """
    at, end = bounds
    cells: list[Cell] = []
    start = 0
    for place, right in rights.items():
        letter = at + place
        height = max(boxes.height(letter), boxes.height(letter + 1))
        gap = boxes.left[letter + 1] - right
        letters = len(words[place]) == 1 and len(words[place + 1]) == 1
        if gap > _CELL_GAP * height * (2 if letters else 1) or gap < -2 * height:
            text = _joined(words, boxes, at, rights, range(start, place + 1))
            cells.append(_cell(text, boxes, at + start, right))
            start = place + 1
    text = _joined(words, boxes, at, rights, range(start, len(words)))
    cells.append(_cell(text, boxes, at + start, boxes.right[end]))
    return cells


def _joined(
    words: Sequence[str], boxes: Boxes, at: int, rights: Mapping[int, float], places: range
) -> str:
    of_cell = words[places.start : places.stop]
    text = " ".join(of_cell)
    if len(of_cell) < _SPACED_WORDS or len(text) > _SPACED_LENGTH * len(of_cell):
        return text
    gaps = [_gap(words, boxes, at, rights, place) for place in places[:-1]]
    return _unspaced(of_cell, gaps)


def _gap(
    words: Sequence[str], boxes: Boxes, at: int, rights: Mapping[int, float], place: int
) -> float:
    letter = at + place
    if place in rights or len(words[place]) == 1:
        return boxes.left[letter + 1] - rights.get(place, boxes.right[letter])
    # Of a longer word before a near one only that is known: some space lies between.
    return _NEAR * boxes.height(letter)


def _unspaced(words: Sequence[str], gaps: Sequence[float]) -> str:
    """Letter-spaced text (J A N E  D O E) as words: the wider gaps part them."""
    letters = sum(word.isalnum() and len(word) == 1 for word in words)
    usual = median(gaps)
    if letters < 0.7 * len(words) or usual <= 0:
        return " ".join(words)
    out = words[0]
    for gap, word in zip(gaps, words[1:], strict=True):
        out += (" " if gap > 1.8 * usual else "") + word
    return out
