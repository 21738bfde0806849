"""Whether a new password is one that a guesser tries early.

The predictable parts are taken out: a common password, the person's own names, years, runs and rows
of keys. What remains must still be something. A list alone would miss `Password2026!`; taking out
every common word would refuse a phrase of four of them, which is a good password.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from app.auth.common_passwords import COMMON

SHORTEST: Final = 12
LONGEST: Final = 256
_LEAST_REMAINDER: Final = 5
_LEAST_DIFFERENT: Final = 5
_LEET = str.maketrans("013457@$!", "oieastasi")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789012345678901234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
)
_RUNS = frozenset(
    run[start : start + 3]
    for row in _ROWS
    for run in (row, row[::-1])
    for start in range(len(run) - 2)
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_REPEATED = re.compile(r"(.)\1+")


def password_fault(password: str, *, personal: Iterable[str] = ()) -> str | None:
    """Why `password` is refused, as an error code, or None when it will do.

    `personal` are words that belong to its owner: the address's local part, names.
    """
    if len(password) < SHORTEST:
        return "password.too_short"
    if len(password) > LONGEST:
        return "password.too_long"
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(set(folded)) < _LEAST_DIFFERENT or _is_periodic(folded):
        return "password.too_common"
    own = [word.casefold() for word in personal if len(word) >= 3]
    # Both readings count: `p4ssw0rd` is the word, but `2026` is a year and not `2o26`.
    readings = (folded, folded.translate(_LEET))
    if any(_least_remainder(reading, own) < _LEAST_REMAINDER for reading in readings):
        return "password.too_common"
    return None


def _is_periodic(text: str) -> bool:
    """Whether `text` is one piece said over and over."""
    return text in (text + text)[1:-1]


def _least_remainder(text: str, own: list[str]) -> int:
    """How many characters a guesser still has to find, who begins with the best common word."""
    text = _YEAR.sub("", text)
    for word in own:
        text = text.replace(word, "")
    starts = [text, *(text.replace(word, "") for word in COMMON if word in text)]
    return min(len(_REPEATED.sub(r"\1", _without_runs(start))) for start in starts)


def _without_runs(text: str) -> str:
    """`text` without every stretch of three or more keys that follow each other."""
    drop: set[int] = set()
    for start in range(len(text) - 2):
        if text[start : start + 3] in _RUNS:
            drop.update(range(start, start + 3))
    return "".join(letter for place, letter in enumerate(text) if place not in drop)
