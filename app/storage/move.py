"""Bringing files from the spool into the store, and telling the store what was deleted."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import Final

from app.core.db import Database, Scope
from app.core.log import logger
from app.core.settings import Settings
from app.storage import queries
from app.storage.base import AlreadyThere, Store, StoreTrouble
from app.storage.queries import Leased
from app.storage.stores import Stores, stores_of

_FIRST_PAUSE: Final = 5.0
# A store that is well again has everything within a minute.
_LONGEST_PAUSE: Final = 45.0
# For everything that is asked of a store about one file; the lease lasts far longer.
_PATIENCE_SECONDS: Final = 25.0


class Step(IntEnum):
    """What became of one look for a file to move."""

    NOTHING_DUE = 0
    MOVED = 1
    TROUBLE = 2


async def move_one(
    database: Database, settings: Settings, *, patience_seconds: float = _PATIENCE_SECONDS
) -> Step:
    """Move the file that is due the longest. After trouble the others wait as well as that one."""
    async with database.write(Scope.system()) as session:
        leased = await queries.claim(session)
    if leased is None:
        return Step.NOTHING_DUE
    stores = stores_of(settings.files)
    try:
        async with _patience(patience_seconds):
            if leased.state == "deleted":
                await _delete(database, stores, leased)
            else:
                await _promote(database, stores, leased)
    except StoreTrouble as trouble:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (leased.attempts - 1))
        logger.warning("storage.trouble", file_id=leased.id, code=trouble.code, again_in=pause)
        async with database.write(Scope.system()) as session:
            await queries.note_trouble(session, leased, trouble.code, again_in=pause)
        return Step.TROUBLE
    return Step.MOVED


@asynccontextmanager
async def _patience(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise StoreTrouble("timeout") from None


async def _delete(database: Database, stores: Stores, leased: Leased) -> None:
    if leased.kind is not None:
        await stores.of(leased.kind).delete(leased.key)
    async with database.write(Scope.system()) as session:
        await queries.forget(session, leased)


async def _promote(database: Database, stores: Stores, leased: Leased) -> None:
    content = await _spooled(database, leased)
    if content is None:
        logger.error("storage.spool_damaged", file_id=leased.id)
        async with database.write(Scope.system()) as session:
            await queries.note_trouble(session, leased, "spool_damaged", again_in=None)
        return
    primary = stores.primary
    if leased.kind not in (None, primary.kind):
        # A former primary may have taken it without saying so; one file has one copy.
        await stores.of(leased.kind or "").delete(leased.key)
    async with database.write(Scope.system()) as session:
        await queries.note_where(session, leased, primary.kind)
    version = await put_once(
        primary, leased.key, content, content_type=leased.content_type, sha256=leased.sha256
    )
    async with database.write(Scope.system()) as session:
        kept = await queries.note_stored(session, leased, primary.kind, version)
    if not kept:
        logger.info("storage.moved_in_vain", file_id=leased.id)


async def put_once(
    store: Store, key: str, content: bytes, *, content_type: str, sha256: str
) -> str | None:
    """Put the object, and where the answer is not clear, look whether it is there; its version.

    Raises:
        StoreTrouble: it is not there, or something else is.
    """
    try:
        return await store.put(key, content, content_type=content_type, sha256=sha256)
    except AlreadyThere:
        trouble = StoreTrouble("conflict")
    except StoreTrouble as error:
        trouble = error
    found = await store.stat(key)
    if found is None or found.size != len(content) or found.sha256 not in (None, sha256):
        raise trouble
    return found.version


async def _spooled(database: Database, leased: Leased) -> bytes | None:
    pieces: list[bytes] = []
    while True:
        async with database.read(Scope.system()) as session:
            piece = await queries.piece(session, leased.id, len(pieces))
        if piece is None:
            break
        pieces.append(piece)
    content = b"".join(pieces)
    return content if hashlib.sha256(content).hexdigest() == leased.sha256 else None
