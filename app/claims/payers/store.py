"""What all workers know of a payer together: a store that may be away, and its keys."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from app.core.log import logger

STORE_SECONDS: Final = 0.25
STORE_REST_SECONDS: Final = 5.0


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
