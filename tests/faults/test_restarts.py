"""New code comes in while people ask: nobody is refused, and what runs is told at each moment.

`./scripts/faults --short` restarts once; without it longer, over two processes, several times.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.dev.surroundings import ask, free_port
from app.health import deployment
from tests.conftest import Stage
from tests.faults.load import Load

PROJECT = Path(__file__).resolve().parents[2]
LENGTH = os.environ.get("INTAKE_FAULTS")
LONG = LENGTH == "long"
PATIENCE_SECONDS = 120.0


class Site:
    """The product in a folder of its own, so that its code can change while it runs."""

    def __init__(self, home: Path, stage: Stage) -> None:
        self.home = home
        for name in ("app", "migrations"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, home / name, ignore=ignored)
        (home / "scripts").mkdir()
        shutil.copy(PROJECT / "scripts" / "restart_and_verify.py", home / "scripts")
        shutil.copy(PROJECT / "pyproject.toml", home)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pid_file = home / "api.pid"
        self.log = home / "log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(home),
            "ENVIRONMENT": "test",
            "DATABASE_URL": stage.settings.database.url.get_secret_value(),
            "REDIS_URL": stage.settings.redis.url.get_secret_value(),
            "SECRET_KEY": stage.settings.auth.secret_key.get_secret_value(),
            "LOCAL_STORAGE_DIR": str(home / "files"),
            "SHUTDOWN_DELAY_SECONDS": "0.5",
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        own = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)]
        return [*own, "--pid-file", str(self.pid_file)]

    def start(self, processes: int) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*self.command, "--processes", str(processes)],
                cwd=self.home,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
        self.wait_until(lambda: ask(f"{self.url}/readyz")[0] == 200)
        return self.process

    def wait_until(self, true: object) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (callable(true) and true()):
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.02)

    def change(self, line: str, name: str = "app/core/clock.py") -> None:
        with (self.home / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")

    def verdict(self) -> deployment.Verdict:
        return deployment.verify(self.url, "")

    def says(self, words: str) -> bool:
        return words in self.log.read_text(errors="replace")

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        if self.pid_file.exists():
            pid = int(self.pid_file.read_text())
            if pid != (self.process.pid if self.process else 0):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def site(tmp_path: Path, stage: Stage) -> Iterator[Site]:
    made = Site(tmp_path, stage)
    yield made
    made.end()


async def hand_over(site: Site, load: Load, number: int) -> None:
    """Change the code, see that it is named, load it, and see that it runs."""
    old = {process.pid for process in site.verdict().processes}
    site.change(f"# Change {number}.")
    named = await asyncio.to_thread(site.verdict)
    assert named.code == deployment.DIFFERENT
    assert "restart it" in "".join(named.lines())
    assert site.process is not None
    site.process.send_signal(signal.SIGHUP)

    def is_new() -> bool:
        verdict = site.verdict()
        pids = {process.pid for process in verdict.processes}
        return verdict.code == deployment.SAME and not pids & old

    await asyncio.to_thread(site.wait_until, is_new)
    await load.reach(20)


@pytest.mark.skipif(not LENGTH, reason="./scripts/faults --short")
async def test_new_code_comes_in_without_a_failed_request(site: Site) -> None:
    supervisor = site.start(processes=2 if LONG else 1)
    load = Load(site.port, "/version", pause=0.002 if LONG else 0.02)
    load.begin(fresh=4, keeping=4)
    await load.reach(20)
    for number in range(5 if LONG else 1):
        await hand_over(site, load, number)
    if LONG:
        await load.reach(1000)
        kept = {process.pid for process in site.verdict().processes}
        site.change("raise RuntimeError('this code does not start')", "app/main.py")
        supervisor.send_signal(signal.SIGHUP)
        await asyncio.to_thread(site.wait_until, lambda: site.says("supervisor.hand_over_failed"))
        assert {process.pid for process in site.verdict().processes} == kept
    await load.end()
    assert load.failed == []
    assert min(load.done["fresh"], load.done["keeping"]) > 20
    await asyncio.to_thread(told_before_it_ends, site)


def told_before_it_ends(site: Site) -> None:
    """SIGTERM: /readyz says 503 while it still listens, and then nobody is left."""
    assert site.process is not None
    site.process.terminate()
    statuses = set()
    while site.process.poll() is None:
        statuses.add(ask(f"{site.url}/readyz")[0])
    assert 503 in statuses
    assert site.process.returncode == 0
    assert not site.pid_file.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", site.port)) != 0


@pytest.mark.skipif(not LONG, reason="takes a minute: ./scripts/faults")
async def test_callers_who_only_wait_keep_nobody_out(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """400 heads that do not end and 100 bodies that trickle, over the real server."""
    await asyncio.to_thread(site.start, 1)
    body = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{"
    slow = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(500)]
    for place, (_, writer) in enumerate(slow):
        writer.write(body if place % 5 == 0 else b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    load = Load(site.port, "/livez", pause=0.005)
    load.begin(fresh=4, keeping=4)
    ends = [asyncio.create_task(reader.read()) for reader, _ in slow]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all(end.done() for end in ends):
            for end, (_, writer) in zip(ends, slow, strict=True):
                if not end.done():
                    writer.write(b"a")
            await asyncio.sleep(1.0)
    await asyncio.gather(*ends, return_exceptions=True)
    await load.end()
    for _, writer in slow:
        writer.close()
    assert load.failed == []
    times = sorted(load.seconds)
    said = f"{len(times)} answers beside 500 slow callers, p99 {times[-len(times) // 100]:.3f} s"
    with capsys.disabled():
        sys.stdout.write(f"\n{said}\n")


@pytest.mark.skipif(not LONG, reason="takes a minute: ./scripts/faults")
def test_a_killed_supervisor_leaves_nobody(site: Site) -> None:
    supervisor = site.start(processes=2)
    supervisor.kill()
    supervisor.wait()
    site.wait_until(lambda: ask(f"{site.url}/livez")[0] == 0)


@pytest.mark.skipif(not LONG, reason="takes a minute: ./scripts/faults")
def test_the_script_restarts_the_product_and_proves_it(site: Site) -> None:
    old = site.start(processes=1)
    site.change("# Changed.")
    assert site.verdict().code == deployment.DIFFERENT
    script = [sys.executable, str(site.home / "scripts" / "restart_and_verify.py")]
    given = ["--url", site.url, "--pid-file", str(site.pid_file), "--start", " ".join(site.command)]
    done = subprocess.run(
        [*script, *given, "--log", str(site.log)],
        cwd=site.home,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert old.wait(timeout=30) == 0
    assert site.verdict().code == deployment.SAME
