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
_RENEW: Final = """
local t = redis.call('TIME')
local until_ms = t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], until_ms, ARGV[i]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
_GIVE_BACK: Final = "return redis.call('ZREM', KEYS[1], ARGV[1])"
STORE_SECONDS: Final = 0.25
STORE_REST_SECONDS: Final = 5.0
# How many processes may be asking at once is not known without Redis; four is a guess on the safe side.
LOCAL_SHARE: Final = 0.25
# Places are leases: those of a process that is killed are free again after so long.
_LEASE_SECONDS: Final = 3.0
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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._count = count
        self._shared = shared
        self._clock = clock
        self._slots = asyncio.Semaphore(count)
        self._alone = asyncio.Semaphore(max(1, round(count * LOCAL_SHARE)))
        self._idle: list[Place] = []
        self._held: set[str] = set()
        self._keeper: asyncio.Task[None] | None = None
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
            self._let_go(place)
        until = self._clock() + patience_seconds
        while True:
            name, lease = str(new_id()), round(_LEASE_SECONDS * 1000)
            given = await self._shared.run(_TAKE, [self._key], name, self._count, lease)
            if given is None:
                await self._alone.acquire()
                return Place(None, self._clock())
            if int(given):
                self._hold(name)
                return Place(name, self._clock())
            if self._clock() >= until:
                raise NoPermit(retry_after=1.0)
            await asyncio.sleep(_LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load.

    def _hold(self, name: str) -> None:
        self._held.add(name)
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Renew the leases of all places that are held, as long as there are any."""
        while self._held:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            if self._held:
                lease = round(_LEASE_SECONDS * 1000)
                await self._shared.run(_RENEW, [self._key], lease, *self._held)

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
            self._let_go(place)

    def _let_go(self, place: Place) -> None:
        self._held.discard(place.id or "")
        errand = asyncio.ensure_future(self._shared.run(_GIVE_BACK, [self._key], place.id))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def close(self) -> None:
        """Give back what is held."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        while self._idle:
            self._let_go(self._idle.pop())
        await asyncio.gather(*self._errands, return_exceptions=True)
