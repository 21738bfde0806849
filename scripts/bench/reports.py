"""Tables and plots of start-up, extraction, and searches that grow."""

import statistics
from collections.abc import Sequence
from typing import Final

from scripts.bench.judging import Judged, judged_lines
from scripts.bench.kept import Figures, said
from scripts.bench.plots import Bar, Curves, Panel, draw_bars, draw_curves, number

PROGRAMS: Final = ("API", "worker")


def _middle(rounds: Sequence[Figures], what: str) -> float:
    return float(statistics.median(one[what] for one in rounds))


def startup_lines(figures: Figures) -> list[str]:
    """Each program's seconds and megabytes."""
    rows = [
        said(figures),
        "",
        "| program | ready after, s | processes | memory of all, MB | largest process, MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in PROGRAMS:
        told = {key: _middle(figures[name], key) for key in figures[name][0]}
        rows.append(
            f"| {name} | {told['seconds']:.2f} | {told['processes']:.0f} | {told['pss']:.0f} |"
            f" {told['largest_rss']:.0f} |"
        )
    return [*rows, "", *judged_lines(startup_judge(figures), figures)]


def startup_judge(figures: Figures) -> list[Judged]:
    """What performance asks of start-up and memory."""
    return [
        Judged(
            "`import app.main`, processor time",
            statistics.median(figures["import"]),
            0.8,
            is_small_good=True,
            unit=" s",
            step="By `python -X importtime` 47 % are our own modules (17 routes, 5 models, 5 schemas, which FastAPI, SQLAlchemy and pydantic make into what they need as they load), SQLAlchemy 12, FastAPI 6, aiohttp 5. Next: routes of rooms that a deployment does not use could stay away.",
        ),
        Judged(
            "API at rest, resident",
            _middle(figures["API"], "largest_rss"),
            100,
            is_small_good=True,
            unit=" MB",
            step="Libraries alone are 96 MB before a line of ours: pydantic and FastAPI 30, SQLAlchemy with asyncpg 22, aiohttp 9, redis 8, cryptography and jose 9. Our models and the routes that FastAPI makes of them are 42: routes of rooms that a deployment does not use could stay away.",
        ),
        Judged(
            "a worker's child at rest, its share",
            _middle(figures["worker"], "child_pss"),
            60,
            is_small_good=True,
            unit=" MB",
            step="The tasks' modules are read before the fork; what is left are what each child opens for itself.",
        ),
    ]


def startup_plots(figures: Figures) -> dict[str, str]:
    """Memory and seconds as bars."""
    memory = [
        Bar(name, _middle(figures[name], "pss"), f"{_middle(figures[name], 'pss'):.0f} MB", True)
        for name in PROGRAMS
    ]
    seconds = [
        Bar(
            name,
            _middle(figures[name], "seconds"),
            f"{_middle(figures[name], 'seconds'):.2f} s",
            True,
        )
        for name in PROGRAMS
    ]
    return {
        "startup": draw_bars(
            [Panel("Memory at rest, all processes", memory), Panel("Ready after", seconds)]
        )
    }


def _page_ms(figures: Figures, what: str) -> float:
    return float(statistics.median(figures[what]) * 1000 / figures["pages"])


def extraction_lines(figures: Figures) -> list[str]:
    """What a page costs, each way."""
    ours, other = _page_ms(figures, "ours"), _page_ms(figures, "pdfminer")
    files = figures["files"]
    return [
        said(figures) + f" {files} invented files, {figures['pages']} pages, half in two columns.",
        "",
        "| what | pages a second of one core | ms a page |",
        "| --- | --- | --- |",
        f"| Intake's reader (pdfium, columns put in order) | {1000 / ours:,.0f} | {ours:.2f} |",
        f"| pdfminer.six alone | {1000 / other:,.0f} | {other:.1f} |",
        "",
        f"A file through the child process takes {statistics.median(figures['in children']) * 1000 / files:.0f} ms"
        f" on the clock; to understand it {statistics.median(figures['understanding']) * 1000 / files:.1f} ms"
        " of one core.",
        "",
        *judged_lines(extraction_judge(figures), figures),
    ]


def extraction_judge(figures: Figures) -> list[Judged]:
    """Against pdfminer.six in the same rounds."""
    pairs = zip(figures["pdfminer"], figures["ours"], strict=True)
    return [
        Judged(
            "pdfminer.six ÷ Intake, processor time",
            statistics.median(slow / fast for slow, fast in pairs),
            15,
            step=(
                "Boxes of words, by which columns are put in order, are a third of a page's time; a page"
                " whose lines already stand in order could do without them."
            ),
        )
    ]


def extraction_plots(figures: Figures) -> dict[str, str]:
    """Milliseconds a page."""
    told = [("Intake", "ours", True), ("pdfminer.six alone", "pdfminer", False)]
    bars = [
        Bar(name, _page_ms(figures, key), f"{number(_page_ms(figures, key))} ms", is_ours)
        for name, key, is_ours in told
    ]
    return {"extraction": draw_bars([Panel("A page of a résumé, processor time", bars)])}


def growth_lines(figures: Figures) -> list[str]:
    """Each question by the number of jobs."""
    sizes = list(figures["jobs"])
    rows = [
        said(figures) + f" {figures['rounds']} searches each; median / p99 in ms.",
        "",
        "| question | " + " | ".join(f"{int(size):,} jobs" for size in sizes) + " |",
        "| --- |" + " --- |" * len(sizes),
    ]
    for name in figures["jobs"][sizes[0]]:
        cells = [figures["jobs"][size][name] for size in sizes]
        shown = " | ".join(f"{one['median']:.1f} / {one['p99']:.1f}" for one in cells)
        rows.append(f"| {name} | {shown} |")
    return [*rows, "", *judged_lines(growth_judge(figures), figures)]


def growth_judge(figures: Figures) -> list[Judged]:
    """The slowest question's p99 among the most jobs, and what PostgreSQL has of its median."""
    size = max(figures["jobs"], key=int)
    name, worst = max(figures["jobs"][size].items(), key=lambda pair: float(pair[1]["p99"]))
    return [
        Judged(
            f"slowest question among {int(size):,} jobs (“{name}”), p99",
            worst["p99"],
            50,
            is_small_good=True,
            unit=" ms",
            step=(
                f"Of its median of {worst['median']:.0f} ms PostgreSQL works {worst['postgres']:.0f} ms: where that"
                " is most of it, the next step is in its plan (see the section on search); else the machine"
                " was busy, or the words of the answers are."
            ),
        )
    ]


def growth_plots(figures: Figures) -> dict[str, str]:
    """A curve a question."""
    names = next(iter(figures["jobs"].values()))
    series = {
        name: [(float(size), told[name]["median"]) for size, told in figures["jobs"].items()]
        for name in names
    }
    return {"search-growth": draw_curves(Curves("Search: median ms", "open jobs", series))}
