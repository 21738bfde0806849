"""How quick the machine is just now: that of a shared one moves by half within minutes."""

import asyncio
import statistics
import time
from collections import deque
from typing import Final

_EVERY_SECONDS: Final = 0.25
_LOOKS: Final = 12
_TURNS: Final = 20_000


class Pace:
    """A small piece of work again and again, by its processor time: other programs do not count."""

    def __init__(self) -> None:
        self._seen: list[float] = []
        self._newest: deque[float] = deque(maxlen=_LOOKS)
        self._usual = 0.0

    async def watch(self) -> None:
        """Look four times a second, until cancelled; each look takes one or two milliseconds."""
        while True:
            took = _worked()
            self._newest.append(took)
            if not self._usual:
                self._seen.append(took)
            await asyncio.sleep(_EVERY_SECONDS)

    def take_for_usual(self) -> None:
        """What was seen by now is what `share` compares with."""
        self._usual = statistics.median(self._seen)

    def share(self) -> float:
        """How quick the machine was in the last three seconds: 1 is as usual, 0.5 half as quick."""
        return self._usual / statistics.median(self._newest)


def _worked() -> float:
    began = time.thread_time()
    total = 0
    for number in range(_TURNS):
        total += number
    return time.thread_time() - began
