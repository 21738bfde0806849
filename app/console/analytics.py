"""What the pages of numbers show: figures beside those before them, and what pictures are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any, Final

from app.console.language import Speech
from app.optimus.arithmetic import change_percent
from app.optimus.schemas import DayOut, DurationOut, FigureOut

# Up to this many days each is a column of its own; of more, a week is.
_MOST_COLUMNS: Final = 92
_WEEK: Final = 7
_DAYS_FROM: Final = 48
_ROUND: Final = (1, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with the one of the period before; texts are ready to be shown."""

    name: str
    value: str | None
    previous: str | None
    change: float | None
    more_is_better: bool = True

    @property
    def tone(self) -> str:
        """Whether the change is good news."""
        if not self.change:
            return ""
        return "good" if (self.change > 0) == self.more_is_better else "bad"


def counted(name: str, figure: FigureOut, speech: Speech) -> Tile:
    """A count; a period that had none is shown as none and not as missing."""
    return Tile(
        name, speech.number(figure.value), speech.number(figure.previous), figure.change_percent
    )


def lasted(name: str, took: DurationOut, speech: Speech) -> Tile:
    """A median length of time; where nothing ended there is no number."""
    return Tile(
        name,
        in_time(took.median_hours, speech),
        in_time(took.previous_median_hours, speech),
        change_percent(took.median_hours, took.previous_median_hours),
        more_is_better=False,
    )


def in_time(hours: float | None, speech: Speech) -> str | None:
    """Hours as people speak of them: minutes, hours, tenths of days; None for none."""
    if hours is not None and hours >= _DAYS_FROM:
        return speech.say("time.days", n=round(hours / 24, 1))
    return None if hours is None else speech.duration(hours * 3600)


@dataclass(frozen=True, slots=True)
class Columns:
    """Counts over time: each column begins on its day and stands for `step` days."""

    first: list[date]
    counts: list[int]
    step: int

    @property
    def most(self) -> int:
        """The top of the scale: a round number that no column passes."""
        return round_top(max(self.counts, default=0))

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


def over_time(days: Sequence[DayOut]) -> Columns:
    """The days, or weeks of them where they would be too many to see."""
    step = 1 if len(days) <= _MOST_COLUMNS else _WEEK
    starts = range(0, len(days), step)
    return Columns(
        [days[at].date for at in starts],
        [sum(day.count for day in days[at : at + step]) for at in starts],
        step,
    )


def round_top(most: int) -> int:
    """The next round number that has a whole half: 2, 4, 6, 8, 10, 20, 30 …"""
    size = int(10 ** (len(str(most)) - 1))
    tops = (factor * size for factor in _ROUND)
    return next(top for top in tops if top >= most and top % 2 == 0)


def share_text(share: float | None, speech: Speech) -> str | None:
    """A share as per cent; None for none."""
    if share is None:
        return None
    percent = share * 100
    return f"{speech.number(percent, 0 if percent >= 10 or percent == 0 else 1)}\u00a0%"


def widest(values: Sequence[float | None]) -> float:
    """The largest of the values, so that bars can be drawn against it; never 0."""
    return max((value for value in values if value), default=1.0)


def tools(speech: Speech) -> Mapping[str, Any]:
    """What the templates of numbers ask."""
    return {
        "in_time": lambda hours: in_time(hours, speech),
        "share_text": lambda share: share_text(share, speech),
        "widest": widest,
        "ceil": ceil,
    }
