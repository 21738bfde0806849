"""Amounts, days and times as payers write them, read strictly: nonsense is never an empty value."""

import functools
import re
from datetime import date
from decimal import Decimal
from typing import Final

_AMOUNT: Final = re.compile(r"(-?)(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})?(?:\.(\d{1,6}))?", re.ASCII)
# As we write it ourselves.
_PLAIN_AMOUNT: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})\.\d\d", re.ASCII)
_DAY: Final = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3])([:.])([0-5]\d)\2([0-5]\d)", re.ASCII)
_CENT: Final = Decimal("0.01")


def amount(text: str | None) -> str | None:
    """A plain decimal with two places or, where the payer gave more, as many; absent is None.

    Raises:
        ValueError: it is no amount. "1,234.50" is one.
    """
    if text and _PLAIN_AMOUNT.fullmatch(text):
        return text
    stripped = (text or "").strip()
    if not stripped:
        return None
    found = _AMOUNT.fullmatch(stripped)
    if not found or not (found[2] or found[3]):
        raise ValueError("not an amount")
    value = Decimal(stripped.replace(",", ""))
    return format(value if len(found[3] or "") > 2 else value.quantize(_CENT), "f")


@functools.lru_cache(maxsize=65_536)
def day(text: str | None) -> date | None:
    """A day written MM/DD/YYYY; absent is None.

    Raises:
        ValueError: it is no such day.
    """
    stripped = (text or "").strip()
    if not stripped:
        return None
    found = _DAY.fullmatch(stripped)
    if not found:
        raise ValueError("not a day")
    return date(int(found[3]), int(found[1]), int(found[2]))


def any_day(text: str | None) -> date | None:
    """A day written MM/DD/YYYY or YYYY-MM-DD, which nobody can mix up; absent is None.

    Raises:
        ValueError: it is no such day.
    """
    stripped = (text or "").strip()
    return date.fromisoformat(stripped) if _ISO.fullmatch(stripped) else day(stripped)


@functools.lru_cache(maxsize=4_096)
def clock_time(text: str | None) -> str | None:
    """A time as HH:MM:SS, from HH:MM:SS or HH.MM.SS; absent is None.

    Raises:
        ValueError: it is no such time.
    """
    stripped = (text or "").strip()
    if not stripped:
        return None
    found = _TIME.fullmatch(stripped)
    if not found:
        raise ValueError("not a time")
    return f"{found[1]}:{found[3]}:{found[4]}"


def us_day(value: date) -> str:
    """MM/DD/YYYY, the way payers want a day."""
    return f"{value.month:02d}/{value.day:02d}/{value.year:04d}"
