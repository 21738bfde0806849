"""The scorecard: `./scripts/scorecard [--short] [--write] [numbers]`.

Prints each line's figure against its target; leaves with 1 when one of them is missed. `--short` is
the cut of some minutes for every landing, `--write` puts the table into docs/scorecard.md.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.core import clock
from scripts.scoring.lines import LINES
from scripts.scoring.running import PROJECT, Found, Outcome, fault_of, run
from scripts.scoring.trials import Line, Trial

PAGE = PROJECT / "docs" / "scorecard.md"
MARK = "<!-- scorecard -->"


@dataclass(frozen=True)
class Score:
    """A line with what was found."""

    line: Line
    verdict: str
    figure: str


def score(line: Line, trials: Sequence[Trial], found: Found) -> Score:
    """The line's verdict: reached when something was tried, all of it held and nothing was left out."""
    if not trials:
        return Score(line, "not here", line.note)
    outcomes = [
        outcome
        for trial in trials
        for outcome in found[frozenset(trial.variables.items())]
        if trial.takes(outcome.test)
    ]
    tried = [one for one in outcomes if one.verdict != "skipped"]
    failed = [one for one in tried if one.verdict == "failed"]
    verdict = "missed" if failed or not outcomes else "reached" if tried else "not here"
    parts = [*_faults(outcomes), *(one.facts["figure"] for one in tried if "figure" in one.facts)]
    parts.append(
        f"{len(tried)} trials, {len(failed)} failed, {sum(o.seconds for o in tried):.0f} s"
    )
    if len(outcomes) > len(tried):
        parts.append(f"{len(outcomes) - len(tried)} cannot run on this machine")
    if line.note:
        parts.append(line.note)
    return Score(line, verdict, "; ".join(parts))


def _faults(outcomes: Sequence[Outcome]) -> list[str]:
    """The counts of all scenarios of a line together."""
    counts = [fault for fault in map(fault_of, outcomes) if fault is not None]
    if not counts:
        return []
    names = {"lost": "lost", "double": "double", "counter_minus_rows": "counter − rows"}
    sums = {name: sum(int(str(one[name])) for one in counts) for name in ("rows", "faults", *names)}
    slowest = max(float(str(one["seconds"])) for one in counts)
    told = ", ".join(f"{word} {sums[name]}" for name, word in names.items())
    return [f"{sums['faults']} faults in {sums['rows']} rows: {told}; slowest job {slowest:.0f} s"]


def table(scores: Sequence[Score]) -> list[str]:
    """The table in Markdown."""
    head = ["| # | what is tried | figure to reach | | found |", "| --- | --- | --- | --- | --- |"]
    signs = {"reached": "✔", "missed": "✘", "not here": "–"}
    return head + [
        f"| {one.line.number} | {one.line.what} | {one.line.target} | {signs[one.verdict]} |"
        f" {one.figure} |"
        for one in scores
    ]


def write(lines: Sequence[str], seconds: float) -> None:
    """Put the lines into the table behind the mark of its page; others stay as they were."""
    before, mark, former = PAGE.read_text(encoding="utf-8").partition(MARK)
    rows = {_number(row): row for row in [*former.splitlines(), *lines[2:]] if _number(row)}
    said = (
        f"Last run on {clock.now().date().isoformat()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, {len(lines) - 2} lines in {seconds / 60:.0f} minutes; the others"
        " keep what was found when they ran last."
    )
    kept = [rows[number] for number in sorted(rows)]
    PAGE.write_text(
        "\n".join([f"{before}{mark}", said, "", *lines[:2], *kept, ""]), encoding="utf-8"
    )


def _number(row: str) -> int:
    """The number that a row of the table begins with; 0 for any other text."""
    first = row.strip("| ").partition(" ")[0]
    return int(first) if row.startswith("| ") and first.isdigit() else 0


def known(plan: Sequence[tuple[Line, Sequence[Trial]]], found: Found) -> list[Score]:
    """The scores of all lines whose trials are over."""
    return [
        score(line, trials, found)
        for line, trials in plan
        if all(frozenset(trial.variables.items()) in found for trial in trials)
    ]


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    chosen = [line for line in LINES if not options.numbers or line.number in options.numbers]
    plan = [(line, line.short if options.short else line.trials) for line in chosen]
    if options.short:
        plan = [(line, trials) for line, trials in plan if trials]
    began = time.monotonic()
    scores = [score(line, trials, {}) for line, trials in plan if not trials]
    for found in run(trial for _, trials in plan for trial in trials):
        # Whoever interrupts it keeps what is known by then.
        scores = known(plan, found)
        if options.write:
            write(table(scores), time.monotonic() - began)
    sys.stdout.write("\n".join([*table(scores), ""]))
    return 1 if any(one.verdict == "missed" for one in scores) else 0


if __name__ == "__main__":
    raise SystemExit(main())
