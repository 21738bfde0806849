"""Words with their places on a page, and the lines that they stand in."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import msgspec

# A gap this many line heights wide is no space between words: what follows is another cell.
_CELL_GAP: Final = 1.1
_SPACED_WORDS: Final = 4
# Letters that stand apart make up the most of a line that is no longer than this a word.
_SPACED_LENGTH: Final = 2.4


class Word(msgspec.Struct, frozen=True, gc=False):
    """A word and its box, in points, y upwards as PDF counts."""

    text: str
    left: float
    right: float
    bottom: float
    top: float


class Cell(msgspec.Struct, frozen=True, gc=False):
    """Words that follow each other on one line without a wide gap.

    `middle` is the height of the line's middle; steadier than either edge.
    """

    words: tuple[Word, ...]
    text: str
    left: float
    right: float
    middle: float
    height: float


def cell_of(words: Sequence[Word]) -> Cell:
    """The cell that the words make; there is at least one."""
    first = words[0]
    return Cell(
        words=tuple(words),
        text=_joined(words),
        left=first.left,
        right=words[-1].right,
        middle=(first.bottom + first.top) / 2,
        height=first.top - first.bottom,
    )


def cells_of(line: list[Word]) -> list[Cell]:
    """A line's words, parted where a gap is too wide for a space."""
    cells: list[Cell] = []
    start = 0
    for at in range(1, len(line)):
        before, word = line[at - 1], line[at]
        height = max(before.top - before.bottom, word.top - word.bottom)
        gap = word.left - before.right
        letters = len(before.text) == 1 and len(word.text) == 1
        if gap > _CELL_GAP * height * (2 if letters else 1) or gap < -2 * height:
            cells.append(cell_of(line[start:at]))
            start = at
    cells.append(cell_of(line[start:]))
    return cells


def _joined(words: Sequence[Word]) -> str:
    text = " ".join([word.text for word in words])
    if len(words) < _SPACED_WORDS or len(text) > _SPACED_LENGTH * len(words):
        return text
    return _unspaced(words)


def _unspaced(words: Sequence[Word]) -> str:
    """Letter-spaced text (J A N E  D O E) as words: the wider gaps part them."""
    gaps = [after.left - before.right for before, after in pairwise(words)]
    letters = sum(word.text.isalnum() and len(word.text) == 1 for word in words)
    usual = median(gaps)
    if letters < 0.7 * len(words) or usual <= 0:
        return " ".join(word.text for word in words)
    out = words[0].text
    for gap, word in zip(gaps, words[1:], strict=True):
        out += (" " if gap > 1.8 * usual else "") + word.text
    return out
