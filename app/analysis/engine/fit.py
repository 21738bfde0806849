"""The ranking signal: how well a whole résumé goes with a job, by words and by meaning."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, Protocol

from app.analysis.engine.meaning import likeness
from app.analysis.engine.words import cosine

Curve = Sequence[tuple[float, float]]

MEANING: Final = 0.75
"""What the likeness of meaning weighs against that of words; chosen on scripts/bench/matching.py."""
# From the signal to 0..100, by percentiles of pairs (scripts/bench/matching.py --calibrate): the
# middle of strangers is 10, their best hundredth 55; the middle of those that belong together is 75.
_BY_WORDS: Final[Curve] = (
    (0.0, 0.0),
    (0.0226, 10.0),
    (0.0731, 35.0),
    (0.1782, 55.0),
    (0.2266, 75.0),
    (0.3879, 92.0),
    (0.7, 100.0),
)
_BY_MEANING: Final[Curve] = (
    (0.0, 0.0),
    (0.2165, 10.0),
    (0.3903, 35.0),
    (0.6146, 55.0),
    (0.7748, 75.0),
    (0.9727, 92.0),
    (1.4, 100.0),
)


class Comparable(Protocol):
    """What rests on words and meaning of a résumé or a job."""

    @property
    def terms(self) -> dict[str, float]:
        """Words and pairs with their weights, of length one."""

    @property
    def embedding(self) -> bytes:
        """The vector, or nothing."""


def fit_of(profile: Comparable, demands: Comparable) -> float:
    """0 to 100 in steps of a tenth."""
    has_meaning = bool(profile.embedding and demands.embedding)
    curve = _BY_MEANING if has_meaning else _BY_WORDS
    return on_scale(signal(profile, demands), curve)


def signal(profile: Comparable, demands: Comparable) -> float:
    """The raw signal: only its order means something."""
    words = cosine(profile.terms, demands.terms)
    if not (profile.embedding and demands.embedding):
        return words
    return words + MEANING * max(0.0, likeness(profile.embedding, demands.embedding))


def on_scale(value: float, curve: Curve) -> float:
    """A value on the curve, between its points by straight lines."""
    at = bisect_right([point for point, _ in curve], value)
    if at >= len(curve):
        return curve[-1][1]
    (low, below), (high, above) = curve[at - 1], curve[at]
    return round(below + (above - below) * (value - low) / (high - low), 1)
