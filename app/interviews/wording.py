"""When an interview is, in the words of a language. Values in, text out."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.mail.languages import Language

_DAYS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}


def span(starts_at: datetime, ends_at: datetime, zone: str, language: Language) -> str:
    """`Tuesday 24 November 2026, 14:00–15:00 (Europe/Paris, UTC+01:00)`."""
    start, end = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    until = f"{end:%H:%M}"
    if end.date() != start.date():
        until = f" {_day(end, language)}, {until}"
    separator = " – " if until.startswith(" ") else "–"
    offset = start.strftime("%z")
    return (
        f"{_day(start, language)}, {start:%H:%M}{separator}{until.strip()}"
        f" ({zone}, UTC{offset[:3]}:{offset[3:5]})"
    )


def moment(at: datetime, zone: str, language: Language) -> str:
    """`Tuesday 24 November 2026, 14:00`, as the clocks in `zone` show it."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{_day(there, language)}, {there:%H:%M}"


def _day(at: datetime, language: Language) -> str:
    weekday, month = _DAYS[language][at.weekday()], _MONTHS[language][at.month - 1]
    day = "1er" if language == "fr" and at.day == 1 else str(at.day)
    return f"{weekday} {day} {month} {at.year}"
