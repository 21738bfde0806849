"""Keeping files: the bytes wait in PostgreSQL with their row, and a worker brings them away.

Whoever stores a file writes it in the transaction of what it belongs to. Until the store has it,
checked, it is served from the spool; a store that is down, frozen or refusing loses nothing.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from app.core.db import Database, Scope, WriteSession
from app.core.ids import new_id
from app.core.log import logger
from app.core.problems import Problem
from app.core.settings import Settings
from app.storage import queries
from app.storage.base import NoSuchObject, StoreTrouble
from app.storage.models import File
from app.storage.stores import stores_of
from app.worker.doorbell import ring

MOVE = "storage.move"


class TooLarge(Exception):
    """More came than may be kept; the caller's transaction must not be committed."""


class FileAway(Problem):
    """The store that holds the file does not give it, now or at all."""

    code = "storage.unavailable"
    status = 503
    title = "The file cannot be read right now"
    hint = "It is not lost. Ask for it again after the time in Retry-After."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "30"})


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept from the commit on."""

    id: UUID
    size: int
    sha256: str


async def store(
    session: WriteSession,
    *,
    content: bytes | AsyncIterator[bytes],
    content_type: str,
    purpose: str,
    organization_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> StoredFile:
    """Keep `content` as of this transaction's commit; an iterator is never held whole in memory.

    `purpose` is the first part of its key, a word like `logos`. The session's scope must be the
    organization's or the owner's. Nothing of what the sender called the file is used. The
    transaction lasts as long as the iterator, which therefore reads from what has arrived already
    (an UploadFile), never from a sender; `bounded` refuses what is too long.
    """
    file_id = new_id()
    tenant = f"org/{organization_id}" if organization_id else f"person/{owner_id}"
    values = {
        "id": file_id,
        "key": f"{tenant}/{purpose}/{file_id}",
        "purpose": purpose,
        "content_type": content_type,
        "organization_id": organization_id,
        "owner_id": owner_id,
    }
    size, digest = await queries.add(session, values, content)
    ring(session, MOVE, file_id=file_id)
    return StoredFile(file_id, size, digest)


async def bounded(content: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The same pieces, as long as they are not too many.

    Raises:
        TooLarge: there are more than `most_bytes`.
    """
    size = 0
    async for piece in content:
        size += len(piece)
        if size > most_bytes:
            raise TooLarge
        yield piece


async def remove(session: WriteSession, file_id: UUID) -> None:
    """Delete a file: at once for everybody, soon in the store. Repeating it changes nothing."""
    if await queries.mark_removed(session, file_id):
        ring(session, MOVE, file_id=file_id)


async def read(database: Database, settings: Settings, file_id: UUID) -> bytes:
    """The whole file; see `pieces`.

    Raises:
        FileAway: nobody gives it, or it is not whole.
    """
    return b"".join([piece async for piece in pieces(database, settings, file_id)])


async def pieces(
    database: Database, settings: Settings, file_id: UUID
) -> AsyncGenerator[bytes, None]:
    """The file's bytes in order, from the spool while they are there, else from its store.

    The right to the file is the caller's to check: it is read with the system's eyes. Each piece of
    the spool is read in a transaction of its own, so that a slow reader holds no connection.

    Raises:
        FileAway: nobody gives it, or it ends early.
    """
    async with database.read(Scope.system()) as session:
        file = await queries.get(session, file_id)
    if file is None:
        raise FileAway
    given = 0
    async for piece in _from_spool(database, file_id):
        given += len(piece)
        yield piece
    if given == 0 and file.kind is not None:
        async for piece in _from_stores(database, settings, file):
            given += len(piece)
            yield piece
    if given != file.size:
        raise FileAway


async def _from_spool(database: Database, file_id: UUID) -> AsyncIterator[bytes]:
    number = 0
    while True:
        async with database.read(Scope.system()) as session:
            content = await queries.piece(session, file_id, number)
        if content is None:
            return
        yield content
        number += 1


async def _from_stores(database: Database, settings: Settings, file: File) -> AsyncIterator[bytes]:
    """From where the row says; when it was brought elsewhere in this very moment, from there."""
    try:
        async for piece in _from_store(settings, file):
            yield piece
    except NoSuchObject:
        async with database.read(Scope.system()) as session:
            now_at = await queries.get(session, file.id)
        if now_at is None or now_at.kind == file.kind:
            raise FileAway from None
    else:
        return
    try:
        async for piece in _from_store(settings, now_at):
            yield piece
    except NoSuchObject:
        raise FileAway from None


async def _from_store(settings: Settings, file: File) -> AsyncIterator[bytes]:
    try:
        place = stores_of(settings.files).of(file.kind or "")
        async with place.open(file.key, file.version) as pieces:
            async for piece in pieces:
                yield piece
    except StoreTrouble as trouble:
        logger.warning("storage.read_failed", file_id=file.id, kind=file.kind, code=trouble.code)
        raise FileAway from trouble
