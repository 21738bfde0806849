"""The probe by file: what it says, and that it loads nothing."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.worker import alive
from app.worker.heartbeat import Heartbeat
from app.worker.registry import TaskContext
from app.worker.watchdog import Watchdog

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return Path(alive.folder())


def test_a_process_is_alive_while_it_touches_its_file(home: Path) -> None:
    assert alive.main(["worker"]) == 1
    heartbeat = Heartbeat("worker")
    heartbeat.begin()
    (home / "worker-999999999").touch()
    heartbeat.begin()
    assert [path.name for path in home.iterdir()] == [f"worker-{os.getpid()}"]
    assert home.stat().st_mode & 0o077 == 0
    assert alive.main(["worker"]) == alive.main(["worker", str(os.getpid())]) == 0
    assert alive.main(["beat"]) == alive.main(["worker", "1"]) == 1
    old = time.time() - alive.FRESH_SECONDS - 5
    os.utime(home / f"worker-{os.getpid()}", (old, old))
    assert alive.main(["worker"]) == 1
    heartbeat.touch()
    assert alive.main(["worker"]) == 0
    heartbeat.end()
    assert alive.main(["worker"]) == 1
    assert alive.main([]) == alive.main(["cook"]) == alive.main(["worker", "x"]) == 2


def test_a_folder_that_cannot_be_written_ends_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    heartbeat = Heartbeat("beat")
    heartbeat.begin()
    heartbeat.touch()
    heartbeat.end()


def test_a_worker_without_children_has_no_heartbeat(context: TaskContext) -> None:
    beats: list[bool] = []
    children = [True]
    watchdog = Watchdog(
        context.settings.redis,
        "intake.echo.test",
        on_lost=lambda: None,
        has_children=lambda: bool(children),
        heartbeat=lambda: beats.append(True),
    )
    watchdog.listen()
    children.clear()
    watchdog.listen()
    assert beats == [True]


def test_the_probe_loads_no_room_and_hardly_anything_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import app.worker.alive;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["app", "app.worker", "app.worker.alive"]
