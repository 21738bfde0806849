"""Runs trials with pytest and reads what came of them."""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from scripts.scoring.trials import Trial

PROJECT = Path(__file__).resolve().parents[2]
# Scenarios of faults have servers of their own, and wait more than they work.
PROCESSES = int(os.environ.get("TEST_PROCESSES", "2"))


@dataclass
class Outcome:
    """What became of one test."""

    test: str
    verdict: str
    seconds: float
    facts: dict[str, str] = field(default_factory=dict)


def run(trials: Iterable[Trial]) -> dict[frozenset[tuple[str, str]], list[Outcome]]:
    """Run every test that some trial takes, once for each set of variables."""
    by_variables: dict[frozenset[tuple[str, str]], list[Trial]] = {}
    for trial in trials:
        by_variables.setdefault(frozenset(trial.variables.items()), []).append(trial)
    return {
        variables: _run_group(dict(variables), group) for variables, group in by_variables.items()
    }


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
        alone = "INTAKE_FUZZ" in variables or "INTAKE_CANARY" in variables
        command = [
            *("-q", f"@{names}", f"--junitxml={report}", "-o", "junit_family=xunit1"),
            *("--show-capture=no", "--tb=short"),
            *(() if alone else ("-n", str(PROCESSES), "--dist", "worksteal")),
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
