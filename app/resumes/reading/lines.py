"""Words with their places on a page, and the lines that they stand in."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

# A gap this many line heights wide is no space between words: what follows is another cell.
_CELL_GAP: Final = 1.1
_SPACED_WORDS: Final = 4
# Letters that stand apart make up the most of a line that is no longer than this a word.
_SPACED_LENGTH: Final = 2.4


@dataclass(slots=True, frozen=True)
class Word:
    """A word and its box, in points, y upwards as PDF counts."""

    text: str
    left: float
    right: float
    bottom: float
    top: float


@dataclass(slots=True, frozen=True)
class Cell:
    """Words that follow each other on one line without a wide gap."""

    words: tuple[Word, ...]

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    @property
    def middle(self) -> float:
        """The height of the line's middle; steadier than either edge."""
        return (self.words[0].bottom + self.words[0].top) / 2

    @property
    def height(self) -> float:
        return self.words[0].top - self.words[0].bottom

    @property
    def text(self) -> str:
        return _joined(self.words)


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
            cells.append(Cell(tuple(line[start:at])))
            start = at
    cells.append(Cell(tuple(line[start:])))
    return cells


def _joined(words: tuple[Word, ...]) -> str:
    text = " ".join([word.text for word in words])
    if len(words) < _SPACED_WORDS or len(text) > _SPACED_LENGTH * len(words):
        return text
    return _unspaced(words)


def _unspaced(words: tuple[Word, ...]) -> str:
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
