"""The cellar in SQL: files that are stored, for comparing them and bringing them elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, text, update

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.storage.models import File, FilePiece
from app.storage.queries import LEASE_SECONDS, Leased


@dataclass(frozen=True, slots=True)
class Kept:
    """What a comparison needs of a row."""

    id: UUID
    key: str
    state: str
    kind: str | None
    size: int


_KEPT = (File.id, File.key, File.state, File.kind, File.size)


async def kinds_in_use(session: ReadSession) -> list[str]:
    """The kinds of store that hold files."""
    found = await session.execute(select(File.kind).where(File.kind.is_not(None)).distinct())
    return [str(kind) for kind in found.scalars()]


async def by_key(session: ReadSession, keys: Sequence[str]) -> dict[str, Kept]:
    """The rows of some objects, those included whose object is still to be deleted."""
    found = await session.execute(select(*_KEPT).where(File.key.in_(keys)))
    return {row.key: Kept(*row) for row in found}


async def stored_before(
    session: ReadSession, kind: str, moment: datetime, *, after: UUID | None, limit: int
) -> list[Kept]:
    """Files that a store has had since before then, in the order of their ids."""
    statement = select(*_KEPT).where(
        File.state == "stored", File.kind == kind, File.stored_at < moment
    )
    if after is not None:
        statement = statement.where(File.id > after)
    found = await session.execute(statement.order_by(File.id).limit(limit))
    return [Kept(*row) for row in found]


async def requeue(session: WriteSession, kind: str, keys: Sequence[str]) -> int:
    """Put files whose object is gone back in line, where the spool still has them; how many."""
    is_spooled = select(FilePiece.file_id).where(FilePiece.file_id == File.id).exists()
    changed = await session.execute(
        update(File)
        .where(File.key.in_(keys), File.kind == kind, File.state == "stored", is_spooled)
        .values(state="waiting", attempts=0, next_try_at=func.now(), updated_at=func.now())
        .returning(File.id)
    )
    return len(changed.scalars().all())


async def kept_elsewhere(
    session: ReadSession, kind: str, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Stored files of every other kind than this, in the order of their ids."""
    statement = select(File.id).where(File.state == "stored", File.kind != kind)
    if after is not None:
        statement = statement.where(File.id > after)
    found = await session.execute(statement.order_by(File.id).limit(limit))
    return list(found.scalars())


async def count_elsewhere(session: ReadSession, kind: str) -> int:
    """How many stored files lie in another kind of store."""
    statement = select(func.count()).where(File.state == "stored", File.kind != kind)
    return (await session.execute(statement)).scalar_one()


async def lease_stored(session: WriteSession, file_id: UUID, *, other_than: str) -> Leased | None:
    """Take a stored file to bring it elsewhere; None when it was removed, moved, or is in hand."""
    is_free = or_(File.lease_token.is_(None), File.next_try_at < func.clock_timestamp())
    token = new_id()
    lease = text(f"interval '{LEASE_SECONDS} seconds'")
    taken = await session.execute(
        update(File)
        .where(File.id == file_id, File.state == "stored", File.kind != other_than, is_free)
        .values(lease_token=token, next_try_at=func.clock_timestamp() + lease)
        .returning(
            File.id,
            File.key,
            File.state,
            File.kind,
            File.content_type,
            File.size,
            File.sha256,
            File.attempts,
            File.version,
        )
    )
    found = taken.mappings().one_or_none()
    return None if found is None else Leased(token=token, **found)


async def give_back(session: WriteSession, leased: Leased) -> None:
    """It stays where it is; the next run may take it."""
    await session.execute(
        update(File)
        .where(File.id == leased.id, File.lease_token == leased.token)
        .values(lease_token=None)
    )


async def note_moved(session: WriteSession, leased: Leased, kind: str, version: str | None) -> bool:
    """From now on it is read elsewhere; False when it was removed or taken over meanwhile."""
    moved = await session.execute(
        update(File)
        .where(File.id == leased.id, File.lease_token == leased.token, File.state == "stored")
        .values(
            kind=kind,
            version=version,
            lease_token=None,
            stored_at=func.now(),
            updated_at=func.now(),
        )
        .returning(File.id)
    )
    return moved.scalar_one_or_none() is not None
