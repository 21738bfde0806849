"""The child processes of `intake dev`: started, prefixed, restarted, stopped."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Final

from app.dev.children import spawn, stop

# A program that keeps dying is started again after 1, 2, 4 … seconds, never later than this.
_LONGEST_BACKOFF: Final = 15.0
# How a line of the log says that nothing is wrong.
_INFO: Final = " INFO "
_SETTLED_AFTER: Final = 20.0
_SOURCES: Final = frozenset({".py", ".html", ".css", ".js", ".svg", ".json"})


@dataclass
class Program:
    """One `intake` command that is kept running; `keep` are descriptors that it inherits."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    keep: Sequence[int] = ()
    is_hushed: Callable[[], bool] = bool
    """Whether it may say only what went wrong just now."""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _reader: threading.Thread | None = field(default=None, repr=False)
    _started_at: float = 0.0
    _failures: int = 0
    _start_after: float = 0.0

    def start(self) -> None:
        """Start it now; only ever called by the main thread, whose end ends the child."""
        self._process = spawn(
            [sys.executable, "-m", "app.cli", *self.arguments],
            # Nothing here is worth finishing politely once the database has gone with us.
            die_with=SIGKILL,
            environment=self.environment,
            output=subprocess.PIPE,
            keep=self.keep,
        )
        self._started_at = time.monotonic()
        self._reader = threading.Thread(target=self._relay, args=(self._process,), daemon=True)
        self._reader.start()

    def _relay(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                if text and not (_INFO in text and self.is_hushed()):
                    self._say(text)

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{self.name:<7}| {text}\n")

    def mind(self) -> None:
        """Start it again when it has died, later each time that it dies young."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_after:
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        has_settled = now - self._started_at > _SETTLED_AFTER
        self._failures = 1 if has_settled else self._failures + 1
        wait = min(2.0 ** (self._failures - 1), _LONGEST_BACKOFF)
        self._say(f"ended with {code}; starting again in {wait:.0f} s")
        self._process = None
        self._start_after = now + wait

    def ask_to_stop(self) -> None:
        """Send the polite signal without waiting, and forget past failures."""
        self._failures = 0
        self._start_after = 0.0
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(SIGTERM)

    def stop(self, seconds: float) -> None:
        """Wait for its end, and force it after `seconds`."""
        if self._process is not None:
            stop(self._process, by=SIGTERM, seconds=seconds)
            self._process = None
        if self._reader is not None:
            self._reader.join(timeout=1)


def stop_all(programs: Sequence[Program], seconds: float = 10) -> None:
    """Ask all at once, then wait for all together, `seconds` at the most."""
    deadline = time.monotonic() + seconds
    for program in programs:
        program.ask_to_stop()
    for program in programs:
        program.stop(max(0.1, deadline - time.monotonic()))


class SourceWatch:
    """Tells whether a file of the application has changed since it last asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = frozenset(self._look())

    def _look(self) -> Iterable[tuple[str, int]]:
        for path in self._folder.rglob("*"):
            if path.suffix in _SOURCES:
                # An editor may take it away between the two looks.
                with suppress(FileNotFoundError):
                    yield str(path), path.stat().st_mtime_ns

    def changed(self) -> bool:
        """Whether anything was written, added or removed."""
        now = frozenset(self._look())
        is_other, self._seen = now != self._seen, now
        return is_other
