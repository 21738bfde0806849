"""The keys of an issuer: fetched when needed, kept for ten minutes, and served on when it is down.

A forged token must cost the issuer nothing, so an unknown key name leads to one load a minute at
the most; a key that was turned must be found, so the first unknown name leads to one at once.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from app.auth.errors import IssuerAway
from app.auth.key_sets import MAX_SET_BYTES, PemKey, read_key_set
from app.auth.rings import Ring, RingRefused
from app.core import clock
from app.core.http import HttpClient, HttpFailure, fetch
from app.core.log import logger

FRESH_SECONDS: Final = 600.0
COOLDOWN_SECONDS: Final = 60.0
LOAD_SECONDS: Final = 5.0
# Without any key every caller waits, so the next try comes sooner than a minute.
COLD_PAUSE_SECONDS: Final = 5.0


class _LoadFailed(Exception):
    """Why keys could not be had; for the log and /health, in words of ours."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """How the keys of an issuer are: how many, since when, and why the last load failed."""

    provider: str
    keys: int
    loaded_at: datetime | None
    fault: str | None


class Keys(Protocol):
    """Where the keys of an issuer come from."""

    async def ring(self, kid: str) -> Ring:
        """The keys among which the one named `kid` should be.

        Raises:
            IssuerAway: there are no keys at all and none can be had now.
        """
        ...

    def state(self) -> KeyState:
        """How the keys are, without asking anybody."""
        ...

    async def close(self) -> None:
        """Leave what is under way."""
        ...


class FixedKeys:
    """A key from the settings."""

    def __init__(self, provider: str, pem: str) -> None:
        self._provider = provider
        self._key = PemKey(pem)

    async def ring(self, kid: str) -> Ring:
        """The one key, whatever name the token gives it."""
        return self._key.ring(kid)

    async def close(self) -> None:
        """Nothing is under way."""

    def state(self) -> KeyState:
        """Always there."""
        return KeyState(self._provider, 1, None, None)


class JwksKeys:
    """Keys behind an address; state of one process, safe within one event loop."""

    def __init__(
        self,
        provider: str,
        url: str,
        http: HttpClient,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._url = url
        self._http = http
        self._monotonic = monotonic
        self._ring: Ring | None = None
        self._loading: asyncio.Task[None] | None = None
        self._fresh_until = 0.0
        # When an unknown name, a stale ring or an empty one may lead to the next load.
        self._curious_from = 0.0
        self._due_from = 0.0
        self._loaded_at: datetime | None = None
        self._fault: str | None = None

    async def ring(self, kid: str) -> Ring:
        """The keys among which `kid` should be: from memory, or from the issuer when needed.

        Raises:
            IssuerAway: there are no keys yet and none can be had.
        """
        now = self._monotonic()
        if self._ring is None:
            return await self._first(now)
        if kid not in self._ring:
            await self._look_for_new(now)
        elif now >= self._fresh_until and now >= self._due_from:
            # Nobody waits for this: the old keys are good until the new ones are here.
            self._join()
        return self._ring

    async def _first(self, now: float) -> Ring:
        if self._loading is not None or now >= self._due_from:
            await asyncio.shield(self._join())
        if self._ring is None:
            raise IssuerAway(headers={"Retry-After": str(int(COLD_PAUSE_SECONDS))})
        return self._ring

    async def _look_for_new(self, now: float) -> None:
        """A name that is not in the ring: look once a minute whether the issuer has a new key."""
        if self._loading is not None:
            await asyncio.shield(self._loading)
        elif now >= self._curious_from:
            self._curious_from = now + COOLDOWN_SECONDS
            await asyncio.shield(self._join())

    def _join(self) -> "asyncio.Task[None]":
        """The load under way, or a new one: however many ask, the issuer is asked once."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load())
            self._loading.add_done_callback(self._done)
        return self._loading

    def _done(self, _: "asyncio.Task[None]") -> None:
        self._loading = None

    async def _load(self) -> None:
        try:
            ring = await self._fetch()
        except _LoadFailed as failure:
            pause = COLD_PAUSE_SECONDS if self._ring is None else COOLDOWN_SECONDS
            self._due_from = self._monotonic() + pause
            self._fault = str(failure)
            logger.warning("auth.keys_not_loaded", provider=self._provider, reason=self._fault)
            return
        self._ring, self._fault, self._loaded_at = ring, None, clock.now()
        self._fresh_until = self._due_from = self._monotonic() + FRESH_SECONDS
        logger.info("auth.keys_loaded", provider=self._provider, keys=len(ring))

    async def _fetch(self) -> Ring:
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                request = self._http.build_request("GET", self._url)
                answer = await fetch(self._http, request, max_bytes=MAX_SET_BYTES)
            if answer.status != 200:
                raise _LoadFailed(f"it answered {answer.status}")
            return read_key_set(answer.body)
        except TimeoutError:
            raise _LoadFailed("no answer in time") from None
        except HttpFailure as failure:
            raise _LoadFailed(str(failure)[:80] or "no connection") from None
        except RingRefused as refusal:
            raise _LoadFailed(str(refusal)) from None

    async def close(self) -> None:
        """Leave a load under way."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])

    def state(self) -> KeyState:
        """How the keys are, without asking the issuer."""
        keys = 0 if self._ring is None else len(self._ring)
        return KeyState(self._provider, keys, self._loaded_at, self._fault)
