"""The files of a backup: written once with their digest, read back in pieces, compared."""

import asyncio
import hashlib
import json
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from app.backup.errors import BackupDamaged
from app.backup.manifest import Part, open_private

_GZIP: Final = 31
_PIECE: Final = 1 << 20
_PROGRESS: Final = "verified.jsonl"


class PartWriter:
    """A compressed file that knows its digest; what is written waits until it is worth a thread."""

    def __init__(self, folder: Path, path: str) -> None:
        self._path = path
        (folder / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = open_private(folder / path)
        # The lightest compression: text of rows shrinks to a quarter, at the speed of a disk.
        self._squeeze = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
        self._digest = hashlib.sha256()
        self._size = 0
        self._waiting = bytearray()

    async def write(self, data: bytes) -> None:
        """Add some bytes."""
        self._waiting += data
        if len(self._waiting) >= _PIECE:
            await asyncio.to_thread(self._drain)

    async def finish(self) -> Part:
        """Bring everything to the disk."""
        return await asyncio.to_thread(self._finish)

    def _drain(self) -> None:
        self._keep(self._squeeze.compress(bytes(self._waiting)))
        self._waiting.clear()

    def _finish(self) -> Part:
        self._drain()
        self._keep(self._squeeze.flush())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return Part(path=self._path, size=self._size, sha256=self._digest.hexdigest())

    def _keep(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)


async def content(folder: Path, part: Part) -> AsyncIterator[bytes]:
    """The uncompressed bytes of a part.

    Raises:
        BackupDamaged: it is cut short or changed.
    """
    inflate = zlib.decompressobj(_GZIP)
    digest = hashlib.sha256()
    # Opening, unlike reading, takes no time worth a thread.
    with (folder / part.path).open("rb") as file:
        while data := await asyncio.to_thread(file.read, _PIECE):
            digest.update(data)
            try:
                yield await asyncio.to_thread(inflate.decompress, data)
            except zlib.error:
                raise BackupDamaged(f"{part.path} is not what was written.") from None
    if not inflate.eof or digest.hexdigest() != part.sha256:
        raise BackupDamaged(f"{part.path} is not what was written.")


def is_sound(folder: Path, path: str, sha256: str) -> bool:
    """Whether a file is there, and what was written."""
    try:
        with (folder / path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


class Progress:
    """What a broken-off comparison has found sound already.

    A file counts as seen while its size and its time of change are the same. Where the backup
    cannot be written to, nothing is remembered.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / _PROGRESS
        self._seen = set(self._read())

    def _read(self) -> Iterator[tuple[str, int, int]]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                path, size, moment = json.loads(line)
            except ValueError:
                # The line that was being written when somebody broke it off.
                continue
            yield str(path), int(size), int(moment)

    def has(self, path: str) -> bool:
        """Whether this file was found sound before."""
        return self._facts(path) in self._seen

    def add(self, path: str) -> None:
        """Remember that this file is sound."""
        line = json.dumps(self._facts(path)) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError:
            return

    def end(self) -> None:
        """Forget everything: the next comparison begins from the beginning."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return

    def _facts(self, path: str) -> tuple[str, int, int]:
        try:
            facts = (self._folder / path).stat()
        except OSError:
            return path, -1, -1
        return path, facts.st_size, facts.st_mtime_ns
