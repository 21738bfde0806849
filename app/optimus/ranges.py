"""Whole days in somebody's time zone, and the same number of days before them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.core.clock import now
from app.optimus.errors import RangeInvalid, TimezoneUnknown

USUAL_DAYS: Final = 30
MOST_DAYS: Final = 732
_A_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Range:
    """From the first moment of `first` to the last one of `last`, both days in `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time.min, self.zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def previous(self) -> "Range":
        """As many days, right before."""
        return Range(
            self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone
        )

    def moments(self) -> list[datetime]:
        """The first moments of the range before, of every day, and of the day after, in UTC."""
        days = [*self.each_day(), self.last + timedelta(days=1)]
        return [
            self.previous().begins.astimezone(UTC),
            *(datetime.combine(day, time.min, self.zone).astimezone(UTC) for day in days),
        ]

    def each_day(self) -> list[date]:
        """Every day of it, in order."""
        return [self.first + timedelta(days=step) for step in range(self.days)]


def range_of(first: date | None, last: date | None, timezone: str) -> Range:
    """The range that was asked for; without dates the thirty days that end today.

    Raises:
        TimezoneUnknown: there is no such zone.
        RangeInvalid: `first` is after `last`, they are over two years apart, or beyond the calendar.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ValueError, OSError, ZoneInfoNotFoundError) as unknown:
        raise TimezoneUnknown from unknown
    try:
        last = last or max(now().astimezone(zone).date(), first or date.min)
        first = first or last - timedelta(days=USUAL_DAYS - 1)
        wanted = Range(first, last, zone)
        # Both ends are asked for here, so that a year 1 or 9999 is refused and does not overflow
        # where they are taken to whole weeks.
        _ = (
            wanted.previous().begins.astimezone(UTC) - _A_WEEK,
            wanted.ends.astimezone(UTC) + _A_WEEK,
        )
    except (OverflowError, ValueError) as beyond:
        raise RangeInvalid from beyond
    if first > last or wanted.days > MOST_DAYS:
        raise RangeInvalid
    return wanted
