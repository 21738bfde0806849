"""How long payers have lately taken, so that no step is begun that the slice would cut off."""

import time
from typing import Final

_FADING: Final = 0.9
# A slice begins with more time than this, so that even the slowest payer is asked in each.
LONGEST_SECONDS: Final = 25.0


class Tempo:
    """Of one process, by provider; outlives its slices."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._look_after = 0.0

    def expected(self, provider: str) -> float:
        """Seconds that a call should be given."""
        return min(self._seconds.get(provider, 0.0), LONGEST_SECONDS)

    def note(self, provider: str, seconds: float) -> None:
        """A call took so long, or at least so long where it was cut off."""
        known = self._seconds.get(provider, 0.0)
        self._seconds[provider] = max(seconds, known * _FADING)

    def may_look(self) -> bool:
        """Whether it is time to look at rows that wait, which is done on the side."""
        return time.monotonic() >= self._look_after

    def looked(self, rest_seconds: float) -> None:
        """No other look for so long."""
        self._look_after = time.monotonic() + rest_seconds
