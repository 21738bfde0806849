"""Dates and ranges of dates as résumés write them, in English and French."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.skills.surface import plain

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv",
            "february feb fevrier fevr fev",
            "march mar mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout",
            "september sep sept septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_SEASONS: Final = {
    "winter": 1,
    "spring": 3,
    "summer": 6,
    "fall": 9,
    "autumn": 9,
    "printemps": 3,
    "ete": 6,
    "automne": 9,
    "hiver": 1,
}
_NAME: Final = (
    r"(?:jan(?:uary|vier|v)?|f[ée]v(?:rier|r)?|feb(?:ruary)?|mar(?:ch|s)?|a[pv]r(?:il)?|ma[yi]|june?|juin|jul(?:y)?|juil(?:let)?"
    r"|aug(?:ust)?|ao[uû]t|sept?(?:ember|embre)?|oct(?:ober|obre)?|nov(?:ember|embre)?|d[ée]c(?:ember|embre)?"
    r"|spring|summer|fall|autumn|winter|printemps|[ée]t[ée]|automne|hiver)\b\.?"
)
_YEAR: Final = r"(?:19[5-9]\d|20[0-4]\d|20XX|19XX)"
_POINT: Final = (
    rf"(?:(?:(?:\d{{1,2}}(?:st|nd|rd|th|er)?\s+)?{_NAME}(?:\s+\d{{1,2}})?[\s,]*(?:{_YEAR}|['’]\d\d))"
    rf"|(?:\d{{1,2}}[/.]\d{{1,2}}[/.](?:{_YEAR}))|(?:(?:0?[1-9]|1[0-2])[/.-]{_YEAR})|(?:(?:0[1-9]|1[0-2])\s?[/.]\s?{_YEAR})"
    rf"|(?:{_YEAR}[-/.](?:0[1-9]|1[0-2])(?:[-/.]\d\d)?(?!\d))|(?:{_YEAR}))"
)
_NOW: Final = (
    r"(?:present|pr[ée]sent|current(?:ly)?|now|today|ongoing|on-going|to date|date|till date|aujourd['’ ]?hui|actuel(?:lement)?|actuelle"
    r"|en cours|(?:[àa] )?ce jour|maintenant|poste actuel)\b"
)
_DASH: Final = r"\s*(?:[-–—−~→]+|\bto\b|\buntil\b|\btill\b|\bthrough\b|\bau?\b|à|\bjusqu['’]?(?:à|au|en)\b|\bet\b)\s*"
_RANGE: Final = re.compile(
    rf"(?<![\w/])(?:(?P<start>{_POINT})(?:{_DASH})(?:(?:exp(?:ected)?\.?\s*)?(?P<end>{_POINT})|(?P<now>{_NOW})|(?P<short>\d\d)(?![\d/]))"
    rf"|(?P<month>{_NAME}){_DASH}(?P<later>{_NAME}[\s,]*{_YEAR})"
    rf"|(?:\b(?:since|depuis|from)\b\s+(?P<since>{_POINT})(?!{_DASH}(?:{_POINT}|{_NOW})))"
    rf"|(?P<one>{_POINT}))(?!\w)",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(r"[^\W\d_]+|\d+")


@dataclass(slots=True, frozen=True)
class Point:
    """A year, and its month where it was written."""

    year: int
    month: int | None

    def __str__(self) -> str:
        return f"{self.year:04d}" if self.month is None else f"{self.year:04d}-{self.month:02d}"


@dataclass(slots=True, frozen=True)
class Span:
    """Dates as they stand at text[at:end]; `is_range` tells a range from a single date."""

    at: int
    end: int
    first: Point | None
    last: Point | None
    current: bool
    is_range: bool


def spans_of(text: str) -> Iterator[Span]:
    """All dates and ranges of a line."""
    for match in _RANGE.finditer(text):
        groups = match.groupdict()
        if groups["one"] is not None:
            point = _point(groups["one"])
            yield Span(match.start(), match.end(), None, point, False, False)
            continue
        yield _range(match.start(), match.end(), groups)


def _range(at: int, end: int, groups: dict[str, str | None]) -> Span:
    if groups["since"] is not None:
        return Span(at, end, _point(groups["since"]), None, True, True)
    if groups["later"] is not None and groups["month"] is not None:
        last = _point(groups["later"])
        first = None if last is None else Point(last.year, _month(groups["month"]))
        return Span(at, end, first, last, False, True)
    first = _point(groups["start"] or "")
    last = _point(groups["end"]) if groups["end"] else None
    if groups["short"] and first is not None:
        last = Point(first.year // 100 * 100 + int(groups["short"]), None)
    if (
        first is not None
        and last is not None
        and (last.year, last.month or 12) < (first.year, first.month or 1)
    ):
        first, last = None, None
    return Span(at, end, first, last, groups["now"] is not None, True)


def _month(word: str) -> int | None:
    key = plain(word).rstrip(".")
    return _MONTHS.get(key) or _SEASONS.get(key)


def _point(text: str) -> Point | None:
    """The year and month in a date; None for a placeholder such as 20XX."""
    parts = _PARTS.findall(text)
    numbers = [part for part in parts if part.isdecimal()]
    years = [int(part) for part in numbers if len(part) == 4]
    if not years:
        if re.search(r"['’]\d\d", text):
            short = int(numbers[-1])
            years = [2000 + short if short < 60 else 1900 + short]
        else:
            return None
    names = [month for part in parts if (month := _month(part)) is not None]
    if names:
        return Point(years[0], names[0])
    small = [int(part) for part in numbers if len(part) <= 2]
    return Point(years[0], _numeric_month(small, parts[0].isdecimal() and len(parts[0]) == 4))


def _numeric_month(small: list[int], year_first: bool) -> int | None:
    if not small:
        return None
    if len(small) == 1 or year_first:
        return small[0] if 1 <= small[0] <= 12 else None
    # Day and month: what exceeds twelve is the day; else the order differs between countries.
    first, second = small[0], small[1]
    if first > 12:
        return second if second <= 12 else None
    return first if second > 12 or first == second else None


def months_between(
    first: Point | None, last: Point | None, today: date | None, current: bool
) -> int | None:
    """Whole months with both ends counted; a year alone reaches from its January to January."""
    interval = interval_of(first, last, today, current)
    return None if interval is None else interval[1] - interval[0]


def interval_of(
    first: Point | None, last: Point | None, today: date | None, current: bool
) -> tuple[int, int] | None:
    """Months since year 0 from `first` until before the end, or None where they do not say."""
    if first is None:
        return None
    begin = first.year * 12 + (first.month or 1) - 1
    if current:
        if today is None:
            return None
        end = today.year * 12 + today.month
    elif last is None:
        return None
    elif last.month is None:
        end = last.year * 12 + (first.month or 1) - 1 if last.year > first.year else begin + 12
    else:
        end = last.year * 12 + last.month
    return (begin, end) if begin < end <= begin + 70 * 12 else None


def months_in_all(intervals: list[tuple[int, int]]) -> int | None:
    """The months that any of the intervals covers, each counted once; None without intervals."""
    if not intervals:
        return None
    total, reached = 0, 0
    for begin, end in sorted(intervals):
        total += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return total
