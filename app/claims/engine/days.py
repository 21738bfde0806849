"""Spans of days, both ends counted: joined, cut, halved, and taken from one another."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

_DAY: Final = timedelta(days=1)


class Span(NamedTuple):
    """From the first to the last day; never empty."""

    first: date
    last: date

    def covers(self, other: "Span") -> bool:
        """Whether every day of `other` lies in it."""
        return self.first <= other.first and other.last <= self.last

    def meets(self, other: "Span") -> bool:
        """Whether the two share a day."""
        return self.first <= other.last and other.first <= self.last

    def wider(self, slack: timedelta) -> "Span":
        """With `slack` more at both ends, as far as the calendar goes."""
        first = self.first - slack if self.first - date.min > slack else date.min
        last = self.last + slack if date.max - self.last > slack else date.max
        return Span(first, last)

    def within(self, other: "Span") -> "Span | None":
        """The days that both have."""
        if not self.meets(other):
            return None
        return Span(max(self.first, other.first), min(self.last, other.last))


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same days in as few spans as possible, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and (span.first <= joined[-1].last or span.first - joined[-1].last == _DAY):
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return joined


def cut(span: Span, days: int) -> list[Span]:
    """Pieces of at most `days` days, in order, of nearly equal length."""
    total = (span.last - span.first).days + 1
    if total <= days:
        return [span]
    count = -(-total // days)
    edges = [span.first + timedelta(days=total * n // count) for n in range(count + 1)]
    return [Span(edges[n], edges[n + 1] - _DAY) for n in range(count)]


def halves(span: Span) -> tuple[Span, Span] | None:
    """Two spans in its place, or None for a single day."""
    if span.first == span.last:
        return None
    first, second = cut(span, (span.last - span.first).days // 2 + 1)
    return first, second


def without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """What is left of `span` once the days of `taken` are out; `taken` is merged and in order."""
    left: list[Span] = []
    first = span.first
    for other in taken:
        if not other.meets(span):
            continue
        if first < other.first:
            left.append(Span(first, other.first - _DAY))
        if other.last >= span.last:
            return left
        first = other.last + _DAY
    left.append(Span(first, span.last))
    return left
