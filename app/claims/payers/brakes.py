"""How fast and how much at once a payer is asked with one credential, by all workers together.

Pace, pauses and the open circuit stand in Redis; where Redis is away or slow, each process brakes
for itself at a fraction of the rate. Places for calls in flight do not depend on Redis (`places`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from app.claims.payers.places import Places
from app.claims.payers.port import CircuitOpen, NoPermit
from app.claims.payers.sharing import PlaceBook
from app.claims.payers.store import Shared, SharedStore, key_of

# KEYS[1] holds when the next call would be due at an even pace; up to `burst` calls may run ahead of
# it. KEYS[2] is there while everybody pauses, KEYS[3] holds the share of the pace that 429s have
# left and since when, KEYS[4] since when the circuit is open, KEYS[5] is there while its one trial
# call has its time. KEYS[6] is there while the asker has a call waiting for its pace: whoever has
# one may not fill the second half of the patience, so that there is room for those who have none.
# All times are microseconds of the store's own clock.
_ADMIT: Final = """
local interval, burst, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local gain, trial = tonumber(ARGV[4]), tonumber(ARGV[5])
local wait = math.max(redis.call('PTTL', KEYS[2]), 0) * 1000
if wait > patience then return {'paused', wait} end
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local share = tonumber(redis.call('HGET', KEYS[3], 'share') or '1')
if gain > 0 and share < 1 then
  share = share + gain
  if share >= 1 then
    share = 1
    redis.call('DEL', KEYS[3])
  else
    redis.call('HSET', KEYS[3], 'share', tostring(share))
    redis.call('PEXPIRE', KEYS[3], 3600000)
  end
end
local due
if interval > 0 then
  interval = interval / share
  due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
  wait = math.max(wait, due - (burst - 1) * interval - now)
  local reach = patience
  if redis.call('EXISTS', KEYS[6]) == 1 then reach = patience / 2 end
  if wait > reach then return {share < 1 and 'slowed' or 'paced', math.ceil(wait)} end
end
local word = 'go'
if redis.call('EXISTS', KEYS[4]) == 1 then
  if not redis.call('SET', KEYS[5], '1', 'NX', 'PX', trial) then
    return {'open', math.max(redis.call('PTTL', KEYS[5]), 1) * 1000}
  end
  word = 'trial'
end
if due then
  due = due + interval
  redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1000)
  if ARGV[6] == '1' and wait >= 1000 then
    redis.call('SET', KEYS[6], '1', 'PX', math.floor(wait / 1000))
  end
end
return {word, math.floor(wait)}
"""
# Of many 429s that answer calls of the same moment the first one halves the pace, the others find
# the pause that it left.
_SLOW_DOWN: Final = """
local pause = tonumber(ARGV[1])
local was = redis.call('PTTL', KEYS[1])
if was < pause then redis.call('SET', KEYS[1], '1', 'PX', pause) end
if was > 0 then return 0 end
local share = tonumber(redis.call('HGET', KEYS[2], 'share') or '1')
redis.call('HSET', KEYS[2], 'share', tostring(math.max(share / 2, tonumber(ARGV[2]))))
redis.call('HSETNX', KEYS[2], 'since', redis.call('TIME')[1])
redis.call('PEXPIRE', KEYS[2], 3600000)
return 1
"""
_OPEN: Final = """
redis.call('SET', KEYS[1], redis.call('TIME')[1], 'NX')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2])
return 1
"""
_CLOSE: Final = "return redis.call('DEL', KEYS[1], KEYS[2])"
_MICRO: Final = 1_000_000
_SLOWEST: Final = 0.1
_RECOVERY: Final = 0.02
# How many processes may be asking at once is not known without Redis; four is a guess on the safe side.
_LOCAL_SHARE: Final = 0.25
_DEFAULT_PAUSE: Final = 1.0
# Without a pace to keep, the store is only looked at so often for what others have found out.
_LOOK_SECONDS: Final = 0.5
# A circuit that nobody tries any more is forgotten.
_OPEN_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """`requests_per_minute` 0 is no limit; `patience_seconds` is the longest wait for a permit."""

    requests_per_minute: int
    concurrency: int
    patience_seconds: float = 5.0
    trial_seconds: float = 5.0
    """While the circuit is open, one call in so many seconds is let through."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A call may be made. `is_shared`: all workers agree; else this process knows only itself."""

    is_shared: bool
    is_trial: bool = False


