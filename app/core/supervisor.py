"""The process that holds the listening socket: it starts API processes and hands over between them.

SIGHUP starts new ones from the code on the disk, waits until they are ready, and only then lets the
old ones end: no caller is refused, and code that does not start replaces nothing. It loads nothing
but the standard library and the log, so that there is little in it that could become old.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.core.log import logger

READY_SECONDS: Final = 90.0
LEAVE_SECONDS: Final = 40.0
_BACKLOG: Final = 2048
_SETTLED_SECONDS: Final = 20.0
_LONGEST_PAUSE: Final = 15.0
_TICK_SECONDS: Final = 0.5
# A peer that is gone without a word is noticed within some minutes, also on a stream that is quiet.
_IDLE_SECONDS, _PROBE_SECONDS, _PROBES = 60, 15, 4
# Builds the command of one API process from the numbers of its pipes.
Command = Callable[[int, int, bool], Sequence[str]]


@dataclass
class Child:
    """One API process and the pipe on which it says that it listens."""

    process: "subprocess.Popen[bytes]"
    pipe: int
    began: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    leaves_by: float | None = None

    def hear(self) -> None:
        """Take in what the pipe says; it closes when the process ends."""
        with contextlib.suppress(OSError):
            self.is_ready = self.is_ready or os.read(self.pipe, 1) == b"!"
        os.close(self.pipe)
        self.pipe = -1


def listen(host: str, port: int) -> socket.socket:
    """A socket that all API processes accept from.

    Raises:
        OSError: somebody else listens there, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _IDLE_SECONDS),
        ("TCP_KEEPINTVL", _PROBE_SECONDS),
        ("TCP_KEEPCNT", _PROBES),
    ):
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return listener


class Supervisor:
    """Keeps `count` API processes on one socket until told to end."""

    def __init__(self, listener: socket.socket, count: int, command: Command) -> None:
        self._listener = listener
        self._count = count
        self._command = command
        self._current: list[Child] = []
        self._next: list[Child] = []
        self._leaving: list[Child] = []
        self._asked: set[int] = set()
        self._is_ending = False
        self._failures = 0
        self._start_after = 0.0
        self._was_ready = False
        self._terminal = _is_terminal()
        # The children's end of it says nothing: it closes with this process, however that dies.
        self._lifeline, self._own_end = os.pipe()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; the exit code, that of a child which never got ready."""
        waker, bell = os.pipe()
        for end in (waker, bell):
            os.set_blocking(end, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda asked, _: self._asked.add(asked))
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        self._current = [self._start(is_gated=False) for _ in range(self._count)]
        while True:
            self._wait(waker)
            self._obey()
            code = self._mind()
            if code is not None:
                self._end(signal.SIGTERM)
                return code
            if self._is_ending and not self._everybody():
                return 0

    def _everybody(self) -> list[Child]:
        return [*self._current, *self._next, *self._leaving]

    def _wait(self, waker: int) -> None:
        pipes = {child.pipe: child for child in self._everybody() if child.pipe >= 0}
        heard, _, _ = select.select([waker, *pipes], [], [], _TICK_SECONDS)
        for pipe in heard:
            if pipe == waker:
                with contextlib.suppress(BlockingIOError):
                    os.read(waker, 64)
            else:
                pipes[pipe].hear()

    def _obey(self) -> None:
        asked, self._asked = self._asked, set()
        if signal.SIGHUP in asked and self._terminal and not _is_terminal():
            # The terminal was closed: nobody asks for new code by that.
            asked = {signal.SIGTERM}
        for number in (signal.SIGTERM, signal.SIGINT):
            if number in asked:
                self._is_ending = True
                self._end(number)
        if signal.SIGHUP in asked and not self._is_ending:
            self._begin_hand_over()

    def _end(self, number: int) -> None:
        for child in self._everybody():
            _tell(child, number)

    def _begin_hand_over(self) -> None:
        for child in self._next:
            _tell(child, signal.SIGKILL)
        self._leaving += self._next
        logger.info("supervisor.hand_over_begun", processes=self._count)
        self._next = [self._start(is_gated=True) for _ in range(self._count)]

    def _mind(self) -> int | None:
        """Look after everybody; an exit code when it makes no sense to go on."""
        now = time.monotonic()
        for child in list(self._leaving):
            if child.process.poll() is not None:
                self._leaving.remove(child)
            elif child.leaves_by is not None and now > child.leaves_by:
                _tell(child, signal.SIGKILL)
        if self._next:
            self._mind_next(now)
        return self._mind_current(now)

    def _mind_next(self, now: float) -> None:
        has_failed = any(
            child.process.poll() is not None
            or (not child.is_ready and now - child.began > READY_SECONDS)
            for child in self._next
        )
        if has_failed:
            logger.error("supervisor.hand_over_failed", kept=[c.process.pid for c in self._current])
            for child in self._next:
                _tell(child, signal.SIGKILL)
            self._leaving, self._next = [*self._leaving, *self._next], []
        elif all(child.is_ready for child in self._next):
            logger.info("supervisor.handed_over", to=[c.process.pid for c in self._next])
            for child in self._current:
                # At once: that it is not ready any more would be said on the socket that all share.
                _tell(child, signal.SIGINT)
            self._leaving += self._current
            self._current, self._next = self._next, []

    def _mind_current(self, now: float) -> int | None:
        self._was_ready = self._was_ready or any(child.is_ready for child in self._current)
        for child in list(self._current):
            code = child.process.poll()
            if code is None:
                continue
            self._current.remove(child)
            if self._is_ending:
                continue
            if not self._was_ready:
                return code if code > 0 else 1
            has_settled = now - child.began > _SETTLED_SECONDS
            self._failures = 0 if has_settled else self._failures + 1
            pause = min(2.0**self._failures / 2, _LONGEST_PAUSE)
            self._start_after = now + pause
            logger.error("supervisor.api_ended", pid=child.process.pid, code=code, pause=pause)
        is_short = len(self._current) < self._count
        if is_short and not self._is_ending and now >= self._start_after:
            self._current.append(self._start(is_gated=False))
        return None

    def _start(self, *, is_gated: bool) -> Child:
        pipe, ready = os.pipe()
        process = subprocess.Popen(  # noqa: S603 - our own program.
            self._command(ready, self._lifeline, is_gated),
            pass_fds=(self._listener.fileno(), ready, self._lifeline),
            start_new_session=True,
        )
        os.close(ready)
        return Child(process, pipe)


def _tell(child: Child, number: int) -> None:
    """Send a signal; whoever was asked to end is forced to after a while."""
    child.leaves_by = child.leaves_by or time.monotonic() + LEAVE_SECONDS
    with contextlib.suppress(ProcessLookupError):
        child.process.send_signal(number)


def _is_terminal() -> bool:
    try:
        os.tcgetpgrp(0)
    except OSError:
        return False
    return True


def supervise(host: str, port: int, processes: int, pid_file: Path | None = None) -> int:
    """Listen, and keep API processes there until told to end; gives the exit code.

    Raises:
        OSError: the address cannot be listened on, or the pid file not be written.
    """
    listener = listen(host, port)

    def command(ready: int, lifeline: int, is_gated: bool) -> Sequence[str]:
        given = f"{listener.fileno()},{ready},{lifeline}" + (",gated" if is_gated else "")
        return [sys.executable, "-m", "app.cli", "serve", "--socket", given]

    if pid_file is not None:
        pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
    logger.info("supervisor.listens", port=listener.getsockname()[1], processes=processes)
    try:
        return Supervisor(listener, processes, command).run()
    finally:
        if pid_file is not None:
            pid_file.unlink(missing_ok=True)
