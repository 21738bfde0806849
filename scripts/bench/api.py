"""What a request costs: Intake's list beside the limit, the FastAPI template and Django REST framework.

    .venv/bin/python -m scripts.bench.api              two minutes on a quiet machine
    .venv/bin/python -m scripts.bench.api --write      puts the figures into docs/benchmarks.md
    .venv/bin/python -m scripts.bench.api --short      half a minute, for a first look and for CI

Four servers of one process each stand over one PostgreSQL and give the same twenty jobs with the
same columns: bare Starlette over asyncpg with a fast encoder (the limit: nobody is asked who they
are), Intake as it runs in production (token, rate limit in Valkey, row-level security, all layers,
a line of log), the template's way, and Django REST framework with a cursor. They are asked in turns.
Processor time is that of the server's process, user and system, which other work on the machine
changes least; ratios are the medians of the rounds' own ratios.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from app.core import log
from scripts.bench.api_scene import WORDS, Person, Scene, running_scene
from scripts.bench.generator import Plan, drive, request
from scripts.bench.peers_environment import PROJECT
from scripts.bench.processor import Meter

PAGE: Final = PROJECT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- api.py -->\n", "<!-- end of api.py -->"
CLIENTS: Final = 32
"""Four times the connections that each server has to the database."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request to one server; `build` makes a person's requests."""

    name: str
    server: str
    build: Callable[[Person], list[str]]
    clients: int = CLIENTS


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round of one case gave; processor time in µs a request."""

    a_second: float
    median: float
    p99: float
    server: float
    database: float

    @property
    def whole(self) -> float:
        """Of the server and of PostgreSQL for it."""
        return self.server + self.database


Rounds = dict[str, list[Figures]]


def _get(path: str, **headers: str) -> Callable[[Person], list[str]]:
    def build(person: Person) -> list[str]:
        return [request(path, authorization=f"Bearer {person.token}", **headers)]

    return build


def _search(person: Person) -> list[str]:
    drawn = random.Random(person.email)
    questions = [" ".join(drawn.sample(WORDS, drawn.choice((1, 2)))) for _ in range(20)]
    paths = [f"/api/v1/jobs/search?{urlencode({'query': question})}" for question in questions]
    return [request(path, authorization=f"Bearer {person.token}") for path in paths]


def cases(scene: Scene) -> list[Case]:
    """Everything that is asked, each warmed up by what is read here."""
    front = "/api/v1/jobs"

    def read(path: str) -> tuple[dict[str, object], str]:
        url = f"http://127.0.0.1:{scene.servers['intake'].port}{path}"
        asked = urllib.request.Request(url)
        asked.add_header("Authorization", f"Bearer {scene.people[1].token}")
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - the same.
            return json.load(answer), answer.headers["ETag"]

    first, etag = read(front)
    results = first["results"]
    assert isinstance(results, list)  # noqa: S101 - a benchmark checks itself.
    ids = [one["id"] for one in results]
    # Rows 19,981 to 20,000: the thousandth page of twenty, reached by pages of a hundred and one of 80.
    following = f"{front}?limit=80"
    for limit in itertools.chain([100] * 199, [20]):
        found, _ = read(following)
        following = str(found["next"]).replace("limit=80", "limit=100")
        following = following.replace("limit=100", f"limit={limit}")

    def detail(person: Person) -> list[str]:
        return [request(f"{front}/{one}", authorization=f"Bearer {person.token}") for one in ids]

    def peer(path: str) -> Callable[[Person], list[str]]:
        # All as the owner: the template lists a person's own.
        token = scene.people[0].peer_token
        return lambda _: [request(path, authorization=f"Bearer {token}")]

    return [
        Case("limit", "limit", peer("/jobs")),
        Case("list", "intake", _get(front)),
        Case("template", "template", peer("/api/v1/jobs/?limit=20")),
        Case("rest", "rest", peer("/jobs/")),
        Case("page 1000", "intake", _get(following)),
        Case("304", "intake", _get(front, if_none_match=etag)),
        Case("detail", "intake", detail),
        Case("me", "intake", _get("/api/v1/users/me")),
        Case("search", "intake", _search, clients=8),
    ]


def _round(scene: Scene, case: Case, seconds: float, people: Sequence[Person]) -> Figures:
    server = scene.servers[case.server]
    meter = Meter({"server": server.process.pid, "database": scene.postgres})
    plan = Plan(server.port, [case.build(person) for person in people], seconds)
    seen = drive(plan)
    spent = meter.seconds()
    wrong = {status for status in seen.statuses if status not in ("200", "304")}
    if wrong or not seen.requests:
        sys.exit(f"{case.name}: {seen.statuses}")
    each = 1e6 / seen.answered
    return Figures(
        seen.a_second, seen.median, seen.p99, spent["server"] * each, spent["database"] * each
    )


def _people(scene: Scene, case: Case) -> list[Person]:
    """Who asks, one a connection: each browser has two."""
    return scene.people[1 : 1 + case.clients // 2] * 2


def measure(rounds: int, seconds: float, only: Sequence[str]) -> Rounds:
    """All rounds of all cases, in turns."""
    found: Rounds = {}
    with tempfile.TemporaryDirectory() as folder, running_scene(Path(folder)) as scene:
        chosen = [case for case in cases(scene) if not only or case.name in only]
        for _ in range(rounds):
            for case in chosen:
                people = _people(scene, case)
                figures = _round(scene, case, seconds, people)
                found.setdefault(case.name, []).append(figures)
                print(f"{case.name:10} {figures}", file=sys.stderr)
    return found


def middle(values: Iterable[float]) -> float:
    """The median of the rounds."""
    return float(statistics.median(values))


NAMES: Final = {
    "limit": "the limit: bare Starlette, asyncpg, msgspec, nobody asked who they are",
    "list": "Intake: 20 jobs, token, rate limit",
    "template": "the FastAPI template's way: 20 jobs, token, count",
    "rest": "Django REST framework: 20 jobs, cursor, token",
    "page 1000": "Intake: page 1,000",
    "304": "Intake: the list, not modified",
    "detail": "Intake: one job",
    "me": "Intake: GET /users/me",
    "search": "Intake: search among 21,000 jobs",
}


def _ratio(found: Rounds, what: str, of: str, to: str) -> float | None:
    if of not in found or to not in found:
        return None
    pairs = zip(found[of], found[to], strict=True)
    return middle(getattr(one, what) / getattr(other, what) for one, other in pairs)


def targets(found: Rounds) -> list[tuple[str, float | None, str, bool]]:
    """What is aimed at: words, figure, target (none: for comparison), whether small is good."""
    spread = [one.p99 / one.median for one in found.get("list", [])]
    return [
        ("list ÷ limit, processor time", _ratio(found, "server", "list", "limit"), "4.5", True),
        ("list ÷ template, requests/s", _ratio(found, "a_second", "list", "template"), "4", False),
        ("list ÷ Django REST, requests/s", _ratio(found, "a_second", "list", "rest"), "3", False),
        (
            "template ÷ list, processor time of all",
            _ratio(found, "whole", "template", "list"),
            "",
            False,
        ),
        (
            "Django REST ÷ list, processor time of all",
            _ratio(found, "whole", "rest", "list"),
            "",
            False,
        ),
        ("p99 ÷ p50 of the list, 32 at once", middle(spread) if spread else None, "3", True),
        ("page 1,000 ÷ page 1", _ratio(found, "whole", "page 1000", "list"), "1.2", True),
        ("200 ÷ 304", _ratio(found, "whole", "list", "304"), "4", False),
    ]


def report(found: Rounds) -> str:
    """Both tables."""
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, one process a server,"
        f" load {os.getloadavg()[1]:.0f}; medians of {max(map(len, found.values()))} rounds.",
        "",
        "| what | requests/s | p50 ms | p99 ms | server µs | PostgreSQL µs |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, rounds in found.items():
        columns = ("a_second", "median", "p99", "server", "database")
        figures = [middle(getattr(one, column) for one in rounds) for column in columns]
        lines.append(
            f"| {NAMES[name]} | {figures[0]:,.0f} | {figures[1]:.1f} | {figures[2]:.1f} |"
            f" {figures[3]:,.0f} | {figures[4]:,.0f} |"
        )
    lines += ["", "| ratio | figure | target | |", "| --- | --- | --- | --- |"]
    for words, figure, target, is_small in targets(found):
        if figure is None:
            continue
        aim = float(target or 0)
        missed = figure > aim if is_small else figure < aim
        sign = ("≤ " if is_small else "≥ ") + target if target else "–"
        lines.append(f"| {words} | {figure:.2f} | {sign} | {'missed' if missed else ''} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write where that is asked for."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asking.add_argument("--rounds", type=int, default=5)
    asking.add_argument("--seconds", type=float, default=2.0)
    asking.add_argument("--short", action="store_true", help="two short rounds")
    asking.add_argument("--only", nargs="*", default=(), help="cases by name")
    asking.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    asked = asking.parse_args()
    log.configure(as_json=False, level="ERROR")
    rounds, seconds = (2, 1.0) if asked.short else (asked.rounds, asked.seconds)
    text = report(measure(rounds, seconds, asked.only))
    print(text)
    if asked.write:
        head, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, end, tail = rest.partition(END)
        PAGE.write_text(f"{head}{begin}{text}\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
