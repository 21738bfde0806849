"""`intake deploy verify`: what it says of each installation, and how it ends."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.health.deployment import is_commit, judge, matches

NEW = "4f2c9e1" + "a" * 33
OLD = "9c2013b" + "b" * 33


def process(role: str, pid: int, commit: str = NEW, **changes: Any) -> dict[str, Any]:
    facts = {"role": role, "host": "box", "pid": pid, "commit": commit, "fingerprint": "f" * 12}
    return {**facts, "started_at": "2026-11-21T05:00:00.1Z", "stale": False, **changes}


def health(*processes: dict[str, Any], redis: str = "healthy", stale: bool = False) -> Any:
    return {
        "commit": NEW,
        "started_at": "2026-11-21T05:00:00Z",
        "code": {"fingerprint": "f" * 12, "on_disk": "f" * 12, "stale": stale},
        "checks": {"redis": {"status": redis}},
        "processes": list(processes),
    }


ALL = (process("api", 1), process("worker", 2), process("beat", 3))


@pytest.mark.parametrize(
    ("commit", "expected", "same"),
    [
        (NEW, NEW, True),
        (NEW, NEW[:7], True),
        (NEW, NEW[:7].upper(), True),
        (NEW[:7], NEW, True),
        (NEW, NEW[:6], False),
        (NEW, OLD, False),
        (f"{NEW}+dirty", NEW, False),
        (f"{NEW}+dirty", f"{NEW[:8]}+dirty", True),
    ],
)
def test_commits_match_when_abbreviated(commit: str, expected: str, same: bool) -> None:
    assert matches(commit, expected) is same


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        (health(*ALL), 0, "All of 3 processes run 4f2c9e1."),
        (health(), 0, "All of 1 processes run 4f2c9e1."),
        (health(*ALL, process("worker", 4, OLD)), 3, "✘ worker 4 on box runs 9c2013b since 2026"),
        (health(*ALL, process("worker", 4, OLD)), 3, "not 4f2c9e1"),
        (health(*ALL, process("beat", 5, stale=True)), 3, "restart it"),
        (health(*ALL, stale=True), 3, "1 of 3 processes are not as expected"),
        (health(stale=True), 3, "1 of 1 processes are not as expected"),
        (health(*ALL[:2]), 0, "· no beat is alive"),
        (health(*ALL, redis="degraded"), 4, "cannot be known"),
    ],
)
def test_verdicts(found: Any, code: int, words: str) -> None:
    verdict = judge(found, NEW[:7])
    assert verdict.code == code
    assert words in "\n".join(verdict.lines())


def test_what_is_no_commit_is_not_looked_for() -> None:
    assert not is_commit("main")
    assert judge(health(*ALL), "HEAD").code == 4


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that says this to everybody."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["deploy", "verify", *arguments])
    return done.exit_code, done.output


def test_the_command_ends_as_it_says() -> None:
    mixed = json.dumps(health(*ALL, process("worker", 4, OLD))).encode()
    with answering(mixed) as url:
        code, said = run("--expect", NEW, "--url", url)
        assert (code, said.splitlines()[-2][:27]) == (3, "✘ worker 4 on box runs 9c20")
        code, said = run("--expect", NEW, "--url", f"{url}/health", "--json")
        found = json.loads(said)
        assert (code, found["code"], len(found["processes"])) == (3, 3, 4)
        assert run("--expect", NEW, "--url", url, "--require", "cook")[0] == 2
    with answering(json.dumps(health(*ALL[:2])).encode()) as url:
        assert run("--expect", NEW[:10], "--url", url)[0] == 0
        code, said = run("--expect", NEW, "--url", url, "--require", "worker,beat")
        assert (code, "✘ no beat is alive" in said) == (3, True)
    code, said = run("--expect", NEW, "--url", url)
    assert (code, "does not answer" in said) == (4, True)
    with answering(b'{"status": "ok"}') as url:
        code, said = run("--expect", NEW, "--url", url)
        assert (code, "not as Intake" in said) == (4, True)
