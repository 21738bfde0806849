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
_FORMER_SECONDS: Final = 5.0
# For everything that is asked of a store about one file; the lease lasts far longer.
_PATIENCE_SECONDS: Final = 25.0
# Another file may well get through where one of these was said.
_OF_ONE_FILE: Final = frozenset({"conflict", "changed", "status_400", "status_413"})
_DAMAGED: Final = frozenset({"conflict", "changed"})
# After these nobody knows whether the store will still take in what it was sent.
_UNSURE: Final = frozenset({"timeout", "unreachable", queries.IN_FLIGHT})


class Step(IntEnum):
    """What became of one look for a file to move."""

    NOTHING_DUE = 0
    MOVED = 1
    TROUBLE = 2


async def move_one(
    database: Database,
    settings: Settings,
    *,
    patience_seconds: float = _PATIENCE_SECONDS,
    troubled: set[str] | None = None,
) -> Step:
    """Move the file that is due the longest.

    `troubled` are kinds of store that are left alone; a kind that turns out to be in trouble is
    added, so that one store's trouble holds up no file of another's.
    """
    stores = stores_of(settings.files)
    primary = settings.files.storage_type
    avoided = set() if troubled is None else troubled
    async with database.write(Scope.system()) as session:
        leased = await queries.claim(session, primary=primary, troubled=avoided)
    if leased is None:
        return Step.NOTHING_DUE
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
        if trouble.code not in _OF_ONE_FILE:
            avoided.add((leased.kind or primary) if leased.state == "deleted" else primary)
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
        if leased.kind and not leased.was_stored and leased.error in _UNSURE:
            # A store that froze over the upload may keep it when it goes on, long after this.
            await queries.delete_again(session, leased)
        else:
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
        await _forget_former(stores, leased)
    async with database.write(Scope.system()) as session:
        await queries.note_where(session, leased, primary.kind)
    try:
        version = await put_once(
            primary, leased.key, content, content_type=leased.content_type, sha256=leased.sha256
        )
    except StoreTrouble as trouble:
        if trouble.code in _DAMAGED:
            # The key is this file's alone: what lies there is a damaged copy, in the way of it.
            await primary.delete(leased.key)
        raise
    async with database.write(Scope.system()) as session:
        kept = await queries.note_stored(session, leased, primary.kind, version)
    if not kept:
        await withdraw(database, primary, leased)


async def _forget_former(stores: Stores, leased: Leased) -> None:
    """Delete from the former primary; one that is down for good, and left for that, holds up none."""
    try:
        async with _patience(_FORMER_SECONDS):
            await stores.of(leased.kind or "").delete(leased.key)
    except StoreTrouble as trouble:
        logger.warning("storage.former_copy_unsure", file_id=leased.id, code=trouble.code)


async def withdraw(database: Database, store: Store, leased: Leased) -> None:
    """Take back what was put, if its file was removed meanwhile, and not if another took over.

    Raises:
        StoreTrouble: it was refused, or nothing was heard.
    """
    logger.info("storage.moved_in_vain", file_id=leased.id)
    async with database.read(Scope.system()) as session:
        still_known = await queries.get(session, leased.id)
    if still_known is None:
        await store.delete(leased.key)


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
