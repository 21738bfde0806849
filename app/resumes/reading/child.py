"""What runs in the sandbox: the readers, bytes to bytes. Nothing outside of it imports them."""

import msgspec

from app.resumes.reading.reader import read
from app.resumes.reading.readers import Outcome
from app.resumes.reading.recognition import recognise
from app.resumes.reading.results import Reading, Unreadable


def read_in_child(content: bytes) -> bytes:
    """The answer of `read` as bytes, for the sandbox."""
    return _packed(read(content))


def recognise_in_child(content: bytes) -> bytes:
    """The answer of `recognise` as bytes, for the sandbox."""
    return _packed(recognise(content))


def _packed(found: Reading | Unreadable) -> bytes:
    if isinstance(found, Reading):
        return msgspec.msgpack.encode(Outcome(reading=found))
    return msgspec.msgpack.encode(Outcome(unreadable=found))
