"""Whether the store works, found out by the very code that stores and reads files."""

import asyncio
import hashlib
import os
import time
from typing import Final

from app.core.ids import new_id
from app.core.settings import FileSettings
from app.storage.base import NoSuchObject, StoreTrouble
from app.storage.stores import stores_of

EVERY_SECONDS: Final = 60.0
_BYTES: Final = 1024


class Probe:
    """Writes, reads back and deletes a small object, once a minute at most."""

    def __init__(self, settings: FileSettings, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._settings = settings
        self._every_seconds = every_seconds
        self._fault: str | None = None
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()

    async def fault(self) -> str | None:
        """What the last look found wrong, in a short word, or None when all is well."""
        async with self._looking:
            is_fresh = (
                self._looked_at is not None
                and time.monotonic() - self._looked_at < self._every_seconds
            )
            if not is_fresh:
                self._fault = await self._look()
                self._looked_at = time.monotonic()
        return self._fault

    async def _look(self) -> str | None:
        content = os.urandom(_BYTES)
        key = f"probes/{new_id()}"
        digest = hashlib.sha256(content).hexdigest()
        try:
            store = stores_of(self._settings).primary
            version = await store.put(
                key, content, content_type="application/octet-stream", sha256=digest
            )
            async with store.open(key, version) as pieces:
                found = b"".join([piece async for piece in pieces])
            await store.delete(key)
        except StoreTrouble as trouble:
            return trouble.code
        except NoSuchObject:
            return "lost"
        return None if found == content else "changed"
