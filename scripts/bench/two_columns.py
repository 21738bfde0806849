"""Invented pages of two columns, drawn in five orders, whose reading order is known."""

import random
import textwrap
from itertools import pairwise
from typing import Final

from app.resumes.headings import heading_of
from scripts.bench.made_resumes import made_resume
from tests.resumes.papers import Placed, pdf

ORDERS: Final = ("left first", "right first", "by rows", "in turns", "in disorder")
_SIDE: Final = (
    "SKILLS|Python|PostgreSQL|Docker and Kubernetes|Project management|Public speaking|LANGUAGES"
    "|English (native)|French (B2)|INTERESTS|Chess and climbing|CONTACT|jane@example.com"
    "|(312) 555-0123|Austin, TX|EDUCATION|B.S. Physics|State University|2010 - 2014|AWARDS"
    "|Employee of the year 2019"
)
_TOP: Final = 690
_BOTTOM: Final = 40
_LETTER: Final = 5.2


def two_columns(seed: int) -> tuple[bytes, list[list[str]], str]:
    """A page, its two columns' lines from top to bottom, and the order in which it is drawn."""
    draw = random.Random(seed)
    width, gap, edge = (
        draw.choice([150, 190, 250]),
        draw.choice([12, 24, 36]),
        draw.choice([36, 72]),
    )
    is_left = draw.random() < 0.5
    at = (edge, edge + width + gap) if is_left else (576 - width, edge)
    rest = 576 - at[1] if is_left else at[0] - gap - edge
    side = _SIDE.split("|")[: draw.randint(8, 21)]
    main = _numbered(made_resume(seed).text.split("\n"))
    columns = [
        _placed(side, at[0], width, draw.choice([12, 14, 18])),
        _placed(main, at[1], rest, draw.choice([12, 13, 15])),
    ]
    if not is_left:
        columns.reverse()
    order = draw.choice(ORDERS)
    head = [(edge, 740.0, "Jane Smith"), (edge, 722.0, "Engineer at large | jane@example.org")]
    page = pdf([*(head if draw.random() < 0.7 else []), *_drawn(columns, order, draw)])
    return page, [[text for _, _, text in column] for column in columns], order


def _numbered(lines: list[str]) -> list[str]:
    """Each line but the headings once."""
    return [line if heading_of(line) else f"{line} ({number})" for number, line in enumerate(lines)]


def _placed(lines: list[str], left: float, width: float, leading: int) -> list[Placed]:
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line.expandtabs(1), max(14, int(width / _LETTER)))
    ]
    placed = [(left, float(_TOP - leading * at), text) for at, text in enumerate(wrapped)]
    return [each for each in placed if each[1] > _BOTTOM]


def _drawn(columns: list[list[Placed]], order: str, draw: random.Random) -> list[Placed]:
    both = [each for column in columns for each in column]
    if order == "right first":
        return [*columns[1], *columns[0]]
    if order == "by rows":
        return sorted(both, key=lambda each: (-each[1], each[0]))
    if order == "in disorder":
        return draw.sample(both, len(both))
    return _in_turns(columns, draw) if order == "in turns" else both


def _in_turns(columns: list[list[Placed]], draw: random.Random) -> list[Placed]:
    out: list[Placed] = []
    left = [list(column) for column in columns]
    while any(left):
        for column in left:
            count = draw.randint(2, 6)
            out += column[:count]
            del column[:count]
    return out


def pairs_in_order(text: str, columns: list[list[str]]) -> tuple[int, int]:
    """How many lines follow the one above them in the text as they do in their column, of how many."""
    lines = [cell for line in text.split("\n") for cell in line.split("\t")]
    following = set(pairwise(lines))
    wanted = [pair for column in columns for pair in pairwise(column)]
    return sum(pair in following for pair in wanted), len(wanted)
