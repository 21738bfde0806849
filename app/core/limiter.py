"""Named rate limits over the engine of `limits`, counted in Redis and never stalled by it.

A limit's bucket is its explicit name, never a route's path: two routers may share a path's tail.
Keys are hashed before they leave the process, so that no address or account stands in Redis.
"""

import asyncio
import hashlib
import hmac
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Protocol

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.log import logger

REDIS_PATIENCE_SECONDS = 0.25
_AWAY_SECONDS = 2.0
# So long, and for so many keys, a process counts by itself what Redis need not know at once.
_HELD_SECONDS = 5.0
_MOST_HELD = 10_000
# As many processes could count by themselves at once without passing a limit unseen.
_PROCESSES = 16


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests of one key in so many seconds.

    `is_strict` limits guard passwords and tokens: without Redis each process counts by itself.
    The others let everything through then. `together` are the requests of one key that a process
    may count by itself before it tells Redis of them, as long as the limit is far away.
    """

    name: str
    amount: int
    seconds: int
    is_strict: bool = False
    together: int = 1

    @property
    def policy(self) -> str:
        """The limit as RateLimit-Policy says it (draft-ietf-httpapi-ratelimit-headers-11)."""
        return f'"{self.name}";q={self.amount};w={self.seconds}'


# The figures and their reasons stand in docs/decisions/0001-rate-limits.md.
LIMITS: dict[str, Limit] = {
    limit.name: limit
    for limit in (
        Limit("api", 6000, 60, together=50),
        Limit("auth.login", 10, 60, is_strict=True),
        Limit("auth.login_account", 100, 3600, is_strict=True),
        Limit("auth.login_network", 100, 60, is_strict=True),
        Limit("auth.register", 30, 60, is_strict=True),
        Limit("auth.token_exchange", 30, 60, is_strict=True),
        Limit("auth.token_exchange_network", 100, 60, is_strict=True),
        Limit("auth.refresh", 30, 60, is_strict=True),
        Limit("auth.password_reset", 5, 300, is_strict=True),
        Limit("auth.password_reset_network", 100, 300, is_strict=True),
        Limit("auth.mailed_token", 30, 60, is_strict=True),
        Limit("organizations.invite", 60, 3600),
        Limit("claims.upload", 30, 60),
        Limit("claims.preview", 60, 60),
        Limit("resumes.upload", 30, 60),
        Limit("organizations.logo", 20, 60),
        Limit("analysis.analyze", 20, 60),
        Limit("integrations.connect", 30, 60),
        Limit("interviews.schedule", 20, 60),
        Limit("privacy.export", 6, 3600),
    )
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one hit found: whether it may pass, how many are left, seconds until that changes."""

    limit: Limit
    allowed: bool
    remaining: int
    reset: int

    @property
    def state(self) -> str:
        """The bucket's state as RateLimit says it."""
        return f'"{self.limit.name}";r={self.remaining};t={self.reset}'


class Limiter(Protocol):
    """Counts hits; None means that nobody counts now and the request passes."""

    async def hit(self, limit: Limit, key: str) -> Verdict | None:
        """Count one request of `key` against `limit`."""
        ...

    async def look(self, limit: Limit, key: str) -> Verdict | None:
        """What a request of `key` would find, without counting it."""
        ...

    async def close(self) -> None:
        """Close what was opened."""
        ...


class NoLimits:
    """RATE_LIMITS=off: for load tests only; production refuses it."""

    async def hit(self, limit: Limit, key: str) -> Verdict | None:  # noqa: ARG002 - the protocol's shape.
        """Nothing is counted."""
        return None

    async def look(self, limit: Limit, key: str) -> Verdict | None:  # noqa: ARG002 - the protocol's shape.
        """Nothing is counted."""
        return None

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class _Held:
    """What Redis last said of a key, and the hits since that it has not been told of."""

    verdict: Verdict
    until: float
    untold: int = 0

    def next(self) -> Verdict | None:
        """The verdict on one more hit, or None where Redis has to be asked."""
        limit, left = self.verdict.limit, self.verdict.remaining - self.untold - 1
        now = time.monotonic()
        if (
            now >= self.until
            or self.untold + 1 >= limit.together
            or left < limit.together * _PROCESSES
        ):
            return None
        self.untold += 1
        past = int(_HELD_SECONDS - (self.until - now))
        return Verdict(limit, True, left, max(1, self.verdict.reset - past))


