"""Where a quantile stands among sorted lengths, by how many there are of each rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quantile stands: between two of the sorted lengths of a range, or on one of them.

    It is what `percentile_cont` gives: https://www.postgresql.org/docs/current/functions-aggregate.html
    """

    which: int
    share: float
    ranks: list[int]
    skipped: int
    taken: int
    weight: float

    def between(self, lengths: Sequence[float]) -> float:
        """The quantile, by the one or two lengths that it stands between."""
        return lengths[0] + self.weight * (lengths[-1] - lengths[0])


def place_of(which: int, ranks: Mapping[int, int], share: float) -> Place:
    """The place of the quantile, by how many lengths there are of each rank in order."""
    exact = share * (sum(ranks.values()) - 1)
    lower, upper = floor(exact), ceil(exact)
    passed, skipped = 0, 0
    read: list[int] = []
    for rank, many in ranks.items():
        if passed <= upper and passed + many > lower:
            if not read:
                skipped = lower - passed
            read.append(rank)
        passed += many
    return Place(which, share, read, skipped, upper - lower + 1, exact - lower)
