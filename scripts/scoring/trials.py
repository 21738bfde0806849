"""The forty lines of the scorecard: what is tried, what is to be reached, and which trials show it.

A trial is tests that are there anyway, in their long form where they have one. A line that says less
than its heading says so in `note`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

FAULTS = "tests/faults/test_faults.py"
DIES = f"{FAULTS}::test_what_dies_or_sleeps"
EACH_KIND = f"{FAULTS}::test_jobs_survive_a_fault_of_each_kind"
LONG = {"INTAKE_FAULTS": "long"}
SHORT = {"INTAKE_FAULTS": "short"}
FILLED = {
    "INTAKE_MIGRATIONS": "long",
    "INTAKE_MIGRATIONS_CLAIMS": "100000",
    "INTAKE_MIGRATIONS_ROWS": "3000",
}
"""A database that migrations find something in, and minutes instead of a quarter of an hour."""


@dataclass(frozen=True)
class Trial:
    """Tests whose ids begin with one of `tests`, run with some variables set."""

    tests: tuple[str, ...]
    holding: tuple[str, ...] = ("",)
    """An id holds one of these as well."""

    variables: Mapping[str, str] = field(default_factory=dict)

    def takes(self, test: str) -> bool:
        """Whether the test belongs to this trial."""
        begins = test.startswith(self.tests)
        return begins and any(part in test for part in self.holding)


@dataclass(frozen=True)
class Line:
    """One line; without a trial `note` says why it cannot run here."""

    number: int
    what: str
    target: str
    trials: tuple[Trial, ...] = ()
    short: tuple[Trial, ...] = ()
    """What the cut for every landing runs; empty: the line is not in it."""

    note: str = ""


def of(*tests: str, holding: tuple[str, ...] = ("",), **variables: str) -> tuple[Trial, ...]:
    """One trial."""
    return (Trial(tests, holding, variables),)


def dies(*names: str) -> tuple[Trial, ...]:
    """Scenarios of the faults suite, by the beginning of their names."""
    return (Trial((DIES,), tuple(f"[{name}" for name in names), LONG),)


def quick(number: int, what: str, target: str, *tests: str, note: str = "") -> Line:
    """A line whose trial is quick enough to be in the cut as it is."""
    return Line(number, what, target, of(*tests), of(*tests), note)


DAILY = (Trial((EACH_KIND,), variables=SHORT),)
