"""A ZIP archive written to a stream: nothing is kept, and no more than a piece is in memory."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

# What a name inside the archive may hold on every system.
_UNSAFE: Final = re.compile(r"[^\w.-]+")
_LONGEST: Final = 100
_EXECUTABLE_BY_NOBODY: Final = 0o600 << 16


class _Outlet(io.RawIOBase):
    """What zipfile writes into: it cannot be sought in, and is emptied again and again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Keep the bytes until they are taken."""
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class Archive:
    """Entries one after the other; the pieces that come out make a whole archive in the end."""

    def __init__(self, made_at: datetime) -> None:
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w")
        self._date = made_at.timetuple()[:6]

    def facts(self, name: str, facts: Any) -> bytes:
        """An entry of JSON."""
        text = json.dumps(facts, default=_plain, ensure_ascii=False, indent=2)
        info = self._entry(name, zipfile.ZIP_DEFLATED)
        self._zip.writestr(info, text)
        return self._outlet.take()

    async def file(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """An entry with the bytes of a file; what raises in between leaves a shorter entry."""
        with self._zip.open(self._entry(name, zipfile.ZIP_STORED), "w") as entry:
            async for piece in pieces:
                entry.write(piece)
                yield self._outlet.take()
        yield self._outlet.take()

    def end(self) -> bytes:
        """The list of entries, without which an archive is none."""
        self._zip.close()
        return self._outlet.take()

    def _entry(self, name: str, method: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._date)
        info.compress_type = method
        info.external_attr = _EXECUTABLE_BY_NOBODY
        return info


def safe_name(filename: str) -> str:
    """A file's name as it may stand in an archive on every system: no folder, no odd sign."""
    return _UNSAFE.sub("_", filename).strip("._")[-_LONGEST:] or "file"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
