"""Does every process run the commit that was deployed? Asked of a running installation's /health.

Nothing but the standard library is used, so that a script without an environment can ask as well.
"""

import http.client
import json
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

SAME: Final = 0
UNREACHABLE: Final = 4
DIFFERENT: Final = 3
ROLES: Final = ("api", "worker", "beat")
_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.5
_MOST_BYTES: Final = 4 * 1024 * 1024
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}(\+dirty)?")


class NoAnswer(Exception):
    """The installation did not say what it runs; the text says why."""


@dataclass(frozen=True)
class Process:
    """One process as /health names it; `fault` says what is wrong with it, empty when nothing is."""

    role: str
    host: str
    pid: int
    commit: str
    since: str
    fault: str = ""

    @property
    def line(self) -> str:
        """How it is named on the screen."""
        return f"{self.role} {self.pid} on {self.host} runs {short(self.commit)} since {self.since}"


@dataclass(frozen=True)
class Verdict:
    """What was found: 0 every process is as expected, 3 some differ, 4 it could not be known."""

    code: int
    expected: str
    processes: Sequence[Process] = ()
    missing: Sequence[str] = ()
    reason: str = ""
    required: Collection[str] = field(default=(), repr=False)

    def lines(self) -> list[str]:
        """What to print, the worst last."""
        if self.code == UNREACHABLE:
            return [f"✘ {self.reason}"]
        found = [
            f"✘ {process.line}: {process.fault}" if process.fault else f"✔ {process.line}"
            for process in sorted(self.processes, key=lambda process: bool(process.fault))
        ]
        found += [
            f"{'✘' if role in self.required else '·'} no {role} is alive" for role in self.missing
        ]
        said = f"{len(self.processes)} processes"
        if self.code == SAME:
            return [*found, f"All of {said} run {short(self.expected)}."]
        wrong = sum(bool(process.fault) for process in self.processes)
        return [*found, f"{wrong} of {said} are not as expected ({short(self.expected)})."]

    def as_json(self) -> str:
        """The same for programs, one line."""
        names = ("code", "expected", "missing", "reason")
        kept: dict[str, Any] = {name: getattr(self, name) for name in names}
        kept["processes"] = [asdict(process) for process in self.processes]
        return json.dumps(kept, ensure_ascii=False)


def short(commit: str) -> str:
    """A commit as people write it: its first seven digits, and `+dirty` where it applies."""
    digits, plus, mark = commit.partition("+")
    return digits[:7] + plus + mark


def is_commit(text: str) -> bool:
    """Whether it can be a commit: seven hexadecimal digits or more."""
    return _COMMIT.fullmatch(text.strip().lower()) is not None


def matches(commit: str, expected: str) -> bool:
    """Whether a process's commit is the expected one, either of them perhaps abbreviated.

    Changed files make another commit: `4f2c9e1+dirty` is not `4f2c9e1`.
    """
    ours, _, our_mark = commit.lower().partition("+")
    theirs, _, their_mark = expected.strip().lower().partition("+")
    if our_mark != their_mark or min(len(ours), len(theirs)) < 7:
        return False
    return ours.startswith(theirs) or theirs.startswith(ours)


def fetch(url: str) -> dict[str, Any]:
    """The answer of an installation's /health; `url` may end in it or name only the host.

    Raises:
        NoAnswer: nobody answers there, or somebody else does.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoAnswer(f"{url} is no address of a web server.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = parts.path.rstrip("/")
    path = path if path.endswith("/health") else f"{path}/health"
    try:
        connection = kind(parts.hostname, parts.port, timeout=_SECONDS)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            body = connection.getresponse().read(_MOST_BYTES)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswer(f"{url} does not answer ({type(error).__name__}).") from None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"commit", "code", "checks"} <= found.keys():
        raise NoAnswer(f"{url} answers, but not as Intake's /health does.")
    return found


def judge(health: dict[str, Any], expected: str, required: Collection[str] = ()) -> Verdict:
    """Compare every process that /health names with the expected commit.

    An empty one is that of the process that answers: then only all have to run the same.
    The process that answers is one of them, also before it has registered. A process is as expected
    when it runs that commit, its own disk holds no other code, and all run the same.
    """
    expected = expected or str(health["commit"])
    if not is_commit(expected):
        return Verdict(UNREACHABLE, expected, reason=f"{expected} is no commit.")
    if health["checks"].get("redis", {}).get("status") != "healthy":
        reason = "Redis does not answer, and so it cannot be known which processes there are."
        return Verdict(UNREACHABLE, expected, reason=reason)
    records: list[dict[str, Any]] = list(health.get("processes") or [])
    if not any(record["role"] == "api" for record in records):
        own = {"role": "api", "host": "(the one that answers)", "pid": 0, **health["code"]}
        records.append({**own, "commit": health["commit"], "started_at": health["started_at"]})
    # Heartbeats come every five seconds; the one that answers has looked at its disk just now.
    old = health["code"]["fingerprint"] if health["code"].get("stale") else ""
    processes = [_process(record, expected, old) for record in records]
    roles = {process.role for process in processes}
    missing = [role for role in ROLES if role not in roles]
    is_wrong = any(process.fault for process in processes) or bool(set(missing) & set(required))
    code = DIFFERENT if is_wrong else SAME
    return Verdict(code, expected, processes, missing, required=required)


def _process(record: dict[str, Any], expected: str, old: str) -> Process:
    is_old = record["role"] == "api" and record.get("fingerprint") == old
    fault = ""
    if not matches(record["commit"], expected):
        fault = f"not {short(expected)}"
    elif record.get("stale") or is_old:
        fault = "its files on the disk, or the other processes, are of other code: restart it"
    return Process(
        role=record["role"],
        host=record["host"],
        pid=record["pid"],
        commit=record["commit"],
        since=str(record["started_at"])[:19].replace("T", " "),
        fault=fault,
    )


def verify(
    url: str,
    expected: str,
    *,
    required: Collection[str] = (),
    wait_seconds: float = 0.0,
    also: Callable[[Verdict], Verdict] = lambda verdict: verdict,
) -> Verdict:
    """Ask until every process is as expected, for `wait_seconds` at most; then the last verdict.

    A process that was killed is named until its record ends, 15 s later. `also` may find more.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            verdict = also(judge(fetch(url), expected, required))
        except NoAnswer as error:
            verdict = Verdict(UNREACHABLE, expected, reason=str(error))
        left = deadline - time.monotonic()
        if verdict.code == SAME or left <= 0:
            return verdict
        Event().wait(min(_PAUSE_SECONDS, left))
