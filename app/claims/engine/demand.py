"""From what the rows of a file ask for to the windows that answer most of them. Values only."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from app.claims.engine.days import Span, cut, merged
from app.claims.engine.horizon import Horizon
from app.claims.queries.engine.planning import Demand
from app.claims.queries.engine.windows import WantedWindow

# A window costs up to some pages; fewer rows than this are cheaper to ask one by one.
WORTH_ROWS: Final = 5
# How full a window is planned, of what the payer gives at most: claims are not spread evenly, and a
# window that is too full is asked for in vain. A narrower one costs half a page more.
_FILL: Final = 0.7

_Group = dict[tuple[str, str], list[tuple[Span, int]]]


class Reach(NamedTuple):
    """How many days the payer lets a window have, and how many claims it gives of one."""

    max_days: int
    max_results: int


def windows_for(
    demands: Iterable[Demand],
    horizon: Horizon,
    tins: Sequence[str],
    *,
    usual_payer_id: str,
    reach: Reach,
) -> list[WantedWindow]:
    """Windows within `reach` that each serve enough rows; `tins` are all practices.

    A file with many rows a day foretells many claims a day, so its windows are narrower from the
    start; the halving of those that are too full all the same is the engine's.
    """
    groups: _Group = {}
    for demand in demands:
        span = horizon.of(demand.service_from, demand.service_to)
        if span is None:
            continue
        for tin in [demand.tin] if demand.tin else tins:
            key = (tin, demand.payer_id or usual_payer_id)
            groups.setdefault(key, []).append((span, demand.rows))
    return [
        WantedWindow(tin, payer_id, piece.first, piece.last)
        for (tin, payer_id), spans in groups.items()
        for piece in _worthwhile(spans, reach)
    ]


def _worthwhile(spans: Sequence[tuple[Span, int]], reach: Reach) -> Iterator[Span]:
    for joined in merged(span for span, _ in spans):
        rows = sum(count for span, count in spans if span.meets(joined))
        for piece in cut(joined, _width(joined, rows, reach)):
            served = 0
            for span, count in spans:
                if span.meets(piece):
                    served += count
                if served >= WORTH_ROWS:
                    yield piece
                    break


def _width(joined: Span, rows: int, reach: Reach) -> int:
    """Days of a window, if the payer holds about a claim for each row, spread evenly."""
    days = (joined.last - joined.first).days + 1
    fitting = int(_FILL * reach.max_results * days / rows)
    return min(max(fitting, 1), reach.max_days)
