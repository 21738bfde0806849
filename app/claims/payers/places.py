"""Calls in flight with one credential, counted over all workers in Redis.

A place that was taken is used again by the same process for some seconds, so that a busy worker
asks Redis once in a while and not at each call. Where Redis is away, each process counts for
itself, and less.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.claims.payers.port import NoPermit
from app.core.ids import new_id
from app.core.log import logger

_TAKE: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
_GIVE_BACK: Final = "return redis.call('ZREM', KEYS[1], unpack(ARGV))"
STORE_SECONDS: Final = 0.25
STORE_REST_SECONDS: Final = 5.0
# How many processes may be asking at once is not known without Redis; four is a guess on the safe side.
LOCAL_SHARE: Final = 0.25
_LINGER_SECONDS: Final = 0.1
# After so long a busy process gives its places back, so that the others get their turn.
_REUSE_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.03


class SharedStore(Protocol):
    """What is needed of a Redis client."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Awaitable[Any] | Any:
        """Run a Lua script."""
        ...


class Shared:
    """A store that may be away: after a failure it is left alone for some seconds."""

    def __init__(self, store: SharedStore | None, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._rests_until = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether there should be a store, so that a process alone has to be careful."""
        return self._store is not None

    async def run(self, script: str, keys: list[str], *arguments: object) -> Any:
        """What the script answers; None where there is no store to ask."""
        if self._store is None or self._clock() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await self._store.eval(script, len(keys), *keys, *arguments)
        except Exception as fault:  # noqa: BLE001 -- a broken store of any kind must not stop a call
            self._rests_until = self._clock() + STORE_REST_SECONDS
            logger.warning("payer.brakes_alone", fault=type(fault).__name__)
            return None


def key_of(credential_digest: str) -> str:
    """What all keys of a credential begin with; the braces keep them on one node of a cluster."""
    return f"payer:{{{credential_digest}}}"


@dataclass(frozen=True, slots=True)
class Place:
    """One call in flight; without an id it is counted in this process alone."""

    id: str | None
    taken_at: float


class Places:
    """The places of one credential, for one event loop."""

    def __init__(
        self,
        key: str,
        count: int,
        *,
        shared: Shared,
        hold_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._count = count
        self._shared = shared
        # A process that dies leaves its places; they are free again when the longest call would be.
        self._hold_ms = round((hold_seconds + _REUSE_SECONDS + _LINGER_SECONDS) * 1000)
        self._clock = clock
        self._slots = asyncio.Semaphore(count)
        self._alone = asyncio.Semaphore(max(1, round(count * LOCAL_SHARE)))
        self._idle: list[Place] = []
        self._errands: set[asyncio.Task[Any]] = set()

    async def take(self, patience_seconds: float) -> Place:
        """A place; to be given back by `give_back`.

        Raises:
            NoPermit: all places stayed taken for `patience_seconds`.
        """
        # In this process calls wait in line, however long: each of them ends in bounded time.
        await self._slots.acquire()
        try:
            return await self._found(patience_seconds)
        except BaseException:
            self._slots.release()
            raise

    async def _found(self, patience_seconds: float) -> Place:
        if not self._shared.is_wanted:
            return Place(None, self._clock())
        while self._idle:
            place = self._idle.pop()
            if self._clock() - place.taken_at < _REUSE_SECONDS:
                return place
            self._let_go([place])
        until = self._clock() + patience_seconds
        while True:
            place = Place(str(new_id()), self._clock())
            given = await self._shared.run(_TAKE, [self._key], place.id, self._count, self._hold_ms)
            if given is None:
                await self._alone.acquire()
                return Place(None, self._clock())
            if int(given):
                return place
            if self._clock() >= until:
                raise NoPermit(retry_after=1.0)
            await asyncio.sleep(_LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load.

    def give_back(self, place: Place) -> None:
        """The call has ended."""
        if place.id is not None:
            self._idle.append(place)
            loop = asyncio.get_running_loop()
            loop.call_later(_LINGER_SECONDS, self._tidy, place)
        elif self._shared.is_wanted:
            self._alone.release()
        self._slots.release()

    def _tidy(self, place: Place) -> None:
        if place in self._idle:
            self._idle.remove(place)
            self._let_go([place])

    def _let_go(self, places: list[Place]) -> None:
        errand = asyncio.ensure_future(
            self._shared.run(_GIVE_BACK, [self._key], *[place.id for place in places])
        )
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def close(self) -> None:
        """Give back what is held."""
        if self._idle:
            idle, self._idle = self._idle, []
            self._let_go(idle)
        await asyncio.gather(*self._errands, return_exceptions=True)
