"""Handles of a real worker or beat process, and settings over another Valkey."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.core.settings import RedisSettings, Settings


@dataclass
class Station:
    """A worker or beat process and what its tasks have noted."""

    process: subprocess.Popen[bytes]
    notes: Path
    output: Path

    def read(self, name: str | None = None) -> list[dict[str, Any]]:
        if not self.notes.exists():
            return []
        lines = [json.loads(line) for line in self.notes.read_text().splitlines()]
        return [line for line in lines if name in (None, line["name"])]

    def wait(self, name: str, seconds: float = 60, **facts: str) -> dict[str, Any]:
        """The newest note that fits, waited for."""
        found: list[dict[str, Any]] = []

        def noted() -> bool:
            found[:] = [line for line in self.read(name) if facts.items() <= line.items()]
            return bool(found)

        assert wait_until(noted, seconds), f"no {name} {facts}:\n{self.output.read_text()[-3000:]}"
        return found[-1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` became true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


StartStation = Callable[..., Station]


def over(settings: Settings, valkey_url: str) -> Settings:
    """`settings` with another Valkey."""
    return settings.model_copy(update={"redis": RedisSettings(url=SecretStr(valkey_url))})
