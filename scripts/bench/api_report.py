"""The API's figures as tables and plots, and against what is aimed at."""

import statistics
from collections.abc import Iterable
from typing import Any, Final

from scripts.bench.judging import Judged, judged_lines
from scripts.bench.kept import Figures, said
from scripts.bench.plots import Bar, Panel, draw_bars, number

NAMES: Final = {
    "limit": "the limit: bare Starlette, asyncpg, msgspec, nobody asked who they are",
    "list": "Intake: 20 jobs, token, rate limit",
    "template": "the FastAPI template's way: 20 jobs, token, count",
    "rest": "Django REST framework: 20 jobs, cursor, token",
    "page 1000": "Intake: page 1,000",
    "304": "Intake: the list, not modified",
    "me": "Intake: GET /users/me",
    "detail limit": "the limit: one job",
    "detail": "Intake: one job",
    "detail template": "the template's way: one job",
    "detail rest": "Django REST framework: one job",
    "search limit": "the limit: one statement over the index",
    "search": "Intake: search among 21,000 jobs (slips, synonyms, passages)",
    "search template": "the template's way: ILIKE and a count",
    "search rest": "Django REST framework: its search filter",
    "login limit": "the limit: argon2id of Intake's strength and a token",
    "login": "Intake: login (argon2id, session, limits, history)",
    "login template": "the template's way: login (argon2id of its strength)",
    "login rest": "Django REST framework: simplejwt (PBKDF2 of its strength)",
}
WHO: Final = {
    "limit": "bare Starlette",
    "": "Intake",
    "template": "FastAPI template",
    "rest": "Django REST",
}
KINDS: Final = {
    "": "20 jobs: µs of processor time a request, PostgreSQL included",
    "detail": "one job",
    "search": "search among 21,000 jobs",
    "login": "login",
}
Rounds = dict[str, list[dict[str, float]]]


def middle(values: Iterable[float]) -> float:
    """The median of the rounds."""
    return float(statistics.median(values))


def _value(one: dict[str, float], what: str) -> float:
    return one["server"] + one["database"] if what == "whole" else one[what]


def ratio(found: Rounds, what: str, of: str, to: str) -> float | None:
    """The median of the rounds' own ratios; None where one of the two was not measured."""
    if of not in found or to not in found:
        return None
    pairs = zip(found[of], found[to], strict=True)
    return middle(_value(one, what) / _value(other, what) for one, other in pairs)


def judge(figures: Figures) -> list[Judged]:
    """What is aimed at, and what is there for comparison."""
    found: Rounds = figures["cases"]
    spread = [one["p99"] / one["median"] for one in found.get("list", [])]
    wanted: list[tuple[float | None, dict[str, Any]]] = [
        (
            ratio(found, "server", "list", "limit"),
            {**_LIST, "name": "list ÷ limit, processor time"},
        ),
        (
            ratio(found, "a_second", "list", "template"),
            {**_PEER, "name": "list ÷ template, requests/s"},
        ),
        (
            ratio(found, "a_second", "list", "rest"),
            {**_PEER, "name": "list ÷ Django REST, requests/s", "aim": 3.0},
        ),
        (
            middle(spread) if spread else None,
            {**_LIST, "name": "p99 ÷ p50 of the list, 32 at once", "aim": 3.0},
        ),
        (ratio(found, "whole", "page 1000", "list"), _PAGE),
        (ratio(found, "whole", "list", "304"), _UNCHANGED),
    ]
    for kind in KINDS:
        for peer in ("limit", "template", "rest"):
            ours, theirs = kind or "list", f"{kind} {peer}".strip()
            name = f"{WHO[peer]} ÷ Intake, {ours}, processor time of all"
            wanted.append((ratio(found, "whole", theirs, ours), {"name": name}))
    return [Judged(figure=figure, **rest) for figure, rest in wanted if figure is not None]


_LIST: Final[dict[str, Any]] = {
    "aim": 4.5,
    "is_small_good": True,
    "profile": "list",
    "step": "Fewer dependencies: each one is a walk through FastAPI's own, whatever it asks.",
}
_PEER: Final[dict[str, Any]] = {"aim": 4.0, "profile": "list", "step": _LIST["step"]}
_PAGE: Final[dict[str, Any]] = {
    "name": "page 1,000 ÷ page 1",
    "aim": 1.2,
    "is_small_good": True,
    "profile": "page 1000",
    "step": "Two cursors are sealed and one is opened, 20 µs each: seal only the next one.",
}
_UNCHANGED: Final[dict[str, Any]] = {
    "name": "200 ÷ 304",
    "aim": 4.0,
    "profile": "304",
    "step": (
        "A 304 reads the page and compares its digest. Decisions 31 and 39 say what the request costs"
        " beside that, and why no exact version of the list comes near."
    ),
}


def lines(figures: Figures) -> list[str]:
    """Both tables."""
    found: Rounds = figures["cases"]
    rows = [
        said(figures).removesuffix(".")
        + f", one process a server; medians of {max(map(len, found.values()))} rounds.",
        "",
        "| what | requests/s | p50 ms | p99 ms | server µs | PostgreSQL µs |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, words in NAMES.items():
        if name not in found:
            continue
        columns = ("a_second", "median", "p99", "server", "database")
        told = [middle(one[column] for one in found[name]) for column in columns]
        rows.append(
            f"| {words} | {told[0]:,.0f} | {told[1]:.1f} | {told[2]:.1f} |"
            f" {told[3]:,.0f} | {told[4]:,.0f} |"
        )
    return [*rows, "", *judged_lines(judge(figures), figures)]


def plots(figures: Figures) -> dict[str, str]:
    """Processor time of each kind of request, beside that of the others."""
    found: Rounds = figures["cases"]
    panels = []
    for kind, title in KINDS.items():
        bars = []
        for who, words in WHO.items():
            name = (f"{kind} {who}".strip() or "list") if kind or who else "list"
            if name in found:
                spent = middle(_value(one, "whole") for one in found[name])
                bars.append(Bar(words, spent, f"{number(spent)} µs", is_ours=not who))
        if len(bars) > 1:
            panels.append(Panel(title, bars))
    return {"api": draw_bars(panels)}
