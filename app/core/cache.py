"""A small memory of one process: answers for a few seconds, and one reader at a time for each.

Nothing that must be exact lives here; whoever needs the truth asks the database.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ReadThrough(Generic[K, V]):
    """Remembers what `load` gave for `seconds`; at most `size` keys, the oldest go first.

    Callers that ask for the same key at once share one load. A load that fails is not remembered.
    """

    def __init__(self, *, seconds: float, size: int = 10_000) -> None:
        self._seconds = seconds
        self._size = size
        self._known: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._loading: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The remembered value, or the one that `load` gives now."""
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        task = self._loading.get(key)
        if task is None:
            task = asyncio.ensure_future(self._load(key, load))
            self._loading[key] = task
            task.add_done_callback(lambda done: self._forget_task(key, done))
        # One caller that goes away must not take the load from the others.
        return await asyncio.shield(task)

    def forget(self, key: K) -> None:
        """Read it anew next time: call it when the value was changed here."""
        self._known.pop(key, None)
        # A load that began before the change would bring the old value back.
        self._loading.pop(key, None)

    async def _load(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        value = await load()
        if self._loading.get(key) is asyncio.current_task():
            self._known[key] = (time.monotonic() + self._seconds, value)
            self._known.move_to_end(key)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return value

    def _forget_task(self, key: K, done: asyncio.Task[V]) -> None:
        if self._loading.get(key) is done:
            del self._loading[key]
        if not done.cancelled():
            # Taken up, so that a failed load whose callers all left is not reported as unseen.
            done.exception()
