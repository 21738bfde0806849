"""Reading order: the file's own where it goes down the columns, else by where cells stand.

Most programs write a résumé in the order in which it is read, so their order is kept unless it
jumps between columns again and again or up and down the page. A geometric cut of every page was
measured to be worse than that.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

from app.resumes.headings import heading_of
from app.resumes.reading.lines import Cell, joined

_DATE_ONLY: Final = re.compile(
    r"[(\[]?(?:[^\W\d]{3,9}\.?\s+|\d{1,2}[/.]){0,2}(?:19|20)\d\d\s*(?:[-–—]|to|à|au)\s*"
    r"(?:(?:[^\W\d]{3,9}\.?\s+|\d{1,2}[/.]){0,2}(?:19|20)\d\d|[^\W\d]{3,12}(?: [^\W\d]{3,8})?)[)\]]?",
    re.IGNORECASE,
)
_OPEN_DATE: Final = re.compile(r"(?:19|20)\d\d\s*[-–—]\s*[^\W\d]{3,9}\.?$")
_LONE_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_YEAR_LENGTH: Final = 4
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_LEAST_CELLS: Final = 5
_JUMPS: Final = 3
# Points by which lines of one column may start apart.
_EDGE: Final = 3.0
_SWITCHES: Final = 4

Row = list[Cell]


@dataclass(slots=True)
class Page:
    """A page's rows in reading order, and where its columns part, if it has two."""

    rows: list[Row]
    gutter: float | None = None
    reordered: bool = False

    @property
    def text(self) -> str:
        """Lines, with a tab between cells."""
        return "\n".join(["\t".join([cell.text for cell in row]) for row in self.rows])

    @property
    def length(self) -> int:
        """About how many characters the text has."""
        return sum([len(cell.text) + 1 for row in self.rows for cell in row])


def arrange(rows: list[Row]) -> Page:
    """The page's rows, given in the file's order, in the order in which they are read."""
    rows = _join_stray_dates(_join_wrapped_dates(rows))
    cells = [cell for row in rows for cell in row]
    if len(cells) < 2 * _LEAST_CELLS:
        return Page(rows)
    gutter = find_gutter(cells)
    if gutter is not None and _switches(cells, gutter) > _SWITCHES:
        return Page(_by_columns(cells, gutter), gutter, True)
    if gutter is None and _jumps(rows) > _JUMPS:
        return Page(_rows_of(cells), None, True)
    return Page(rows, gutter)


def flow(pages: Sequence[Page]) -> None:
    """Let the first column of a page go on where it does on the next pages, before the second."""
    for at, page in enumerate(pages):
        for following in pages[at + 1 :]:
            _take_over(page, following)
            if following.rows:
                break


def _take_over(page: Page, following: Page) -> None:
    """Move the rows with which the first column goes on from the following page to this one."""
    sides = [_side(row, page.gutter) for row in page.rows]
    end = len(sides) - len(list(takewhile(lambda side: side == sides[-1], reversed(sides))))
    first = sides[end - 1] if end else None
    if first is None or sides[-1] is None or len(sides) - end < _LEAST_CELLS:
        return
    going_on = list(takewhile(lambda row: _side(row, page.gutter) == first, following.rows))
    if going_on and heading_of(going_on[0][0].text) is None:
        page.rows[end:end] = going_on
        del following.rows[: len(going_on)]
        page.reordered = True


def _side(row: Row, gutter: float | None) -> str | None:
    if gutter is None or row[0].left < gutter < row[-1].right:
        return None
    return "left" if row[-1].right <= gutter else "right"


def _join_wrapped_dates(rows: list[Row]) -> list[Row]:
    """A date that a narrow cell broke before its last year, and what broke beside it, made whole."""
    if _YEAR_LENGTH not in [len(row[-1].text) for row in rows]:
        return rows
    out: list[Row] = []
    for row in rows:
        year = row[-1]
        lone = len(year.text) == _YEAR_LENGTH and _LONE_YEAR.fullmatch(year.text)
        before = reversed(out[-2:]) if lone else ()
        broken = next((each for each in before if _OPEN_DATE.search(each[-1].text)), None)
        if broken is None or not _is_below(broken[-1], year):
            out.append(row)
            continue
        out += [row[:-1]] if row[:-1] else []
        _join_beside(out, broken[-1], year)
        broken[-1] = joined(broken[-1], year)
    return out


def _join_beside(rows: list[Row], date: Cell, year: Cell) -> None:
    """What stands beside a broken date is broken at the same height."""
    for above, below in pairwise(rows):
        aligned = abs(above[0].left - below[0].left) < _EDGE and len(below) == 1
        if aligned and _level(above[0], date) and _level(below[0], year):
            above[0] = joined(above[0], below[0])
            rows.remove(below)
            return


def _is_below(cell: Cell, other: Cell) -> bool:
    return 0 < cell.middle - other.middle < 2.2 * cell.height


