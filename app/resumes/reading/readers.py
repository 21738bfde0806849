"""The readers behind a sandbox: whatever a file does to them is an answer about the file."""

import shutil
from typing import Final

import msgspec

from app.core.log import logger
from app.core.sandbox import Died, Limits, Sandbox
from app.resumes.reading.results import FailureCode, Reading, Unreadable, unreadable

_CHILD: Final = "app.resumes.reading.child"
_ANSWER_BYTES: Final = 16 * 1024 * 1024
_READING: Final = Limits(answer_bytes=_ANSWER_BYTES)
# A scanned page takes seconds; the worker's lease is longer than this.
_RECOGNITION: Final = Limits(cpu_seconds=60, wall_seconds=60.0, answer_bytes=_ANSWER_BYTES)


class Outcome(msgspec.Struct, frozen=True):
    """What the child process says: one of the two."""

    reading: Reading | None = None
    unreadable: Unreadable | None = None


class Readers:
    """A process's way to the readers. They hold no model, so a child starts small."""

    def __init__(self) -> None:
        self._reading = Sandbox(f"{_CHILD}:read_in_child", limits=_READING)
        self._recognition = Sandbox(f"{_CHILD}:recognise_in_child", limits=_RECOGNITION)

    async def read(self, content: bytes) -> Reading | Unreadable:
        """The text, within 10 seconds of CPU and 512 MB; see `reader.read`."""
        return await _ask(self._reading, content)

    async def recognise(self, content: bytes) -> Reading | Unreadable:
        """The text of scanned pages, within 60 seconds; see `recognition.recognise`."""
        return await _ask(self._recognition, content)


async def _ask(sandbox: Sandbox, content: bytes) -> Reading | Unreadable:
    try:
        outcome = msgspec.msgpack.decode(await sandbox.run(content), type=Outcome)
    except Died as death:
        logger.info("resumes.reader_died", reason=death.reason)
        code: FailureCode = "resume.damaged" if death.reason == "raised" else "resume.too_demanding"
        return unreadable(code)
    return outcome.reading or outcome.unreadable or unreadable("resume.damaged")


def tesseract() -> str | None:
    """Where the program is that reads scanned pages, or None: then they stay unread."""
    return shutil.which("tesseract")
