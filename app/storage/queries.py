"""The cellar in SQL."""

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.storage.models import File, FilePiece

PIECE_BYTES: Final = 1024 * 1024
# Longer than any store's call with all its tries may take.
LEASE_SECONDS: Final = 120
# Readers that opened the spool just before it was emptied still find it.
SPOOL_SECONDS: Final = 3600
# What the error of a file says that was removed while a process was about to put it.
IN_FLIGHT: Final = "in_flight"


@dataclass(frozen=True, slots=True)
class Leased:
    """A file that this process moves; what it writes names the token."""

    id: UUID
    token: UUID
    key: str
    state: str
    kind: str | None
    content_type: str
    size: int
    sha256: str
    attempts: int
    version: str | None = None
    error: str | None = None
    was_stored: bool = False


async def add(
    session: WriteSession, values: Mapping[str, Any], content: bytes | AsyncIterator[bytes]
) -> tuple[int, str]:
    """A new file with its bytes in the spool; their number and SHA-256."""
    known: dict[str, int | str] = {"size": 0, "sha256": ""}
    if isinstance(content, bytes):
        known = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    await session.execute(insert(File).values(**values, **known))
    pieces = _slices(content) if isinstance(content, bytes) else _megabytes(content)
    digest, size, number = hashlib.sha256(), 0, 0
    async for piece in pieces:
        row = {"file_id": values["id"], "number": number, "content": piece}
        await session.execute(insert(FilePiece), [row])
        digest.update(piece)
        size += len(piece)
        number += 1
    if known != (found := {"size": size, "sha256": digest.hexdigest()}):
        await session.execute(update(File).where(File.id == values["id"]).values(**found))
    return size, digest.hexdigest()


async def _slices(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]


