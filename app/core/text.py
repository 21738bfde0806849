"""What text and numbers may hold, decided once for bodies, forms, queries and paths."""

import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from app.core.problems import FieldError

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
# C0 but tab and newline (a carriage return only before a newline), DEL, C1, lone surrogates.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|\r(?!\n)")
_LINE_BREAKS = re.compile(r"[\r\n\t\u2028\u2029]")
# Marks, embeddings, overrides and isolates that can make a name read as another one.
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_clean(text: str) -> bool:
    """Whether `text` is free of NUL, control characters (but tab and newlines) and surrogates."""
    return _FORBIDDEN.search(text) is None


def is_one_line(text: str) -> bool:
    """Whether `text` has no line break, no tab and no bidirectional control."""
    return _LINE_BREAKS.search(text) is None and _BIDI.search(text) is None


def normal(text: str) -> str:
    """`text` in Unicode's composed form (NFC) with newlines as one character."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


def pointer_part(part: object) -> str:
    """One step of a JSON pointer (RFC 6901), cut and cleaned: a caller may have chosen it."""
    text = "".join(character for character in str(part)[:64] if character.isprintable())
    return text.replace("~", "~0").replace("/", "~1")


def faults(value: Any, pointer: str = "") -> Iterator[FieldError]:
    """Every string and number inside a parsed JSON value that no room can store."""
    if isinstance(value, dict):
        for key, item in value.items():
            place = f"{pointer}/{pointer_part(key)}"
            yield from _fault(key, place)
            yield from faults(item, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults(item, f"{pointer}/{index}")
    else:
        yield from _fault(value, pointer)


def _fault(value: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(value, str) and not is_clean(value):
        yield FieldError(pointer, "text.control_character", "Control characters are refused")
    elif isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        yield FieldError(pointer, "number.range", "The number is outside the 64-bit range")
    elif isinstance(value, float) and not math.isfinite(value):
        yield FieldError(pointer, "number.not_finite", "The number is not finite")
