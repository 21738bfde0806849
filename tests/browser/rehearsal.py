"""Everything that `./scripts/dev` starts, for the browser to visit: nothing in it is a stand-in of ours."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.dev.children import spawn
from app.dev.secrets import read_variables

_READY = "Press Ctrl-C to stop."
_READY_SECONDS = 120
# Of the machine's own settings none may lead the browser to another database or payer.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Rehearsal:
    """Where the running programs are."""

    url: str
    account: tuple[str, str]
    """E-mail and password of the superuser."""
    payer_url: str
    log: Path

    def payer(self, **faults: Any) -> None:
        """Let the payer misbehave from now on; without anything it behaves."""
        answer = httpx.post(f"{self.payer_url}/_sandbox/faults", json=faults)
        answer.raise_for_status()

    def kill_api(self) -> None:
        """End the API at once, in the middle of whatever it does; `intake dev` starts it again."""
        os.kill(self._api(), signal.SIGKILL)

    def wait_for_another_api(self, seconds: float = 60) -> None:
        """Wait until the API answers.

        Raises:
            AssertionError: it did not within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"no API in {seconds:.0f} s:\n{said(self.log)}")

    def _api(self) -> int:
        health = httpx.get(f"{self.url}/health", timeout=60).json()
        return next(int(one["pid"]) for one in health["processes"] if one["role"] == "api")


def said(log: Path) -> str:
    """The end of what the programs said."""
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]


@contextmanager
def rehearsal(data: Path, log: Path, *, demo: bool = False) -> Iterator[Rehearsal]:
    """Start all of it with its data in `data`, and end it with the block; `demo` fills it.

    Raises:
        AssertionError: it ended, or was not ready in time; what it said stands in the message.
    """
    flags = ["--data", str(data), "--no-reload", "--demo" if demo else "--no-demo"]
    command = [sys.executable, "-m", "app.cli", "dev", *flags]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with log.open("wb") as output:
        # It dies with whoever runs the tests, however they die, and everything dies with it.
        process = spawn(
            command,
            die_with=signal.SIGKILL,
            environment={**environment, "RATE_LIMITS": "off"},
            output=output,
        )
    try:
        _wait_until_ready(process, log)
        tour, stage = read_variables(data / "tour.env"), read_variables(data / "dev.env")
        yield Rehearsal(
            url=tour["INTAKE_URL"],
            account=(tour["SUPERUSER_EMAIL"], tour["SUPERUSER_PASSWORD"]),
            payer_url=stage["UHC_BASE_URL"].removesuffix("/Claims"),
            log=log,
        )
    finally:
        # The kernel ends every program with it, and nobody needs the data any more.
        process.kill()
        process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while _READY not in log.read_text(encoding="utf-8", errors="replace"):
        assert process.poll() is None, said(log)
        assert time.monotonic() < deadline, said(log)
        time.sleep(0.1)
