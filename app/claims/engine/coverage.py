"""Which days of which practice the walked windows cover, and where they are unsure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from app.claims.engine.days import Span, merged, without
from app.claims.payers.port import WindowTooLarge
from app.claims.queries.engine.rows import array_literal
from app.claims.queries.engine.windows import SPLIT, WalkedWindow

TRUNCATED: Final = WindowTooLarge.row_code or "payer.truncated"


class Place(NamedTuple):
    """Days of one practice at one payer id."""

    tin: str
    span: Span


class Look(NamedTuple):
    """What the windows say about the days and practices of a row."""

    query_ids: tuple[int, ...]
    proof: str
    """The same as an array literal, which many rows share."""
    missing: tuple[Place, ...]
    """Not walked by any window."""
    truncated: tuple[Place, ...]
    """Walked, but the payer did not give its whole list."""
    broken: str | None
    """Code of a window that failed for good, so that asking again is no use."""
    awaited: bool
    """Some of the days are being walked at this moment."""

    @property
    def is_complete(self) -> bool:
        """Whether a claim that was not seen is not there."""
        return not (self.missing or self.truncated or self.broken or self.awaited)


class Coverage:
    """The windows of a job; rows with the same days and practices are looked up once."""

    def __init__(self, windows: Iterable[WalkedWindow]) -> None:
        self._windows: dict[tuple[str, str], list[WalkedWindow]] = {}
        self._payer_ids: dict[int, str] = {}
        self._looks: dict[tuple[tuple[str, ...], str, Span], Look] = {}
        for window in windows:
            self._payer_ids[window.id] = window.payer_id
            if window.error_code != SPLIT:
                self._windows.setdefault((window.tin, window.payer_id), []).append(window)

    @property
    def is_known(self) -> bool:
        """Whether there is any window."""
        return bool(self._windows)

    def payer_id_of(self, query_id: int) -> str | None:
        """The payer id that a kept claim was asked under."""
        return self._payer_ids.get(query_id)

    def look(self, tins: Sequence[str], payer_id: str, span: Span) -> Look:
        """What is known about these practices in these days."""
        key = (tuple(tins), payer_id, span)
        if key not in self._looks:
            self._looks[key] = self._look(key[0], payer_id, span)
        return self._looks[key]

    def _look(self, tins: tuple[str, ...], payer_id: str, span: Span) -> Look:
        query_ids: list[int] = []
        missing: list[Place] = []
        truncated: list[Place] = []
        broken: str | None = None
        awaited = False
        for tin in tins:
            here = [w for w in self._windows.get((tin, payer_id), ()) if span_of(w).meets(span)]
            query_ids += [window.id for window in here]
            missing += [Place(tin, s) for s in without(span, merged(map(span_of, here)))]
            for window in here:
                if window.complete:
                    continue
                if window.error_code is None:
                    awaited = True
                elif window.error_code == TRUNCATED:
                    truncated.append(Place(tin, span_of(window).within(span) or span))
                else:
                    broken = broken or window.error_code
        proof = array_literal(query_ids)
        return Look(tuple(query_ids), proof, tuple(missing), tuple(truncated), broken, awaited)


def span_of(window: WalkedWindow) -> Span:
    """The days of a window."""
    return Span(window.from_date, window.to_date)
