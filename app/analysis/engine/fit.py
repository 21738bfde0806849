"""The ranking signal: how well a whole résumé goes with a job, by words and by meaning."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from app.analysis.engine.values import Demands, Profile
from app.analysis.engine.words import cosine

Curve = Sequence[tuple[float, float]]

# From the signal to 0..100, by percentiles of pairs (scripts/bench/matching.py --calibrate).
_BY_WORDS: Final[Curve] = ((0.0, 0.0), (0.05, 20.0), (0.15, 50.0), (0.4, 80.0), (1.6, 100.0))


def fit_of(profile: Profile, demands: Demands) -> float:
    """0 to 100 in steps of a tenth."""
    return on_scale(signal(profile, demands), _BY_WORDS)


def signal(profile: Profile, demands: Demands) -> float:
    """The raw signal: only its order means something."""
    return cosine(profile.terms, demands.terms)


def on_scale(value: float, curve: Curve) -> float:
    """A value on the curve, between its points by straight lines."""
    at = bisect_right([point for point, _ in curve], value)
    if at >= len(curve):
        return curve[-1][1]
    (low, below), (high, above) = curve[at - 1], curve[at]
    return round(below + (above - below) * (value - low) / (high - low), 1)
