"""How the processes that ask one payer share its places for calls in flight: values in, values out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Bid:
    """What one process uses at this moment, and what it would use if it could."""

    used: int
    wanted: int
    count: int
    """Places that all processes have together."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a process may use: never more than `places` until the lease ends.

    `fair` is less where others want some of them: calls that end are then not followed by others.
    """

    places: int
    fair: int


class PlaceBook(Protocol):
    """Where it is written down who has how many places of one credential; the one word on it."""

    async def share(self, credential: str, holder: UUID, bid: Bid, lease_seconds: float) -> Share:
        """Write down what the bidder has from now on, for the time of the lease.

        Any exception means that nothing is known to be written.
        """
        ...

    async def leave(self, credential: str, holder: UUID) -> None:
        """The holder has none any more."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What is written down of one process."""

    places: int
    wanted: int


def share_of(holder: UUID, bid: Bid, others: Mapping[UUID, Standing], turn: int) -> Share:
    """The bidder's share beside those of `others`; all shares together never pass the count.

    What it uses already it keeps, for that was its own. `turn` is a number that grows with time,
    so that a place that cannot be divided goes from one process to the next.
    """
    wanted = {other: standing.wanted for other, standing in others.items()} | {holder: bid.wanted}
    fair = _fair(wanted, bid.count, turn)[holder]
    free = bid.count - sum(standing.places for standing in others.values())
    return Share(places=max(bid.used, min(fair, free)), fair=fair)


def _fair(wanted: Mapping[UUID, int], count: int, turn: int) -> dict[UUID, int]:
    """Everybody gets what they want up to the same level; what is left over goes by turns."""
    order = sorted(wanted)
    start = turn % len(order)
    order = order[start:] + order[:start]
    fair = dict.fromkeys(order, 0)
    left = count
    open_bids = [holder for holder in order if wanted[holder] > 0]
    while left and open_bids:
        level = max(1, left // len(open_bids))
        for holder in open_bids:
            more = min(level, wanted[holder] - fair[holder], left)
            fair[holder] += more
            left -= more
        open_bids = [holder for holder in open_bids if fair[holder] < wanted[holder]]
    return fair
