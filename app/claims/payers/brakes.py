"""How fast and how much at once a payer is asked with one credential.

The rate is shared by all workers in Redis; where Redis is away or slow, each process brakes for
itself at a fraction of the rate. Calls in flight are counted within the process.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.claims.payers.port import NoPermit
from app.core.log import logger

# KEYS[1] holds when the next call would be due at an even pace; up to `burst` calls may run ahead of
# it. KEYS[2] is there while everybody pauses. All times are microseconds of the store's own clock; a
# negative answer is a refusal.
SCRIPT: Final = """
local interval, burst, patience, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wait = math.max(redis.call('PTTL', KEYS[2]), 0) * 1000
if pause > 0 then
  if pause > wait then redis.call('SET', KEYS[2], '1', 'PX', math.ceil(pause / 1000)) end
  return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
wait = math.max(wait, due - (burst - 1) * interval - now)
if wait > patience then return -math.ceil(wait) end
due = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1000)
return math.floor(wait)
"""
_MICRO: Final = 1_000_000
_STORE_SECONDS: Final = 0.25
_STORE_REST_SECONDS: Final = 5.0
# How many processes may be asking at once is not known without Redis; four is a guess on the safe side.
_LOCAL_SHARE: Final = 0.25
_SLOWEST: Final = 0.1
_RECOVERY: Final = 0.02
_DEFAULT_PAUSE: Final = 1.0


class SharedStore(Protocol):
    """What is needed of a Redis client."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Awaitable[Any] | Any:
        """Run a Lua script."""
        ...


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """`requests_per_minute` 0 is no limit; `patience_seconds` is the longest wait for a permit."""

    requests_per_minute: int
    concurrency: int
    patience_seconds: float = 5.0


class Brakes:
    """The brakes of one credential at one payer, for one event loop."""

    def __init__(
        self,
        limits: BrakeLimits,
        *,
        credential_digest: str,
        store: SharedStore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._key = f"payer:brakes:{credential_digest}"
        self._store = store
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._store_rests_until = 0.0
        self._share = 1.0
        self._due = 0.0
        self._paused_until = 0.0

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[None]:
        """Hold one of the places for calls in flight, taken at a pace that the payer accepts.

        Raises:
            NoPermit: the pace has no room within `patience_seconds`; nothing was taken.
        """
        async with self._slots:
            wait = await self._wait()
            if wait > 0:
                await asyncio.sleep(wait)
            yield

    async def trial(self, pause_seconds: float) -> bool:
        """Whether this process may make the one trial call of all workers in `pause_seconds`."""
        wait = await self._shared(":trial", pause_seconds, burst=1, patience=0.0)
        return wait is None or wait >= 0

    async def slow_down(self, retry_after: float | None) -> None:
        """After a 429: everybody pauses, and this process goes on at half its pace."""
        pause = retry_after or _DEFAULT_PAUSE
        self._share = max(self._share / 2, _SLOWEST)
        self._paused_until = max(self._paused_until, self._clock() + pause)
        if self._limits.requests_per_minute:
            await self._shared("", self._interval(), burst=self._burst, pause=pause)

    def speed_up(self) -> None:
        """After a good answer: a little of the pace that a 429 took comes back."""
        self._share = min(self._share + _RECOVERY, 1.0)

    @property
    def _burst(self) -> int:
        return max(1, self._limits.requests_per_minute // 12)

    def _interval(self) -> float:
        return 60.0 / (self._limits.requests_per_minute * self._share)

    async def _wait(self) -> float:
        patience = self._limits.patience_seconds
        paused = max(self._paused_until - self._clock(), 0.0)
        if paused > patience:
            raise NoPermit(retry_after=paused)
        if not self._limits.requests_per_minute:
            return paused
        wait = await self._shared("", self._interval(), burst=self._burst, patience=patience)
        if wait is None:
            wait = self._alone(patience)
        if wait < 0:
            raise NoPermit(retry_after=-wait)
        return max(wait, paused)

    def _alone(self, patience: float) -> float:
        share = _LOCAL_SHARE if self._store else 1.0
        interval = self._interval() / share
        now = self._clock()
        due = max(self._due, now)
        burst = max(1, round(self._burst * share))
        wait = max(due - (burst - 1) * interval - now, 0.0)
        if wait > patience:
            return -wait
        self._due = due + interval
        return wait

    async def _shared(
        self,
        suffix: str,
        interval: float,
        *,
        burst: int,
        patience: float = 0.0,
        pause: float = 0.0,
    ) -> float | None:
        """Seconds to wait, negative for a refusal; None where there is no store to ask."""
        if self._store is None or self._clock() < self._store_rests_until:
            return None
        key = self._key + suffix
        numbers = [round(n * _MICRO) for n in (interval, patience, pause)]
        args = (numbers[0], burst, numbers[1], numbers[2])
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                answer = await self._store.eval(SCRIPT, 2, key, key + ":pause", *args)
                return int(answer) / _MICRO
        except Exception as fault:  # noqa: BLE001 -- a broken store of any kind must not stop a call
            self._store_rests_until = self._clock() + _STORE_REST_SECONDS
            logger.warning("payer.brakes_alone", fault=type(fault).__name__)
            return None
