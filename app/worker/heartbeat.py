"""The file that a worker and beat touch as long as they get on; `intake-alive` looks at it."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from app.core.log import logger
from app.worker.alive import folder

Role = Literal["worker", "beat"]


class Heartbeat:
    """One process's file. A folder that cannot be written costs one line in the log and no more."""

    def __init__(self, role: Role) -> None:
        self._role = role
        self._path = Path(folder()) / f"{role}-{os.getpid()}"
        self._is_said = False

    def touch(self) -> None:
        """This process gets on, now."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch()
        except OSError as error:
            if not self._is_said:
                logger.warning("worker.no_heartbeat_file", error=type(error).__name__)
            self._is_said = True

    def begin(self) -> None:
        """The first touch, and away with files of processes that are no more."""
        self.touch()
        with suppress(OSError):
            for path in self._path.parent.glob(f"{self._role}-*"):
                if not _is_alive(path.name.partition("-")[2]):
                    path.unlink(missing_ok=True)

    def end(self) -> None:
        """The process ends as it should."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
