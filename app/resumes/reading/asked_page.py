"""A page that is to be drawn, as the sandbox takes it: its number, then the bytes of its file."""

from typing import Final

MOST_PAGES: Final = 10
_NUMBER_BYTES: Final = 2


def numbered(number: int, content: bytes) -> bytes:
    """The page's number, from 1, before the PDF's bytes."""
    return number.to_bytes(_NUMBER_BYTES) + content


def apart(asked: bytes) -> tuple[int, bytes]:
    """What `numbered` put together."""
    return int.from_bytes(asked[:_NUMBER_BYTES]), asked[_NUMBER_BYTES:]