class WindowLimiter:
    """Sliding windows in Redis, with a memory of its own for strict limits while Redis is away.

    A Redis that is down or frozen costs one request a quarter of a second at most; then it is left
    alone for two seconds. Of a wide limit that is far away it is told every few seconds, or once for
    so many requests; near its end every single one is counted there.
    """

    def __init__(self, redis_url: str, *, hash_key: bytes) -> None:
        self._hash_key = hash_key
        self._storage = RedisStorage(
            _storage_url(redis_url),
            implementation="redispy",
            key_prefix="intake:limits",
            socket_timeout=REDIS_PATIENCE_SECONDS,
            socket_connect_timeout=REDIS_PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # Handed on to redis-py as it is.
        )
        self._shared = SlidingWindowCounterRateLimiter(self._storage)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()

    async def hit(self, limit: Limit, key: str) -> Verdict | None:
        """Count one request of `key`; None when Redis is away and the limit is not strict."""
        if limit.together == 1:
            return await self._ask(limit, key, cost=1)
        held = self._held.get((limit.name, key))
        known = held.next() if held else None
        if known is not None:
            return known
        # Taken away before Redis is waited for: requests that come meanwhile count for themselves.
        self._held.pop((limit.name, key), None)
        verdict = await self._ask(limit, key, cost=1 + (held.untold if held else 0))
        if verdict is not None:
            self._held[limit.name, key] = _Held(verdict, time.monotonic() + _HELD_SECONDS)
            if len(self._held) > _MOST_HELD:
                self._held.popitem(last=False)
        return verdict

    async def look(self, limit: Limit, key: str) -> Verdict | None:
        """As `hit`, without counting."""
        return await self._ask(limit, key, cost=0)

    async def _ask(self, limit: Limit, key: str, *, cost: int) -> Verdict | None:
        hidden = hmac.new(self._hash_key, key.encode(errors="replace"), hashlib.sha256).hexdigest()
        if time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(REDIS_PATIENCE_SECONDS):
                    return await _count(self._shared, limit, hidden[:32], cost)
            except (RedisError, StorageError, OSError, TimeoutError) as error:
                self._away_until = time.monotonic() + _AWAY_SECONDS
                logger.warning("limits.redis_away", error=type(error).__name__)
        if not limit.is_strict:
            return None
        return await _count(self._own, limit, hidden[:32], cost)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._storage.bridge.get_connection().aclose()  # type: ignore[attr-defined]


async def _count(
    strategy: SlidingWindowCounterRateLimiter, limit: Limit, key: str, cost: int
) -> Verdict:
    """Count `cost` hits, none with 0, and say what the last one found."""
    if cost == 0:
        return await _read(strategy, limit, key)
    allowed = await strategy.hit(_item(limit), limit.name, key, cost=cost)
    if not allowed and cost > 1:
        # Those before it have been let through; it alone is asked about.
        allowed = await strategy.hit(_item(limit), limit.name, key)
    verdict = await _read(strategy, limit, key)
    return replace(verdict, allowed=allowed)


async def _read(strategy: SlidingWindowCounterRateLimiter, limit: Limit, key: str) -> Verdict:
    stats = await strategy.get_window_stats(_item(limit), limit.name, key)
    reset = max(1, math.ceil(stats.reset_time - time.time()))
    return Verdict(limit, stats.remaining > 0, stats.remaining, min(reset, limit.seconds))


def _item(limit: Limit) -> RateLimitItem:
    return RateLimitItemPerSecond(limit.amount, limit.seconds, namespace="")


def _storage_url(url: str) -> str:
    """The address in the spelling of `limits`, unix sockets included."""
    if url.startswith("unix://"):
        return "async+redis+" + url
    return "async+" + url
