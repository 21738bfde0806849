"""What a request costs in Intake, at the limit, in the FastAPI template and in Django REST framework.

    .venv/bin/python -m scripts.bench.api              two minutes on a quiet machine
    .venv/bin/python -m scripts.bench.api --write      keeps the figures in docs/
    .venv/bin/python -m scripts.bench.api --short      half a minute, for a first look and for CI

Four servers of one process each stand over one PostgreSQL with the same jobs and people; each lists
twenty jobs, shows one, searches, and lets people sign in: bare Starlette over asyncpg with a fast encoder (the limit: nobody is asked who they
are), Intake as it runs in production (token, rate limit in Valkey, row-level security, all layers,
a line of log), the template's way, and Django REST framework. They are asked in turns.
Processor time is that of the server's process, user and system, which other work on the machine
changes least; ratios are the medians of the rounds' own ratios.
"""

import argparse
import itertools
import json
import random
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus, urlencode

from app.core import log
from scripts.bench import kept
from scripts.bench.api_report import judge
from scripts.bench.api_scene import ACCOUNTS, PASSWORD, WORDS, Person, Scene, running_scene
from scripts.bench.generator import Plan, drive, request
from scripts.bench.kept import Figures
from scripts.bench.page import finish
from scripts.bench.processor import Meter
from scripts.bench.profiles import profiled

CLIENTS: Final = 32
"""Four times the connections that each server has to the database."""
FEW: Final = 8
PROFILE_SECONDS: Final = 5.0
LONGEST_ROUND: Final = 16.0


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request to one server; `build` makes a person's requests."""

    name: str
    server: str
    build: Callable[[Person], list[str]]
    clients: int = CLIENTS
    is_everybody: bool = False
    """Each connection asks as many people in turn, and another round begins with others."""


def _get(path: str, **headers: str) -> Callable[[Person], list[str]]:
    def build(person: Person) -> list[str]:
        return [request(path, authorization=f"Bearer {person.token}", **headers)]

    return build


def _details(scene: Scene, ids: Sequence[str]) -> list[Case]:
    """One job after the other, of the twenty newest."""
    owner = scene.people[0].peer_token

    def asking(path: str, *, is_ours: bool = False) -> Callable[[Person], list[str]]:
        def build(person: Person) -> list[str]:
            bearer = f"Bearer {person.token if is_ours else owner}"
            return [request(path.format(one), authorization=bearer) for one in ids]

        return build

    return [
        Case("detail limit", "limit", asking("/jobs/{}")),
        Case("detail", "intake", asking("/api/v1/jobs/{}", is_ours=True)),
        Case("detail template", "template", asking("/api/v1/jobs/{}")),
        Case("detail rest", "rest", asking("/jobs/{}/")),
    ]


def _searches(scene: Scene) -> list[Case]:
    """The same questions to everybody, of one word or two."""
    owner = scene.people[0].peer_token

    def asking(path: str, *, is_ours: bool = False) -> Callable[[Person], list[str]]:
        def build(person: Person) -> list[str]:
            drawn = random.Random(person.email)
            asked = [" ".join(drawn.sample(WORDS, drawn.choice((1, 2)))) for _ in range(20)]
            bearer = f"Bearer {person.token if is_ours else owner}"
            return [request(path + quote_plus(one), authorization=bearer) for one in asked]

        return build

    return [
        Case("search limit", "limit", asking("/jobs/search?query="), FEW),
        Case("search", "intake", asking("/api/v1/jobs/search?query=", is_ours=True), FEW),
        Case("search template", "template", asking("/api/v1/jobs/search?limit=20&query="), FEW),
        Case("search rest", "rest", asking("/jobs/search/?search="), FEW),
    ]


