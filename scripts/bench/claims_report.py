"""Claim files: figures as tables and plots, and against what is aimed at."""

import statistics
from typing import Any, Final

from scripts.bench.claim_jobs import Singly, Size
from scripts.bench.house import IN_FLIGHT
from scripts.bench.judging import Judged, judged_lines
from scripts.bench.kept import Figures, said
from scripts.bench.plots import Bar, Curves, Panel, draw_bars, draw_curves, number

BASELINE_ROWS: Final = 2_000


def sizes_of(figures: Figures) -> list[Size]:
    """The sizes as they were measured."""
    return [Size(files=[], **one) for one in figures["sizes"]]


def _usual(figures: Figures) -> tuple[float, float]:
    """One task a row: rows a second, and microseconds of processor time a row."""
    seconds = statistics.median(one for one, _ in figures["baseline"])
    spent = statistics.median(one for _, one in figures["baseline"])
    return BASELINE_ROWS / seconds, spent / BASELINE_ROWS * 1e6


def lines(figures: Figures) -> list[str]:
    """All tables."""
    sizes, (usual, work) = sizes_of(figures), _usual(figures)
    single = Singly(**figures["single"])
    rate, spent = statistics.median(single.rates), statistics.median(single.processor)
    return [
        said(figures).removesuffix(".") + "; medians of the rounds.",
        "",
        "| rows | taken in, rows/s | bare COPY, rows/s | taken in ÷ COPY | upload to COMPLETED,"
        " rows/s | ÷ one task a row | µs a row | API peak MB | worker peak MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_work_line(size, usual) for size in sizes),
        "",
        "| rows | results, rows/s | COPY TO, rows/s | results ÷ COPY TO | growth MB |"
        " payer calls | windows | windows × pages |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_results_line(size) for size in sizes),
        "",
        "| processor time, µs a row | API | workers | PostgreSQL | payer | all | ÷ one task a row |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_processor_line(size, work) for size in sizes),
        "",
        f"One Celery task a row with an ORM insert and commit: {usual:,.0f} rows/s, {work:,.0f} µs"
        f" of processor time a row ({BASELINE_ROWS:,} rows, two processes, no payer call).",
        f"Row mode, {single.latency_ms} ms a call, {IN_FLIGHT} in flight at most"
        f" ({single.most_in_flight} seen): {rate:,.0f} calls/s,"
        f" {rate / single.limit:.2f} of the limit of {single.limit:,.0f} ({single.rows:,} rows);"
        f" {spent / single.rows * 1e6:,.0f} µs of processor time a call, the payer's own included.",
        "",
        *judged_lines(judge(figures), figures),
    ]


def _work_line(size: Size, usual: float) -> str:
    whole, taken, floor = (size.rate(x) for x in (size.whole, size.take_in, size.copy))
    return (
        f"| {size.rows:,} | {taken:,.0f} | {floor:,.0f} | {size.ratio(size.copy, size.take_in):.2f} |"
        f" {whole:,.0f} |"
        f" {whole / usual:.0f}× | {1e6 / whole:.0f} | {max(size.api_mb):.0f} |"
        f" {max(size.worker_mb):.0f} |"
    )


def _results_line(size: Size) -> str:
    out, floor = size.rate(size.download), size.rate(size.copy_out)
    windows = max(size.windows)
    return (
        f"| {size.rows:,} | {out:,.0f} | {floor:,.0f} | {size.ratio(size.copy_out, size.download):.2f} |"
        f" {max(size.growth_mb):.0f} | {max(size.calls):,} | {windows:,} | {windows * 10:,} |"
    )


def _processor_line(size: Size, usual: float) -> str:
    parts = [size.microseconds(name) for name in ("api", "worker", "postgres", "payer")]
    whole = size.microseconds()
    shown = " | ".join(f"{part:.1f}" for part in (*parts, whole))
    return f"| {size.rows:,} | {shown} | {usual / whole:.0f}× |"


def judge(figures: Figures) -> list[Judged]:
    """What performance asks of claim files; the largest size counts."""
    sizes, (usual, work) = sizes_of(figures), _usual(figures)
    single, last = Singly(**figures["single"]), sizes_of(figures)[-1]
    rows = f"{last.rows:,} rows"
    steady = [size for size in sizes if size.rows >= STEADY] or sizes
    grown = last.microseconds() / steady[0].microseconds()
    wanted: list[tuple[str, float, float, dict[str, Any]]] = [
        (f"taken in ÷ COPY, {rows}", last.ratio(last.copy, last.take_in), 0.8, _TAKING),
        (f"results ÷ COPY TO, {rows}", last.ratio(last.copy_out, last.download), 0.8, _GIVING),
        (f"÷ one task a row, rows/s, {rows}", last.rate(last.whole) / usual, 150, _BATCH),
        (
            "row mode ÷ its limit",
            statistics.median(single.rates) / single.limit,
            0.8,
            {
                "profile": "worker",
                "step": "Fewer microseconds a call: its answer is written row by row.",
            },
        ),
        (
            f"processor time a row, {last.rows:,} ÷ {steady[0].rows:,} rows",
            grown,
            1.2,
            {
                "is_small_good": True,
                "step": "PostgreSQL's share grows: the answers' index outgrows memory.",
            },
        ),
        (
            f"memory of the API while results of {rows} go out",
            max(last.growth_mb),
            100,
            {"is_small_good": True, "unit": " MB", "step": "Smaller pieces."},
        ),
    ]
    judged = [Judged(name, figure, aim, **rest) for name, figure, aim, rest in wanted]
    return [*judged, Judged("÷ one task a row, processor time", work / last.microseconds())]


STEADY: Final = 10_000
"""Below it a job's fixed cost is most of it."""
_TAKING: Final = {
    "profile": "api",
    "step": "Reading a row and writing it are one loop in Python: a parser that gives columns.",
}
_GIVING: Final = {
    "profile": "api",
    "step": (
        "Each 5,000 rows are a transaction of their own, so that a slow network holds no connection: its trips,"
        " and the way through the API, come on top of COPY TO. Larger ones where the reader keeps up."
    ),
}
_BATCH: Final = {
    "profile": "worker",
    "step": (
        "A row is written three times at the price of COPY (row, kept claim, answer), asked for over HTTP"
        " and read as JSON: more than a hundredth of one task a row by themselves. Answers that need no"
        " kept claim of their own would spare one of the three."
    ),
}


def plots(figures: Figures) -> dict[str, str]:
    """Beside COPY and the usual way; and how a row's cost and the memory grow."""
    sizes, (usual, _) = sizes_of(figures), _usual(figures)
    last = sizes[-1]
    rates = [
        ("bare COPY", last.rate(last.copy), False),
        ("taken in", last.rate(last.take_in), True),
        ("upload to COMPLETED", last.rate(last.whole), True),
        ("one Celery task a row", usual, False),
    ]
    bars = [Bar(name, rate, f"{number(rate)} rows/s", ours) for name, rate, ours in rates]
    panel = Panel(f"{last.rows:,} claim rows (logarithmic)", bars, is_logarithmic=True)
    drawn = {"claims": draw_bars([panel])}
    if len(sizes) > 1:
        series = {
            "µs a row, clock": [(size.rows, 1e6 / size.rate(size.whole)) for size in sizes],
            "µs a row, processor": [(size.rows, size.microseconds()) for size in sizes],
            "API peak, MB": [(size.rows, max(size.api_mb)) for size in sizes],
            "worker peak, MB": [(size.rows, max(size.worker_mb)) for size in sizes],
        }
        drawn["claims-growth"] = draw_curves(Curves("Claim files", "rows in the file", series))
    return drawn
