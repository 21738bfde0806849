"""A circuit breaker: a service that fails again and again is left alone but for one trial at a time."""

import threading
import time
from collections.abc import Callable
from typing import Final
from weakref import WeakSet


class Breaker:
    """Counts failures in a row; state of one process, safe within one event loop.

    One with a `name` is said in the process's heartbeat as long as it is open.
    """

    def __init__(
        self,
        *,
        name: str = "",
        threshold: int = 8,
        pause_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.pause_seconds = pause_seconds
        self._threshold = threshold
        self._clock = clock
        self._failures = 0
        self._next_trial = 0.0
        if name:
            with _NAMING:
                _NAMED.add(self)

    @property
    def is_open(self) -> bool:
        """True from the last of `threshold` failures in a row until the next success."""
        return self._failures >= self._threshold

    def admit(self) -> float:
        """0.0 to go ahead, else the seconds until the next trial.

        While the circuit is open a go-ahead is the one trial, and the next comes a pause later.
        """
        if not self.is_open:
            return 0.0
        now = self._clock()
        if now < self._next_trial:
            return self._next_trial - now
        self._next_trial = now + self.pause_seconds
        return 0.0

    def succeeded(self) -> None:
        """The service answered; the circuit is closed."""
        self._failures = 0

    def failed(self) -> None:
        """The service did not answer, or said that it cannot."""
        self._failures += 1
        if self._failures == self._threshold:
            self._next_trial = self._clock() + self.pause_seconds


# A process's own; one goes with whoever holds it.
_NAMED: Final[WeakSet[Breaker]] = WeakSet()
# Heartbeats are written by a thread.
_NAMING: Final = threading.Lock()


def open_circuits() -> tuple[str, ...]:
    """The names of this process's breakers that are open now."""
    with _NAMING:
        known = list(_NAMED)
    return tuple(sorted({breaker.name for breaker in known if breaker.is_open}))
