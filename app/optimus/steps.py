"""Spans of time cut into the steps by which tallies are kept: long ones, short ones, and the rest."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# A Monday, as the database counts from (migrations 0032 and 0036).
ORIGIN: Final = datetime(2000, 1, 3, tzinfo=UTC)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
QUARTER_DAY: Final = timedelta(hours=6)
FOUR_WEEKS: Final = timedelta(days=28)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A span of time as whole steps, if there are any, and what sticks out."""

    whole: Span | None
    edges: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A span in three: whole long steps, if any; short ones beside them; and what sticks out of these.

    `whole` is the first two together.
    """

    long: Span | None
    short: tuple[Span, ...]
    whole: Span | None
    edges: tuple[Span, ...]


def pieces(begins: datetime, ends: datetime, step: timedelta) -> Pieces:
    """The span in steps that are counted from a Monday of UTC."""
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    first = ORIGIN - (ORIGIN - begins) // step * step
    last = ORIGIN + (ends - ORIGIN) // step * step
    if first >= last:
        return Pieces(None, ((begins, ends),))
    edges = ((begins, first), (last, ends))
    return Pieces((first, last), tuple(edge for edge in edges if edge[0] < edge[1]))


def cut(begins: datetime, ends: datetime, short: timedelta) -> Cut:
    """The span in steps of `short`, those that make up four weeks taken together."""
    outer = pieces(begins, ends, short)
    if outer.whole is None:
        return Cut(None, (), None, outer.edges)
    inner = pieces(*outer.whole, FOUR_WEEKS)
    return Cut(inner.whole, inner.edges, outer.whole, outer.edges)
