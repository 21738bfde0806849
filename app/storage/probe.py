"""Whether the store works, found out by the very code that stores and reads files."""

import asyncio
import hashlib
import os
import time
from typing import Final

from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.log import logger
from app.core.settings_files import FileSettings
from app.storage import queries
from app.storage.base import NoSuchObject, Store, StoreTrouble
from app.storage.stores import stores_of

EVERY_SECONDS: Final = 60.0
# A store in trouble is looked at more often, so that /health is well soon after it.
_IN_TROUBLE_SECONDS: Final = 10.0
# That yesterday's files are there is looked at far less often: some stores count such questions.
_MEMORY_SECONDS: Final = 1800.0
_LONG_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 30.0
_BYTES: Final = 1024
SILENT: Final = "timeout"


async def last_key(session: ReadSession, settings: FileSettings) -> str | None:
    """The key to be remembered: of the newest file, if the store for new files has it."""
    return await queries.newest_stored(session, settings.storage_type)


class Probe:
    """Writes, reads back and deletes a small object, once a minute at most, in the background."""

    def __init__(
        self,
        settings: FileSettings,
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._settings = settings
        self._every_seconds = every_seconds
        self._fault: str | None = None
        self._looked_at: float | None = None
        self._last_key: str | None = None
        self._remembered_at: float | None = None
        self._look: asyncio.Task[None] | None = None
        self._begun_at = 0.0

    async def fault(self) -> str | None:
        """What the last look found wrong, in a short word, or None when all is well.

        Only the first caller waits for a look; later ones begin it, and are told of the last one.
        """
        now = time.monotonic()
        is_looking = self._look is not None and not self._look.done()
        if not is_looking and self._is_due(now):
            self._begun_at = now
            self._look = asyncio.create_task(self._look_now())
            is_looking = True
        if self._looked_at is None and self._look is not None:
            await asyncio.shield(self._look)
        elif is_looking and now - self._begun_at > _LONG_SECONDS:
            return SILENT
        return self._fault

    def remember(self, key: str | None) -> None:
        """Look for this object as well, the last one that was stored; now and then is enough.

        Whoever asks for health names it: a look of minutes holds no connection to the database.
        """
        self._last_key = key

    async def end(self) -> None:
        """Give up the look that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait([self._look])

    async def looked(self) -> None:
        """Wait until the look that is under way has ended."""
        if self._look is not None:
            await self._look

    def _is_due(self, now: float) -> bool:
        pause = self._every_seconds
        if self._last_key is not None and self._remembered_at is None:
            pause = min(pause, _IN_TROUBLE_SECONDS)
        if self._fault is not None:
            pause = min(pause, _IN_TROUBLE_SECONDS)
        return self._looked_at is None or now - self._looked_at >= pause

    async def _look_now(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                fault = await self._try()
        except StoreTrouble as trouble:
            fault = trouble.code
        except NoSuchObject:
            fault = "lost"
        except TimeoutError:
            fault = SILENT
        except Exception as error:  # noqa: BLE001 - a probe reports every fault and has none itself.
            fault = type(error).__name__
        if fault != self._fault:
            logger.warning("storage.probe_changed", fault=fault, before=self._fault)
        self._fault = fault
        self._looked_at = time.monotonic()

    async def _try(self) -> str | None:
        store = stores_of(self._settings).primary
        # What accounts may refuse to give back, if they refuse anything.
        content = b"%PDF-1.4\n" + os.urandom(_BYTES)
        key = f"probes/{new_id()}"
        digest = hashlib.sha256(content).hexdigest()
        version = await store.put(key, content, content_type="application/pdf", sha256=digest)
        try:
            async with store.open(key, version) as pieces:
                found = b"".join([piece async for piece in pieces])
        finally:
            await store.delete(key)
        return await self._forgotten(store) if found == content else "changed"

    async def _forgotten(self, store: Store) -> str | None:
        """A store that works may still be another one than before: an empty disk, another bucket."""
        now, key = time.monotonic(), self._last_key
        is_fresh = self._remembered_at is not None and now - self._remembered_at < _MEMORY_SECONDS
        if key is None or is_fresh:
            return None
        if await store.stat(key) is None:
            return "files_gone"
        self._remembered_at = now
        return None
