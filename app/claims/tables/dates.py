"""Dates as people type them: the order of a column is proved by its values, never row by row."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final, Literal

from app.claims.tables.options import DateOrder

ColumnOrder = Literal["mdy", "dmy", "ymd", "mixed"]

_CLOCK: Final = (
    r"(?:[T ]+(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _CLOCK, re.ASCII)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})" + _CLOCK, re.ASCII)
_COMPACT: Final = re.compile(r"\d{8}", re.ASCII)
_LONGEST: Final = 48
_SEEN_AT_MOST: Final = 65_536
_OLDEST_YEARS: Final = 130
_FIRST_SERVICE_YEAR: Final = 1970
_AHEAD: Final = timedelta(days=366)


class DateEvidence:
    """What the values of one column prove about its order; fed with texts in any number."""

    def __init__(self) -> None:
        self._day_first = False
        self._month_first = False
        self._year_last = False
        self._seen: set[str] = set()

    def observe(self, texts: Iterable[str]) -> None:
        """Take in stripped cell texts; each distinct one costs once, memory is bounded."""
        new = set(texts) - self._seen
        for text in new:
            self._weigh(text)
        if len(self._seen) > _SEEN_AT_MOST:
            self._seen.clear()
        self._seen.update(text for text in new if len(text) <= _LONGEST)

    def _weigh(self, text: str) -> None:
        match = _YEAR_LAST.fullmatch(text) if len(text) <= _LONGEST else None
        if match is None:
            return
        first, second = int(match[1]), int(match[3])
        if (first > 12 and second > 12) or max(first, second) > 31:
            # A typing error proves nothing about the others.
            return
        self._year_last = True
        self._day_first |= first > 12
        self._month_first |= second > 12

    @property
    def decided(self) -> bool:
        """False where there are slashed dates and none of them tells day from month."""
        return self._day_first or self._month_first or not self._year_last

    def order(self, wanted: DateOrder) -> ColumnOrder:
        """The column's order: the caller's, else the proved one, else month first (US payer)."""
        if wanted != "auto":
            return wanted
        if self._day_first and self._month_first:
            return "mixed"
        if self._day_first:
            return "dmy"
        return "mdy" if self._year_last else "ymd"


@dataclass(frozen=True)
class DateRule:
    """How the dates of one column are read, and which of them make sense.

    ISO and YYYYMMDD are read under every order, for they leave nothing to guess.
    """

    field: str
    order: ColumnOrder
    today: date

    @property
    def _birth(self) -> bool:
        return self.field == "date_of_birth"

    def read(self, text: str) -> str:
        """The date as YYYY-MM-DD, or "" where `fault` says what is wrong with it."""
        if len(text) == 10 and text[4] == text[7] == "-":
            try:
                plain = date.fromisoformat(text)
            except ValueError:
                return self._read_other(text)
            earliest, latest = self._likely
            return text if earliest <= plain <= latest else ""
        return self._read_other(text)

    def _read_other(self, text: str) -> str:
        day = self._parse(text)
        return day.isoformat() if isinstance(day, date) and not self._unlikely(day) else ""

    def fault(self, text: str) -> tuple[str, str]:
        """Row code and message for a text that `read` refuses; the text is not repeated."""
        day = self._parse(text)
        if isinstance(day, date):
            return "row.date_range", self._unlikely(day)
        return day

    def _parse(self, text: str) -> date | tuple[str, str]:
        if len(text) > _LONGEST:
            return "row.bad_date", "This is not a date."
        if _COMPACT.fullmatch(text):
            return _calendar(int(text[:4]), int(text[4:6]), int(text[6:]))
        match = _YEAR_FIRST.fullmatch(text)
        if match is not None:
            return self._clocked(match) or _calendar(int(match[1]), int(match[3]), int(match[4]))
        match = _YEAR_LAST.fullmatch(text)
        if match is None:
            return "row.bad_date", "This is not a date; write YYYY-MM-DD or MM/DD/YYYY."
        return self._clocked(match) or self._ordered(int(match[1]), int(match[3]), match[4])

    def _clocked(self, match: re.Match[str]) -> tuple[str, str] | None:
        """Exports add a midnight; any other hour of birth was moved by some time zone."""
        if not self._birth or match["clock"] is None or _midnight(match):
            return None
        return "row.bad_date", "A birth date with an hour may be a day off; leave the hour out."

    def _ordered(self, first: int, second: int, year: str) -> date | tuple[str, str]:
        if self.order == "ymd":
            return "row.bad_date", "The year does not come first in this date."
        if self.order == "mixed" and first <= 12 and second <= 12 and first != second:
            return (
                "row.ambiguous_date",
                "Other rows prove both day first and month first, so this date has two readings.",
            )
        if len(year) == 2 and self._birth:
            return "row.bad_date", "A year of birth needs four digits."
        full = int(year) + (2000 if len(year) == 2 else 0)
        day_first = self.order == "dmy" or (self.order == "mixed" and first > 12)
        return _calendar(full, second, first) if day_first else _calendar(full, first, second)

    @cached_property
    def _likely(self) -> tuple[date, date]:
        """The first and the last day that make sense."""
        if self._birth:
            return date(self.today.year - _OLDEST_YEARS, 1, 1), self.today
        ahead = timedelta() if self.field == "first_service_date" else _AHEAD
        return date(_FIRST_SERVICE_YEAR, 1, 1), self.today + ahead

    def _unlikely(self, day: date) -> str:
        """What is wrong with the day, or nothing."""
        earliest, latest = self._likely
        what = "birth" if self._birth else "service"
        if day > latest:
            return f"The {what} date is in the future."
        if day >= earliest:
            return ""
        return (
            "Nobody alive was born in that year."
            if self._birth
            else "The service date is too long ago."
        )


def _midnight(match: re.Match[str]) -> bool:
    hour, _, rest = match["clock"].partition(":")
    twelve = int(hour) == 12 and (match["half"] or "").lower().startswith("a")
    return (int(hour) == 0 or twelve) and not rest.strip("0:.")


def _calendar(year: int, month: int, day: int) -> date | tuple[str, str]:
    try:
        return date(year, month, day)
    except ValueError:
        return "row.bad_date", "There is no such day in the calendar."
