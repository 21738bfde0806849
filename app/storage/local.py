"""Files in one folder of this machine: for development, and for one machine with a real disk."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from app.core.ids import new_id
from app.storage.base import AlreadyThere, Kind, NoSuchObject, Stat, StoreTrouble

P = ParamSpec("P")
T = TypeVar("T")
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)*")
_PIECE: Final = 256 * 1024
_UNFINISHED: Final = ".part"


class LocalStore:
    """Objects as files below a root; a file that is there is there whole, also after a crash."""

    kind: Kind = "local"

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        """Where a key lives: no key can name anything outside of the root."""
        if not _KEY.fullmatch(key):
            raise StoreTrouble("key_malformed")
        return self._root / key

    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:  # noqa: ARG002 - other stores keep these two.
        """See `Store`; the bytes are on the disk before the name is."""
        await _off_the_loop(_write, self._path(key), content)
        return None

    @asynccontextmanager
    async def open(self, key: str, version: str | None) -> AsyncIterator[AsyncIterator[bytes]]:  # noqa: ARG002 - a file has one version.
        """See `Store`."""
        file = await _off_the_loop(self._path(key).open, "rb")

        async def pieces() -> AsyncIterator[bytes]:
            while piece := await _off_the_loop(file.read, _PIECE):
                yield piece

        try:
            yield pieces()
        finally:
            file.close()

    async def stat(self, key: str) -> Stat | None:
        """See `Store`; reads the file for its digest."""
        path = self._path(key)
        try:
            return await _off_the_loop(_stat, key, path)
        except NoSuchObject:
            return None

    async def delete(self, key: str) -> None:
        """See `Store`; folders stay."""
        with suppress(NoSuchObject):
            await _off_the_loop(self._path(key).unlink)

    async def browse(self, prefix: str) -> AsyncIterator[Stat]:
        """See `Store`; unfinished files are none."""
        start = self._path(prefix) if prefix else self._root
        for path in await _off_the_loop(_files_below, start):
            with suppress(FileNotFoundError):
                facts = path.stat()
                moment = datetime.fromtimestamp(facts.st_mtime, UTC)
                key = path.relative_to(self._root).as_posix()
                yield Stat(key, facts.st_size, None, None, moment)

    async def tidy(self, before: datetime) -> int:
        """See `Store`: files that a process left when it was killed."""
        return await _off_the_loop(_remove_unfinished, self._root, before.timestamp())

    async def close(self) -> None:
        """Nothing is held open."""


async def _off_the_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except FileNotFoundError:
        raise NoSuchObject from None
    except OSError as error:
        raise StoreTrouble(f"errno_{error.errno}") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(*error.args) from error
    part = path.with_name(f"{path.name}.{new_id().hex}{_UNFINISHED}")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, refuses a name that is taken.
        os.link(part, path)
        _keep_name(path.parent)
    except FileExistsError:
        raise AlreadyThere from None
    finally:
        part.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """A new name is kept only when its folder is written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stat(key: str, path: Path) -> Stat:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        facts = os.fstat(file.fileno())
    moment = datetime.fromtimestamp(facts.st_mtime, UTC)
    return Stat(key, facts.st_size, digest, None, moment)


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != _UNFINISHED]


def _remove_unfinished(folder: Path, before: float) -> int:
    old = [path for path in folder.rglob(f"*{_UNFINISHED}") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
