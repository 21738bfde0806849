"""From what the rows of a file ask for to the windows that answer most of them. Values only."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from app.claims.engine.days import Span, cut, merged
from app.claims.engine.horizon import Horizon
from app.claims.queries.engine.planning import Demand
from app.claims.queries.engine.windows import WantedWindow

# A window costs up to some pages; fewer rows than this are cheaper to ask one by one.
WORTH_ROWS: Final = 5

_Group = dict[tuple[str, str], list[tuple[Span, int]]]


def windows_for(
    demands: Iterable[Demand],
    horizon: Horizon,
    tins: Sequence[str],
    *,
    usual_payer_id: str,
    max_days: int,
) -> list[WantedWindow]:
    """Windows of at most `max_days` that each serve enough rows; `tins` are all practices."""
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
        for piece in _worthwhile(spans, max_days)
    ]


def _worthwhile(spans: Sequence[tuple[Span, int]], max_days: int) -> Iterator[Span]:
    for joined in merged(span for span, _ in spans):
        for piece in cut(joined, max_days):
            rows = 0
            for span, count in spans:
                if span.meets(piece):
                    rows += count
                if rows >= WORTH_ROWS:
                    yield piece
                    break
