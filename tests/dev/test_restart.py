"""scripts/restart_and_verify.py over real processes: a small server that reads its code at its start.

The same with the whole product stands among the faults (tests/faults/test_restarts.py).
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.dev.surroundings import ask, free_port
from app.health import deployment

PROJECT = Path(__file__).resolve().parents[2]
# As a process of Intake: what it is was read when it started, and /health compares it with the disk.
SERVER = """
import hashlib, http.server, json, os, pathlib, sys, time
code, port, pid_file = pathlib.Path(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
digest = lambda: hashlib.sha1(code.read_bytes()).hexdigest()
mine, began = digest(), time.strftime("%Y-%m-%dT%H:%M:%S") + str(time.time_ns())
pid_file.write_text(str(os.getpid()))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        stale = digest() != mine
        record = {"role": "api", "host": "here", "pid": os.getpid(), "commit": mine}
        record |= {"fingerprint": mine, "started_at": began, "stale": stale}
        said = {"commit": mine, "started_at": began, "code": {"fingerprint": mine, "stale": stale}}
        said |= {"checks": {"redis": {"status": "healthy"}}, "processes": [record]}
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(said).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


class Project:
    """A folder with the script, some code and a server."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "scripts").mkdir()
        shutil.copy(PROJECT / "scripts" / "restart_and_verify.py", home / "scripts")
        (home / "app" / "health" / "__pycache__").mkdir(parents=True)
        for name in ("app/__init__.py", "app/health/__init__.py", "app/health/deployment.py"):
            shutil.copy(PROJECT / name, home / name)
        self.code = home / "app" / "code.py"
        self.code.write_text("a = 1\n")
        self.pid_file = home / "api.pid"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (home / "intake_server.py").write_text(SERVER)
        server = [sys.executable, str(home / "intake_server.py")]
        self.command = [*server, str(self.code), str(self.port), str(self.pid_file)]

    def restart(self, *more: str) -> "subprocess.CompletedProcess[str]":
        script = [sys.executable, str(self.home / "scripts" / "restart_and_verify.py")]
        given = ["--url", self.url, "--wait", "60", "--log", str(self.home / "log"), *more]
        return subprocess.run(
            [*script, *given], cwd=self.home, capture_output=True, text=True, check=False
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while ask(f"{self.url}/health")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self) -> None:
        if self.pid_file.exists():
            try:
                os.kill(int(self.pid_file.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                return


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    made.end()


def test_changed_files_are_named_restarted_and_proven(project: Project) -> None:
    started = ["--pid-file", str(project.pid_file), "--start", " ".join(project.command)]
    first = project.restart(*started)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Before   nothing" in first.stdout
    project.wait()
    assert deployment.verify(project.url, "").code == 0
    project.code.write_text("a = 2\n")
    named = deployment.verify(project.url, "")
    assert (named.code, "restart it" in "".join(named.lines())) == (3, True)
    old = named.processes[0]
    again = project.restart(*started)
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"Before   {old.line}  (its files on the disk" in again.stdout
    assert f"Stop     process {old.pid} of" in again.stdout
    found = deployment.verify(project.url, "")
    assert (found.code, found.processes[0].pid != old.pid) == (0, True)
    assert found.processes[0].commit != old.commit
    assert f"After    ✔ {found.processes[0].line}" in again.stdout
    assert "Caches   " in again.stdout


def test_what_was_not_restarted_and_what_does_not_start_is_said(project: Project) -> None:
    with subprocess.Popen(project.command) as server:
        project.wait()
        idle = f"{sys.executable} -c pass"
        left = project.restart("--start", idle, "--wait", "0")
        assert (left.returncode, "it was not restarted" in left.stdout) == (3, True)
        broken = f"{sys.executable} -c 'raise SystemExit(\"no such table\")'"
        failed = project.restart("--start", broken, "--wait", "5")
        assert (failed.returncode, "no such table" in failed.stderr) == (1, True)
        with subprocess.Popen(["sleep", "60"]) as stranger:
            project.pid_file.write_text(str(stranger.pid))
            other = project.restart("--pid-file", str(project.pid_file), "--start", idle)
            assert (other.returncode, "which is another program" in other.stderr) == (1, True)
            assert stranger.poll() is None
            stranger.kill()
        project.pid_file.unlink()
        server.kill()
    gone = project.restart("--start", idle, "--wait", "0")
    assert (gone.returncode, "does not answer" in gone.stdout) == (4, True)