class Brakes:
    """The brakes of one credential at one payer, for one event loop."""

    def __init__(
        self,
        limits: BrakeLimits,
        *,
        credential_digest: str,
        store: SharedStore | None = None,
        book: PlaceBook | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._key = key_of(credential_digest)
        self._clock = clock
        self._shared = Shared(store, clock)
        self._places = Places(credential_digest, limits.concurrency, book=book, clock=clock)
        self._share = 1.0
        self._gain = 0.0
        self._due = 0.0
        self._paused_until = 0.0
        self._looked_at = float("-inf")

    @asynccontextmanager
    async def permit(self, asker: str = "") -> AsyncIterator[Permit]:
        """Hold one of the places for calls in flight, taken at a pace that the payer accepts.

        `asker` is whoever's turn it is, for fairness; "" for nobody in particular.

        Raises:
            NoPermit: there is no room within `patience_seconds`; nothing was taken.
            CircuitOpen: the payer is being left alone.
        """
        async with self._places.place(self._limits.patience_seconds):
            permit, wait = await self._admitted(asker)
            if wait > 0:
                await asyncio.sleep(wait)
            yield permit

    async def slow_down(self, retry_after: float | None) -> None:
        """After a 429: everybody pauses, and goes on at half the pace."""
        pause = retry_after or _DEFAULT_PAUSE
        now = self._clock()
        keys = [self._key + ":pause", self._key + ":share"]
        told = await self._shared.run(_SLOW_DOWN, keys, round(pause * 1000), _SLOWEST)
        if told is None and now >= self._paused_until:
            self._share = max(self._share / 2, _SLOWEST)
        self._paused_until = max(self._paused_until, now + pause)

    def speed_up(self) -> None:
        """After a good answer: a little of the pace that a 429 took comes back."""
        self._share = min(self._share + _RECOVERY, 1.0)
        self._gain = min(self._gain + _RECOVERY, 1.0)

    async def open_circuit(self) -> None:
        """Tell all workers that the payer is to be left alone but for a trial now and then."""
        keys = [self._key + ":circuit", self._key + ":trial"]
        trial = self._limits.trial_seconds
        await self._shared.run(
            _OPEN, keys, round(max(_OPEN_SECONDS, 4 * trial) * 1000), round(trial * 1000)
        )
        self._looked_at = float("-inf")

    async def close_circuit(self) -> None:
        """Tell all workers that the payer answers again."""
        await self._shared.run(_CLOSE, [self._key + ":circuit", self._key + ":trial"])

    async def close(self) -> None:
        """Give back the places that are held."""
        await self._places.close()

    @property
    def _burst(self) -> int:
        return max(1, self._limits.requests_per_minute // 12)

    def _interval(self) -> float:
        rate = self._limits.requests_per_minute
        return 60.0 / rate if rate else 0.0

    async def _admitted(self, asker: str) -> tuple[Permit, float]:
        patience = self._limits.patience_seconds
        paused = max(self._paused_until - self._clock(), 0.0)
        if paused > patience:
            raise NoPermit(retry_after=paused, is_throttled=True)
        if not self._is_due():
            return Permit(is_shared=True), paused
        answer = await self._ask_store(asker)
        if answer is None:
            return Permit(is_shared=False), max(self._alone(), paused)
        word, wait = answer
        if word == "open":
            raise CircuitOpen(retry_after=wait)
        self._looked_at = self._clock()
        if word not in ("go", "trial"):
            raise NoPermit(retry_after=wait, is_throttled=word != "paced")
        return Permit(is_shared=True, is_trial=word == "trial"), max(wait, paused)

    def _is_due(self) -> bool:
        """Whether the store has to be asked: for the pace always, without one now and then."""
        if self._limits.requests_per_minute or not self._shared.is_wanted:
            return True
        return self._clock() - self._looked_at >= _LOOK_SECONDS

    async def _ask_store(self, asker: str) -> tuple[str, float] | None:
        limits, key = self._limits, self._key
        turn = sha256(asker.encode()).hexdigest()[:16]
        names = ("", ":pause", ":share", ":circuit", ":trial", f":turn:{turn}")
        gain, self._gain = self._gain, 0.0
        answer: Any = await self._shared.run(
            _ADMIT,
            [key + name for name in names],
            round(self._interval() * _MICRO),
            self._burst,
            round(limits.patience_seconds * _MICRO),
            gain,
            max(round(limits.trial_seconds * 1000), 1),
            "1" if asker else "0",
        )
        if answer is None:
            return None
        word = answer[0].decode() if isinstance(answer[0], bytes) else str(answer[0])
        return word, int(answer[1]) / _MICRO

    def _alone(self) -> float:
        """Seconds to wait by what this process knows.

        Raises:
            NoPermit: longer than anybody is to wait.
        """
        if not self._limits.requests_per_minute:
            return 0.0
        share = _LOCAL_SHARE if self._shared.is_wanted else 1.0
        interval = self._interval() / self._share / share
        now = self._clock()
        due = max(self._due, now)
        burst = max(1, round(self._burst * share))
        wait = max(due - (burst - 1) * interval - now, 0.0)
        if wait > self._limits.patience_seconds:
            raise NoPermit(retry_after=wait, is_throttled=self._share < 1.0)
        self._due = due + interval
        return wait