def _logins() -> list[Case]:
    """Everybody in turn: an account may try ten times a minute."""

    def asking(path: str) -> Callable[[Person], list[str]]:
        kind = "application/x-www-form-urlencoded"

        def build(person: Person) -> list[str]:
            form = urlencode({"username": person.email, "password": PASSWORD})
            return [request(path, method="POST", body=form, content_type=kind)]

        return build

    return [
        Case("login limit", "limit", asking("/login"), FEW, is_everybody=True),
        Case("login", "intake", asking("/api/v1/login/access-token"), FEW, is_everybody=True),
        Case(
            "login template",
            "template",
            asking("/api/v1/login/access-token"),
            FEW,
            is_everybody=True,
        ),
        Case("login rest", "rest", asking("/token/"), FEW, is_everybody=True),
    ]


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
    # Rows 19,981 to 20,000: the thousandth page of twenty, reached by pages of a hundred and one of 80.
    following = f"{front}?limit=80"
    for limit in itertools.chain([100] * 199, [20]):
        found, _ = read(following)
        following = str(found["next"]).replace("limit=80", "limit=100")
        following = following.replace("limit=100", f"limit={limit}")

    def peer(path: str) -> Callable[[Person], list[str]]:
        # All as the owner: the template lists a person's own.
        token = scene.people[0].peer_token
        return lambda _: [request(path, authorization=f"Bearer {token}")]

    return [
        Case("limit", "limit", peer("/jobs")),
        Case("list", "intake", _get(front)),
        # Beside the list that they are held against: what runs between them moves the machine's pace.
        Case("page 1000", "intake", _get(following)),
        Case("304", "intake", _get(front, if_none_match=etag)),
        Case("template", "template", peer("/api/v1/jobs/?limit=20")),
        Case("rest", "rest", peer("/jobs/")),
        Case("me", "intake", _get("/api/v1/users/me")),
        *_details(scene, [str(one["id"]) for one in results]),
        *_searches(scene),
        *_logins(),
    ]


def _requests(scene: Scene, case: Case, turn: int) -> list[list[str]]:
    """What each connection asks for, round and round: each browser has two connections."""
    if not case.is_everybody:
        people = scene.people[1 : 1 + case.clients // 2] * 2
        return [case.build(person) for person in people]
    first = turn * ACCOUNTS // 3 % ACCOUNTS
    people = scene.people[first:] + scene.people[:first]
    return [
        [one for person in people[place :: case.clients] for one in case.build(person)]
        for place in range(case.clients)
    ]


def _round(scene: Scene, case: Case, seconds: float, turn: int) -> dict[str, float]:
    """Requests a second, milliseconds, and processor time in µs a request."""
    server = scene.servers[case.server]
    meter = Meter({"server": server.process.pid, "database": scene.postgres})
    seen = drive(Plan(server.port, _requests(scene, case, turn), seconds))
    spent = meter.seconds()
    if not seen.requests and not seen.statuses and seconds < LONGEST_ROUND:
        # A machine that is busy with other things has not let one answer through.
        return _round(scene, case, seconds * 4, turn)
    wrong = {status for status in seen.statuses if status not in ("200", "304")}
    if wrong or not seen.requests:
        sys.exit(f"{case.name}: {seen.statuses}")
    costs = {name: spent[name] * 1e6 / seen.answered for name in spent}
    told = {"a_second": seen.a_second, "median": seen.median, "p99": seen.p99, **costs}
    return {name: round(value, 3) for name, value in told.items()}


def _profiles(scene: Scene, chosen: Sequence[Case], figures: Figures) -> Figures:
    """A look into the server at each case whose figure is short of its target."""
    wanted = {one.profile for one in judge(figures) if one.is_missed}
    found: Figures = {}
    for case in chosen:
        if case.name in wanted:
            server = scene.servers[case.server]
            plan = Plan(server.port, _requests(scene, case, 0), PROFILE_SECONDS + 2)
            told = profiled(server.process.pid, partial(drive, plan), seconds=PROFILE_SECONDS)
            found.update({case.name: told} if told else {})
    return found


def measure(rounds: int, seconds: float, only: Sequence[str]) -> Figures:
    """All rounds of all cases, in turns."""
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, running_scene(Path(folder)) as scene:
        chosen = [case for case in cases(scene) if not only or case.name in only]
        for turn in range(rounds):
            for case in chosen:
                figures = _round(scene, case, seconds, turn)
                found.setdefault(case.name, []).append(figures)
                print(f"{case.name:16} {figures}", file=sys.stderr)
        told: Figures = {"cases": found}
        return told | {"profiles": _profiles(scene, chosen, told)}


def main() -> None:
    """Measure, print, and keep where that is asked for."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asking.add_argument("--rounds", type=int, default=5)
    asking.add_argument("--seconds", type=float, default=2.0)
    asking.add_argument("--short", action="store_true", help="two short rounds")
    asking.add_argument("--only", nargs="*", default=(), help="cases by name")
    asking.add_argument("--write", action="store_true", help="keep them in docs/")
    asked = asking.parse_args()
    log.configure(as_json=False, level="ERROR")
    rounds, seconds = (2, 1.0) if asked.short else (asked.rounds, asked.seconds)
    before = kept.load()
    figures = measure(rounds, seconds, asked.only)
    finish("api", figures, load=before, is_short=asked.short, is_kept=asked.write)


if __name__ == "__main__":
    main()
