"""The papers in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, case, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import undefer

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.resumes.models import Resume

# Longer than a résumé's reading may take, so that no second worker begins while the first is alive.
LEASE_SECONDS: Final = 90
_SCANNED: Final = "text.in_pictures"
_CLAIMED: Final = (
    Resume.id,
    Resume.file_id,
    Resume.status,
    Resume.attempts,
    Resume.revision,
    Resume.cautions,
)


@dataclass(frozen=True, slots=True)
class Leased:
    """A résumé in this process's hands; what it writes names the token."""

    id: UUID
    token: UUID
    file_id: UUID
    status: str
    attempts: int
    revision: int
    is_scanned: bool


def seen_by(owner_id: UUID, organization_id: UUID | None) -> Select[Any]:
    """A person's résumés, with those that came to the organization, in no order."""
    theirs = Resume.owner_id == owner_id
    if organization_id is None:
        return select(Resume).where(theirs)
    came = text(
        "resumes.id IN (SELECT resume_id FROM applications"
        " WHERE applications.organization_id = :organization_id AND resume_id IS NOT NULL)"
    ).bindparams(organization_id=organization_id)
    return select(Resume).where(theirs | came)


async def get(session: ReadSession, resume_id: UUID, *, with_text: bool = False) -> Resume | None:
    """One résumé that this transaction may see."""
    statement = select(Resume).where(Resume.id == resume_id)
    if with_text:
        statement = statement.options(undefer(Resume.text))
    found = await session.execute(statement.execution_options(populate_existing=True))
    return found.scalar_one_or_none()


async def by_content(session: ReadSession, owner_id: UUID, sha256: str) -> UUID | None:
    """The person's résumé of exactly these bytes."""
    found = await session.execute(
        select(Resume.id).where(Resume.owner_id == owner_id, Resume.sha256 == sha256)
    )
    return found.scalar_one_or_none()


async def add(session: WriteSession, values: Mapping[str, Any]) -> UUID | None:
    """A new résumé's id, or None when the person has these bytes already."""
    made = await session.execute(
        insert(Resume)
        .values(**values, status_history=_with_step("uploaded", before=literal([], JSONB)))
        .on_conflict_do_nothing(index_elements=["owner_id", "sha256"])
        .returning(Resume.id)
    )
    return made.scalar_one_or_none()


def _with_step(status: str, *, before: Any = Resume.status_history) -> Any:
    step = func.jsonb_build_object("status", status, "at", func.clock_timestamp())
    return before.op("||")(func.jsonb_build_array(step))


async def remove(session: WriteSession, resume_id: UUID) -> None:
    """Delete it."""
    await session.execute(delete(Resume).where(Resume.id == resume_id))


async def begin_again(session: WriteSession, resume_id: UUID) -> bool:
    """Send an ended résumé through the work again; False when it is in work."""
    changed = await session.execute(
        update(Resume)
        .where(Resume.id == resume_id, Resume.status.in_(("skills_extracted", "extraction_failed")))
        .values(
            status="uploaded",
            error=None,
            attempts=0,
            revision=Resume.revision + 1,
            lease_token=None,
            lease_until=None,
            status_history=_with_step("uploaded"),
            updated_at=func.now(),
        )
        .returning(Resume.id)
    )
    return changed.scalar_one_or_none() is not None


async def claim(session: WriteSession) -> Leased | None:
    """Take the oldest résumé that nobody works on, under a new token; by the database's clock.

    Scanned pages take seconds to recognize, so they come after all others.
    """
    due = (
        select(Resume.id)
        .where(
            Resume.status.in_(("uploaded", "text_extracted")),
            (Resume.lease_until.is_(None)) | (Resume.lease_until < func.clock_timestamp()),
        )
        .order_by(Resume.cautions.contains([_SCANNED]), Resume.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    token = new_id()
    claimed = await session.execute(
        update(Resume)
        .where(Resume.id == due.scalar_subquery())
        .values(
            lease_token=token,
            lease_until=func.clock_timestamp() + text(f"interval '{LEASE_SECONDS} seconds'"),
            attempts=Resume.attempts + 1,
        )
        .returning(*_CLAIMED)
    )
    found = claimed.one_or_none()
    return None if found is None else _leased(found, token)


def _leased(found: Any, token: UUID) -> Leased:
    return Leased(
        id=found.id,
        token=token,
        file_id=found.file_id,
        status=found.status,
        attempts=found.attempts,
        revision=found.revision,
        is_scanned=_SCANNED in found.cautions,
    )


async def advance(
    session: WriteSession, leased: Leased, status: str, values: Mapping[str, Any]
) -> bool:
    """Write a step through the fence: False when the lease is another's by now."""
    is_last = case((literal(status == "text_extracted"), Resume.lease_token), else_=None)
    written = await session.execute(
        update(Resume)
        .where(Resume.id == leased.id, Resume.lease_token == leased.token)
        .values(
            **values,
            status=status,
            status_history=_with_step(status),
            lease_token=is_last,
            updated_at=func.now(),
        )
        .returning(Resume.id)
    )
    return written.scalar_one_or_none() is not None


async def put_off(session: WriteSession, leased: Leased) -> None:
    """Let it be tried again when the lease has run out; the attempt does not count."""
    await session.execute(
        update(Resume)
        .where(Resume.id == leased.id, Resume.lease_token == leased.token)
        .values(lease_token=None, attempts=Resume.attempts - 1)
    )


async def set_aside(session: WriteSession, leased: Leased) -> None:
    """Let a scanned file wait until no other does; the attempt does not count."""
    await session.execute(
        update(Resume)
        .where(Resume.id == leased.id, Resume.lease_token == leased.token)
        .values(
            cautions=[_SCANNED],
            lease_token=None,
            lease_until=None,
            attempts=Resume.attempts - 1,
        )
    )


async def open_by_status(session: ReadSession) -> dict[str, int]:
    """How many résumés are still being read, by their status."""
    due = ("uploaded", "text_extracted")
    found = await session.execute(
        select(Resume.status, func.count()).where(Resume.status.in_(due)).group_by(Resume.status)
    )
    counted = {status: int(count) for status, count in found.all()}
    return {status: counted.get(status, 0) for status in due}


async def waiting(session: ReadSession) -> tuple[int, datetime | None]:
    """How many résumés nobody has begun, and since when the oldest waits."""
    found = await session.execute(
        select(func.count(), func.min(Resume.updated_at)).where(
            Resume.status.in_(("uploaded", "text_extracted")), Resume.lease_until.is_(None)
        )
    )
    count, oldest = found.one()
    return int(count), oldest
