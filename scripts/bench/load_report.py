"""The load with faults: its table, its minutes as a plot, and what is asked of it."""

import statistics
from collections.abc import Sequence
from typing import Final

from scripts.bench.judging import Judged, judged_lines
from scripts.bench.kept import Figures, said
from scripts.bench.plots import Curves, draw_curves

MOST_P99_MS: Final = 2_000.0
MOST_GROWTH: Final = 1.15
PROGRAMS: Final = ("API", "worker")


def _memory(figures: Figures) -> list[list[float]]:
    """From when the API's process was replaced: a new process has its own beginning."""
    replaced = figures["faults"][0][0]
    seen: list[list[float]] = [one for one in figures["memory"] if one[0] > replaced + SETTLING]
    return seen if len(seen) > 4 else figures["memory"]


SETTLING: Final = 20.0
"""Seconds in which a new process reads what its first requests need."""


def growth(figures: Figures, place: int) -> float:
    """The last fifth of a program's memory against the first fifth."""
    seen = [one[place] for one in _memory(figures)]
    fifth = max(1, len(seen) // 5)
    return statistics.median(seen[-fifth:]) / (statistics.median(seen[:fifth]) or 1.0)


def slope(figures: Figures, place: int) -> float:
    """Megabytes an hour, by the line of least squares."""
    seen = _memory(figures)
    if len(seen) < 2:
        return 0.0
    line = statistics.linear_regression([one[0] for one in seen], [one[place] for one in seen])
    return line.slope * 3600


def judge(figures: Figures) -> list[Judged]:
    """What must hold; each without a unit is a count."""
    worst = max(minute["p99"] for minute in figures["minutes_seen"])
    asked = [
        ("undeclared 5xx and broken connections", len(figures["undeclared"]), 0.0, ""),
        ("files taken and lost", len(figures["lost"]), 0.0, ""),
        ("p99 of the worst minute", worst, MOST_P99_MS, " ms"),
        *(
            (f"memory of the {name}, end ÷ beginning", growth(figures, place), MOST_GROWTH, "")
            for place, name in enumerate(PROGRAMS, start=1)
        ),
    ]
    return [
        Judged(name, float(figure), aim, is_small_good=True, unit=unit, step=_STEPS.get(name, ""))
        for name, figure, aim, unit in asked
    ]


_STEPS: Final = {
    "undeclared 5xx and broken connections": "What broke, and at which fault, stands on the command's standard error.",
    "files taken and lost": "Their addresses and states stand on the command's standard error.",
    "p99 of the worst minute": "Requests wait for Redis, or for the processor that the workers have: look at the minute's fault.",
}


def lines(figures: Figures) -> list[str]:
    """The table."""
    counts = sorted(figures["statuses"].items())
    said_statuses = ", ".join(f"{count:,} × {status}" for status, count in counts)
    memory = ", ".join(
        f"{name} {_memory(figures)[-1][place]:.0f} MB ({slope(figures, place):+.0f} MB an hour)"
        for place, name in enumerate(PROGRAMS, start=1)
    )
    ramp = ", ".join(f"{rate:,.0f} by {clients:.0f}" for clients, rate in figures["ramp"])
    cost = ", ".join(f"{name} {spent:,.0f} µs" for name, spent in figures["cost"].items())
    return [
        said(figures).removesuffix(".") + f", {figures['minutes']:g} minutes.",
        "",
        "| what | found |",
        "| --- | --- |",
        f"| answered a second, by so many clients at once | {ramp} |",
        f"| processor time a request | {cost} |",
        f"| the machine's pace, against that of the ramp | {_paces(figures)} |",
        f"| sent | {figures['rate']:,.0f} a second or less, by the pace; {figures['sent']:,} in all |",
        f"| answers | {said_statuses} |",
        f"| median, p99, longest | {figures['median']:,.0f}, {figures['p99']:,.0f},"
        f" {figures['longest']:,.0f} ms |",
        f"| claim files and résumés taken, lost | {figures['taken']}, {len(figures['lost'])} |",
        f"| memory at the end | {memory} |",
        f"| faults | {_faults(figures['faults'])} |",
        "",
        *judged_lines(judge(figures), figures),
    ]


def _paces(figures: Figures) -> str:
    seen = [one[3] for one in figures["memory"]]
    return f"{min(seen):.2f} to {max(seen):.2f}, in the middle {statistics.median(seen):.2f}"


def _faults(done: Sequence[Sequence[object]]) -> str:
    names = [str(name) for _, name in done]
    return "; ".join(f"{names.count(name)} × {name}" for name in dict.fromkeys(names))


def plots(figures: Figures) -> dict[str, str]:
    """Each minute's median and p99; more than three minutes make a curve."""
    minutes = figures["minutes_seen"]
    if len(minutes) < 4:
        return {}
    series = {
        name: [(float(place), minute[name]) for place, minute in enumerate(minutes, start=1)]
        for name in ("median", "p99")
    }
    return {"load": draw_curves(Curves("Load with faults: ms", "minute", series, is_even=True))}
