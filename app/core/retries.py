"""How long to wait before asking another service again."""

import email.utils
from datetime import datetime
from secrets import SystemRandom
from typing import Final

_DAY_SECONDS: Final = 86_400.0
_LONGEST_BACKOFF: Final = 8.0
_dice: Final = SystemRandom()


def retry_after(value: str | None, at: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (a number, or a date), a day at most."""
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _DAY_SECONDS)
    try:
        then = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        return None
    return min(max((then - at).total_seconds(), 0.0), _DAY_SECONDS)


def backoff(tries_made: int, base_seconds: float) -> float:
    """Full jitter: anything up to twice as long after each try."""
    return _dice.uniform(0.0, min(base_seconds * 2.0 ** (tries_made - 1), _LONGEST_BACKOFF))
