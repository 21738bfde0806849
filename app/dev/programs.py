"""The child processes of `intake dev`: started, prefixed, restarted, stopped."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from app.dev.children import spawn, stop

# A program that keeps dying is started again after 1, 2, 4 … seconds, never later than this.
_LONGEST_BACKOFF = 15.0
_SETTLED_AFTER = 20.0


@dataclass
class Program:
    """One `intake` command that is kept running."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    reloads: bool = True
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_after: float = 0.0
    _reader: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it now; only ever called by the main thread, whose end ends the child."""
        command: list[str | Path] = [sys.executable, "-m", "app.cli", *self.arguments]
        self.process = spawn(command, environment=self.environment, output=subprocess.PIPE)
        self.started_at = time.monotonic()
        self._reader = threading.Thread(target=self._relay, args=(self.process,), daemon=True)
        self._reader.start()

    def _relay(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        for line in process.stdout:
            text = line.decode(errors="replace").rstrip()
            sys.stderr.write(f"{self.name:<7}| {text}\n")

    def mind(self) -> None:
        """Start it again when it has died, later each time that it dies young."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_after:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        settled = now - self.started_at > _SETTLED_AFTER
        self.failures = 1 if settled else self.failures + 1
        wait = min(2.0 ** (self.failures - 1), _LONGEST_BACKOFF)
        sys.stderr.write(f"{self.name:<7}| ended with {code}; starting again in {wait:.0f} s\n")
        self.process = None
        self.start_after = now + wait

    def ask_to_stop(self) -> None:
        """Send the polite signal without waiting."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(SIGTERM)

    def stop(self, seconds: float = 8) -> None:
        """Wait for its end, and force it after `seconds`."""
        if self.process is not None:
            stop(self.process, by=SIGTERM, seconds=seconds)
            self.process = None
            self.start_after = 0.0
        if self._reader is not None:
            self._reader.join(timeout=1)


class SourceWatch:
    """Tells whether a Python file or a page of the application has changed since it last asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._look()

    def _look(self) -> frozenset[tuple[str, int]]:
        return frozenset(
            (str(path), path.stat().st_mtime_ns)
            for path in self._folder.rglob("*")
            if path.suffix in (".py", ".html", ".css")
        )

    def changed(self) -> bool:
        """Whether anything was written, added or removed."""
        now = self._look()
        changed, self._seen = now != self._seen, now
        return changed


def stop_all(programs: list[Program]) -> None:
    """Ask all at once, then wait for each."""
    for program in programs:
        program.ask_to_stop()
    for program in programs:
        program.stop()