def _join_stray_dates(rows: list[Row]) -> list[Row]:
    """Dates set at the right edge but written later go back to the line that they stand on."""
    # Most lines hold no year, which is seen sooner than by a function.
    strays = [
        at
        for at, row in enumerate(rows)
        if len(row) == 1 and ("20" in (text := row[0].text) or "19" in text) and _is_date(text)
    ]
    if not strays:
        return rows
    gone = set()
    for at in strays:
        date = rows[at][0]
        if any(
            _is_stacked(rows[beside], date)
            for beside in (at - 1, at + 1)
            if 0 <= beside < len(rows)
        ):
            continue
        for other, row in enumerate(rows):
            last = row[-1]
            if other != at and last.right < date.left and _level(last, date):
                rows[other] = [*row, date]
                gone.add(at)
                break
    return [row for at, row in enumerate(rows) if at not in gone]


def _is_date(text: str) -> bool:
    return ("19" in text or "20" in text) and _DATE_ONLY.fullmatch(text) is not None


def _is_stacked(row: Row, date: Cell) -> bool:
    """The date stands under or over a line of its own column."""
    cell = row[0]
    near = abs(cell.middle - date.middle) < 2.2 * max(cell.height, date.height)
    return near and abs(cell.left - date.left) < _EDGE and not _is_date(cell.text)


def _level(one: Cell, other: Cell) -> bool:
    return abs(one.middle - other.middle) < 0.4 * max(one.height, other.height)


@dataclass(slots=True, frozen=True)
class _Sides:
    """The cells of a page left and right of a line, and those that cross it."""

    left: list[Cell]
    right: list[Cell]
    crossing: list[Cell]


def _sides(cells: Sequence[Cell], gutter: float) -> _Sides:
    left = [cell for cell in cells if cell.right <= gutter]
    right = [cell for cell in cells if cell.left >= gutter]
    crossing = [cell for cell in cells if cell.left < gutter < cell.right]
    return _Sides(left, right, crossing)


def find_gutter(cells: Sequence[Cell]) -> float | None:
    """Where two columns of text part, or None on a page of one column (or a table)."""
    lefts, rights = [cell.left for cell in cells], [cell.right for cell in cells]
    edges = Counter(map(round, lefts))
    lefts.sort()
    rights.sort()
    least, most = lefts[0], rights[-1]
    best: tuple[float, float] | None = None
    for edge, count in edges.items():
        place = edge - 1.0
        if count < 2 or not 0.15 < (place - least) / max(1.0, most - least) < 0.85:
            continue
        left, right = bisect_right(rights, place), len(cells) - bisect_left(lefts, place)
        weight = min(left, right) - 1.5 * (len(cells) - left - right)
        if best is None or weight > best[0]:
            best = weight, place
    if best is None:
        return None
    sides = _sides(cells, best[1])
    return best[1] if _are_columns(sides) else None


def _are_columns(sides: _Sides) -> bool:
    small = min(sides.left, sides.right, key=len)
    if len(small) < _LEAST_CELLS or len(sides.crossing) > len(sides.left) + len(sides.right):
        return False
    if sum(bool(_YEAR.search(cell.text)) for cell in small) > 0.5 * len(small):
        return False
    if not _share_an_edge(sides.right):
        return False
    if _has_heading(sides.left) and _has_heading(sides.right):
        return True
    other = sides.left if small is sides.right else sides.right
    level = sum(any(_level(cell, beside) for beside in other) for cell in small)
    return level < 0.7 * len(small)


def _has_heading(cells: Sequence[Cell]) -> bool:
    return any(heading_of(cell.text) is not None for cell in cells)


def _share_an_edge(cells: Sequence[Cell]) -> bool:
    """Columns of text start at one edge; dates set flush right start anywhere."""
    edges = Counter(round(cell.left / 6) for cell in cells)
    return edges.most_common(1)[0][1] + edges.most_common(2)[-1][1] >= 0.5 * len(cells)


def _switches(cells: Sequence[Cell], gutter: float) -> int:
    """How often the file's order goes from one column to the other."""
    sides = [
        "L" if cell.right <= gutter else "R"
        for cell in cells
        if not cell.left < gutter < cell.right
    ]
    return sum(before != after for before, after in pairwise(sides))


def _jumps(rows: Sequence[Row]) -> int:
    """How often the file's order goes up by more than a line or two."""
    starts = [row[0] for row in rows]
    return sum(
        [after.middle > above.middle + 2 * above.height for above, after in pairwise(starts)]
    )


def _by_columns(cells: Sequence[Cell], gutter: float) -> list[Row]:
    """Down the left column, then the right, between the lines that run across both."""
    sides = _sides(cells, gutter)
    bounds = [cell.middle for row in _rows_of(sides.crossing) for cell in row[:1]]
    out: list[Row] = []
    for above, below in pairwise([float("inf"), *bounds, float("-inf")]):
        for side in (sides.left, sides.right):
            out += _rows_of([cell for cell in side if below < cell.middle <= above])
        out += _rows_of([cell for cell in sides.crossing if cell.middle == below])
    return out


def _rows_of(cells: Sequence[Cell]) -> list[Row]:
    """Cells from top to bottom, those of one height side by side."""
    rows: list[Row] = []
    for cell in sorted(cells, key=lambda each: -each.middle):
        if rows and _level(rows[-1][0], cell):
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda each: each.left) for row in rows]
