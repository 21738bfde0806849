"""Shares, changes and funnels. Where there is nothing to divide by there is no number."""

from collections.abc import Iterable, Mapping
from typing import Final

from app.applications.moves import STAGES
from app.optimus.schemas import FigureOut, StepOut

FUNNEL: Final = (*STAGES, "accepted")


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, 0 to 1; None of nothing."""
    return round(part / whole, 4) if whole else None


def figure(value: int, previous: int) -> FigureOut:
    """A count beside that of the period before."""
    return FigureOut(value=value, previous=previous, change_percent=change_percent(value, previous))


def by_name(names: Iterable[str], counts: Mapping[str, int]) -> dict[str, int]:
    """The count of every name, 0 where there is none."""
    return {name: counts.get(name, 0) for name in names}


def funnel(reached: Mapping[int, int]) -> list[StepOut]:
    """How many came at least as far as each stage, from how many got exactly how far."""
    counts = [
        sum(many for stage, many in reached.items() if stage >= at) for at in range(len(FUNNEL))
    ]
    return [
        StepOut(
            stage=stage,
            count=counts[at],
            share=share(counts[at], counts[0]),
            conversion=share(counts[at], counts[at - 1]) if at else None,
        )
        for at, stage in enumerate(FUNNEL)
    ]


def change_percent(value: float | None, previous: float | None) -> float | None:
    """How much more it is than before, in per cent; None where there is nothing to compare."""
    if value is None or not previous:
        return None
    return round((value - previous) / previous * 100, 1)
