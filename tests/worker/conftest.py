"""A real worker in a process of its own, and a Valkey that a test may stop and freeze."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.dev.valkey import ValkeyServer
from tests.worker.station import StartStation, Station

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def start_station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartStation]:
    """Starts worker and beat processes and ends them after the module."""
    started: list[Station] = []

    def start(settings: Settings, role: str = "worker", children: int = 1) -> Station:
        home = tmp_path_factory.mktemp("station")
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database.url.get_secret_value(),
            "REDIS_URL": settings.redis.url.get_secret_value(),
            "SECRET_KEY": settings.auth.secret_key.get_secret_value(),
            "ENVIRONMENT": "test",
            "DRILL_LOG": str(home / "notes"),
        }
        command = [sys.executable, "-m", "tests.worker.post", role, str(children)]
        with (home / "output").open("wb") as output:
            process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        started.append(Station(process, home / "notes", home / "output"))
        return started[-1]

    yield start
    for station in started:
        station.process.kill()
        station.process.wait()


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A Valkey of the test's own, to be stopped or frozen."""
    with ValkeyServer(tmp_path_factory.mktemp("valkey")) as server:
        yield server
        if server.process is not None and server.process.poll() is None:
            server.process.send_signal(signal.SIGCONT)
