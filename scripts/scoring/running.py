"""Runs trials with pytest and reads what came of them."""

import ast
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from scripts.scoring.trials import Trial

PROJECT = Path(__file__).resolve().parents[2]
PROCESSES = int(os.environ.get("TEST_PROCESSES", "2"))
# Scenarios of faults have servers of their own, and wait more than they work.
SCENARIOS = 2 * PROCESSES


@dataclass
class Outcome:
    """What became of one test."""

    test: str
    verdict: str
    seconds: float
    facts: dict[str, str] = field(default_factory=dict)


Found = dict[frozenset[tuple[str, str]], list[Outcome]]


def run(trials: Iterable[Trial]) -> Iterator[Found]:
    """Run every test that some trial takes, once for each set of variables; all found so far after each."""
    by_variables: dict[frozenset[tuple[str, str]], list[Trial]] = {}
    for trial in trials:
        by_variables.setdefault(frozenset(trial.variables.items()), []).append(trial)
    found: Found = {}
    # What takes longest comes last, so that an interruption costs least.
    for variables in sorted(by_variables, key=lambda one: (bool(one), sorted(one))):
        began = time.monotonic()
        found[variables] = _run_group(dict(variables), by_variables[variables])
        named = " ".join("=".join(pair) for pair in sorted(variables)) or "as they are"
        sys.stderr.write(f"{named}: {time.monotonic() - began:.0f} s\n")
        yield found


def _processes(variables: Mapping[str, str]) -> int:
    """How many at a time; 0 where a trial needs the machine, or a server, for itself."""
    if "alone" in variables.values() or variables.keys() & {"INTAKE_FUZZ", "INTAKE_CANARY"}:
        return 0
    return SCENARIOS if "INTAKE_FAULTS" in variables else PROCESSES


def _run_group(variables: Mapping[str, str], trials: Sequence[Trial]) -> list[Outcome]:
    files = {test.partition("::")[0] for trial in trials for test in trial.tests}
    there = sorted(file for file in files if (PROJECT / file).exists())
    wanted = [
        test for test in _collect(variables, there) if any(trial.takes(test) for trial in trials)
    ]
    if not wanted:
        return []
    with tempfile.TemporaryDirectory() as folder:
        names, report = Path(folder) / "tests", Path(folder) / "report.xml"
        names.write_text("\n".join(wanted))
        processes = _processes(variables)
        command = [
            *("-q", f"@{names}", f"--junitxml={report}", "-o", "junit_family=xunit1"),
            *("--show-capture=no", "--tb=short"),
            *(("-n", str(processes), "--dist", "worksteal") if processes else ()),
        ]
        _pytest(variables, command, stdout=sys.stderr)
        return list(_outcomes(report))


def _pytest(
    variables: Mapping[str, str], arguments: Sequence[str], *, stdout: IO[str] | int
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=PROJECT,
        env={**os.environ, **variables},
        stdout=stdout,
        text=True,
        check=False,
    )


def _collect(variables: Mapping[str, str], files: Sequence[str]) -> list[str]:
    if not files:
        return []
    said = _pytest(variables, ["--collect-only", "-q", *files], stdout=subprocess.PIPE).stdout
    return [line for line in said.splitlines() if "::" in line]


def _outcomes(report: Path) -> Iterable[Outcome]:
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own file.
        found = {child.tag for child in case}
        verdict = "failed" if found & {"failure", "error"} else "passed"
        facts = {
            one.get("name", ""): one.get("value", "") for one in case.findall("properties/property")
        }
        yield Outcome(
            f"{case.get('file')}::{case.get('name')}",
            "skipped" if "skipped" in found else verdict,
            float(case.get("time", "0")),
            facts,
        )


def fault_of(outcome: Outcome) -> dict[str, object] | None:
    """What a scenario of faults has counted."""
    told = outcome.facts.get("fault")
    return dict(ast.literal_eval(told)) if told else None