async def _megabytes(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one megabyte, and a last one of what is left."""
    held = bytearray()
    async for part in content:
        held += part
        while len(held) >= PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    if held:
        yield bytes(held)


async def get(session: ReadSession, file_id: UUID) -> File | None:
    """One file that this transaction may see and that was not removed."""
    statement = select(File).where(File.id == file_id, File.state != "deleted")
    found = await session.execute(statement.execution_options(populate_existing=True))
    return found.scalar_one_or_none()


async def piece(session: ReadSession, file_id: UUID, number: int) -> bytes | None:
    """One megabyte out of the spool, counted from 0; None after the last, or when it was emptied."""
    found = await session.execute(
        select(FilePiece.content).where(FilePiece.file_id == file_id, FilePiece.number == number)
    )
    return found.scalar_one_or_none()


async def mark_removed(session: WriteSession, file_id: UUID) -> bool:
    """Take a file out of sight and its bytes out of the spool; the store is told by the worker."""
    is_in_flight = and_(File.state == "waiting", File.lease_token.is_not(None))
    marked = await session.execute(
        update(File)
        .where(File.id == file_id, File.state != "deleted")
        .values(
            state="deleted",
            attempts=0,
            error=case((is_in_flight, IN_FLIGHT), else_=File.error),
            next_try_at=func.now(),
            updated_at=func.now(),
        )
        .returning(File.id)
    )
    if marked.scalar_one_or_none() is None:
        return False
    await session.execute(delete(FilePiece).where(FilePiece.file_id == file_id))
    return True


async def claim(session: WriteSession, *, primary: str, troubled: Collection[str]) -> Leased | None:
    """Take the file that is due the longest, under a new token; by the database's clock.

    What would be asked of a store of the `troubled` kinds is left; `primary` is for those waiting.
    """
    due = (
        select(File.id)
        .where(
            File.state.in_(("waiting", "deleted")),
            File.next_try_at <= func.clock_timestamp(),
            *([_is_elsewhere(primary, sorted(troubled))] if troubled else []),
        )
        .order_by(File.next_try_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    token = new_id()
    claimed = await session.execute(
        update(File)
        .where(File.id == due.scalar_subquery())
        .values(
            lease_token=token,
            attempts=File.attempts + 1,
            next_try_at=func.clock_timestamp() + text(f"interval '{LEASE_SECONDS} seconds'"),
        )
        .returning(
            File.id,
            File.key,
            File.state,
            File.kind,
            File.content_type,
            File.size,
            File.sha256,
            File.attempts,
            File.error,
            File.stored_at.is_not(None).label("was_stored"),
        )
    )
    found = claimed.mappings().one_or_none()
    return None if found is None else Leased(token=token, **found)


def _is_elsewhere(primary: str, troubled: Sequence[str]) -> ColumnElement[bool]:
    """Whether a file's next step asks nothing of a store in trouble."""
    return or_(
        and_(File.state == "waiting", literal(primary not in troubled)),
        and_(File.state == "deleted", or_(File.kind.is_(None), File.kind.not_in(troubled))),
    )


async def note_stored(
    session: WriteSession, leased: Leased, kind: str, version: str | None
) -> bool:
    """The store has the bytes, checked; False when the file was removed or taken over meanwhile."""
    written = await session.execute(
        update(File)
        .where(File.id == leased.id, File.lease_token == leased.token, File.state == "waiting")
        .values(
            state="stored",
            kind=kind,
            version=version,
            error=None,
            lease_token=None,
            stored_at=func.now(),
            updated_at=func.now(),
        )
        .returning(File.id)
    )
    return written.scalar_one_or_none() is not None


async def note_where(session: WriteSession, leased: Leased, kind: str) -> None:
    """Before the first try: the store that may have the bytes from now on, whatever it answers."""
    await session.execute(
        update(File).where(File.id == leased.id, File.lease_token == leased.token).values(kind=kind)
    )


async def note_trouble(
    session: WriteSession, leased: Leased, code: str, *, again_in: float | None
) -> None:
    """It was not done: tried again in so many seconds, or never."""
    values: dict[str, Any] = {"error": code, "lease_token": None, "updated_at": func.now()}
    if again_in is None:
        values["state"] = "failed"
    else:
        delay = func.make_interval(0, 0, 0, 0, 0, 0, again_in)
        values["next_try_at"] = func.clock_timestamp() + delay
    await session.execute(
        update(File).where(File.id == leased.id, File.lease_token == leased.token).values(**values)
    )


async def forget(session: WriteSession, leased: Leased) -> None:
    """The store has forgotten the object, and so do we."""
    await session.execute(
        delete(File).where(
            File.id == leased.id, File.lease_token == leased.token, File.state == "deleted"
        )
    )


async def delete_again(session: WriteSession, leased: Leased) -> None:
    """The store has nothing now; tomorrow it is asked once more, and then the row goes as well."""
    tomorrow = func.clock_timestamp() + text("interval '1 day'")
    await session.execute(
        update(File)
        .where(File.id == leased.id, File.lease_token == leased.token, File.state == "deleted")
        .values(error=None, lease_token=None, attempts=0, next_try_at=tomorrow)
    )


async def empty_spool(session: WriteSession) -> int:
    """Remove the bytes of files that were stored an hour ago, at most a hundred; how many."""
    old = (
        select(File.id)
        .join(FilePiece, FilePiece.file_id == File.id)
        .where(
            File.state == "stored",
            File.stored_at < func.now() - text(f"interval '{SPOOL_SECONDS} seconds'"),
        )
        .distinct()
        .limit(100)
    )
    removed = await session.execute(
        delete(FilePiece).where(FilePiece.file_id.in_(old)).returning(FilePiece.file_id)
    )
    return len(set(removed.scalars()))


async def newest_stored(session: ReadSession, kind: str) -> str | None:
    """The key of the newest file that is stored, if this kind of store has it, else None."""
    found = await session.execute(
        select(File.key, File.kind).where(File.state == "stored").order_by(File.id.desc()).limit(1)
    )
    newest = found.one_or_none()
    return newest.key if newest is not None and newest.kind == kind else None


async def backlog(session: ReadSession) -> tuple[int, float]:
    """How many files wait for the store, and for how many seconds the oldest has."""
    age = func.coalesce(func.extract("epoch", func.now() - func.min(File.created_at)), 0)
    found = await session.execute(select(func.count(), age).where(File.state == "waiting"))
    count, seconds = found.one()
    return int(count), float(seconds)
