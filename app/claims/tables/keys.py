"""Whole columns looked at in one pass: what is plain in all of it, and the forms that are compared.

Methods of bytes look up each sign in a table; those of str ask Unicode about each, and take five
times as long.
"""

from collections.abc import Callable, Sequence
from typing import Final

from app.claims.matching import claim_key, name_key

# Claim numbers hardly ever repeat, so remembering their keys costs more than it saves.
_claim_key: Final[Callable[[str], str]] = claim_key.__wrapped__
_BETWEEN: Final = "\n"
_CONTROLS: Final = bytes([*range(32), 127])


def is_printable(text: str) -> bool:
    """The same as `str.isprintable`."""
    if not text.isascii():
        return text.isprintable()
    signs = text.encode("ascii")
    return len(signs.translate(None, _CONTROLS)) == len(signs)


def name_keys(names: Sequence[str]) -> Sequence[str]:
    """`name_key` of each; names of nothing but ASCII letters only lose their case."""
    letters = "".join(names)
    if letters.isascii() and letters.encode("ascii").isalpha():
        return _BETWEEN.join(names).lower().split(_BETWEEN)
    return list(map(name_key, names))


def claim_keys(numbers: Sequence[str]) -> Sequence[str]:
    """`claim_key` of each; ASCII numbers without white space and dashes only lose their case."""
    signs = "".join(numbers)
    if signs.isascii() and "-" not in signs and signs.split() == [signs]:
        upper = signs.upper()
        return numbers if upper == signs else _BETWEEN.join(numbers).upper().split(_BETWEEN)
    return list(map(_claim_key, numbers))
