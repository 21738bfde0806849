"""Figures against their targets; what is missed has a profile beside it and a next step in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.bench.kept import Figures


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure; without an aim it is there for comparison."""

    name: str
    figure: float
    aim: float | None = None
    is_small_good: bool = False
    step: str = ""
    """What would be done next were it missed."""
    profile: str = ""
    """The name of the profile that is taken when it is missed."""
    unit: str = field(default="")

    @property
    def is_missed(self) -> bool:
        """Whether it falls short."""
        if self.aim is None:
            return False
        return self.figure > self.aim if self.is_small_good else self.figure < self.aim

    def row(self) -> str:
        """A line of the table."""
        sign = "–" if self.aim is None else f"{'≤' if self.is_small_good else '≥'} {self.aim:g}"
        missed = "missed" if self.is_missed else ""
        return f"| {self.name} | {self.figure:,.2f}{self.unit} | {sign}{self.unit if self.aim else ''} | {missed} |"


def judged_lines(judged: Sequence[Judged], figures: Figures) -> list[str]:
    """The table, and beside each miss its next step and its profile."""
    lines = ["| ratio | figure | target | |", "| --- | --- | --- | --- |"]
    lines += [one.row() for one in judged]
    missed = [one for one in judged if one.is_missed]
    for one in missed:
        lines += ["", f"**Missed: {one.name}.** {one.step or 'No next step is known.'}"]
    profiles = figures.get("profiles", {})
    for name in dict.fromkeys(one.profile for one in missed if one.profile in profiles):
        lines += ["", *_details(name, profiles[name])]
    return lines


def _details(name: str, profile: Figures) -> list[str]:
    """A profile that opens when somebody wants to see it."""
    head = [
        "<details>",
        f"<summary>Where the time goes: {name} ({profile['by']}, {profile['samples']:,} samples)</summary>",
        "",
        "| by itself | function |",
        "| --- | --- |",
    ]
    own = [f"| {share:.1%} | `{where}` |" for where, share in profile["own"]]
    whole = [f"| {share:.1%} | `{where}` |" for where, share in profile["whole"]]
    between = ["", "| with what it calls | function of this project |", "| --- | --- |"]
    return [*head, *own, *between, *whole, "", "</details>"]
