"""Taking résumés in, showing them, deleting them. The session's scope decides which are there."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.core.audit import Entry, record
from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.core.pages import PageQuery, Slice, paginate
from app.resumes import queries
from app.resumes.errors import (
    ResumeBeingRead,
    ResumeMissing,
    ResumeNotFound,
    ResumeTypeUnsupported,
)
from app.resumes.models import Resume
from app.resumes.reading.results import CONTENT_TYPES
from app.resumes.reading.sniff import kind_of
from app.storage import service as storage
from app.worker.doorbell import ring

WORK = "resumes.process"
_ENDINGS: Mapping[str, str] = {"pdf": ".pdf", "docx": ".docx", "txt": ".txt"}
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Received:
    """An upload whose type was settled by its content."""

    content: bytes
    filename: str
    content_type: str
    sha256: str


def receive(content: bytes, filename: str) -> Received:
    """Settle what an upload is; the name is kept for people and decides nothing.

    Raises:
        ResumeMissing: there is not one byte.
        ResumeTypeUnsupported: it is neither PDF, .docx nor text.
    """
    if not content:
        raise ResumeMissing
    kind = kind_of(content)
    if kind is None:
        raise ResumeTypeUnsupported
    return Received(
        content=content,
        filename=_name_of(filename) or f"resume{_ENDINGS[kind]}",
        content_type=CONTENT_TYPES[kind],
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _name_of(filename: str) -> str:
    """The last part of a path, without what no name may hold."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[-_LONGEST_NAME:]


async def upload(session: WriteSession, *, owner_id: UUID, received: Received) -> Resume:
    """Keep a résumé and ring for its reading; bytes that the person sent before are not kept twice."""
    known = await queries.by_content(session, owner_id, received.sha256)
    if known is None:
        known = await _keep(session, owner_id, received)
    return await get(session, resume_id=known)


async def _keep(session: WriteSession, owner_id: UUID, received: Received) -> UUID:
    stored = await storage.store(
        session,
        content=received.content,
        content_type=received.content_type,
        owner_id=owner_id,
        purpose="resumes",
    )
    resume_id = await queries.add(
        session,
        {
            "id": new_id(),
            "owner_id": owner_id,
            "file_id": stored.id,
            "filename": received.filename,
            "content_type": received.content_type,
            "size": len(received.content),
            "sha256": received.sha256,
        },
    )
    if resume_id is None:
        # Another upload of the same bytes was a moment faster.
        await storage.remove(session, stored.id)
        known = await queries.by_content(session, owner_id, received.sha256)
        if known is None:
            raise ResumeNotFound
        return known
    ring(session, WORK, resume_id=resume_id)
    return resume_id


async def browse(
    session: ReadSession, *, owner_id: UUID, hires_for: UUID | None, query: PageQuery
) -> Slice[Resume]:
    """A person's résumés, the newest first; with those that came to the organization they hire for."""
    return await paginate(
        session,
        queries.seen_by(owner_id, hires_for),
        keys=[(Resume.id, "desc")],
        query=query,
        tenant=hires_for or owner_id,
    )


async def get(session: ReadSession, *, resume_id: UUID, with_text: bool = True) -> Resume:
    """One résumé.

    Raises:
        ResumeNotFound: there is none that this transaction may see.
    """
    found = await queries.get(session, resume_id, with_text=with_text)
    if found is None:
        raise ResumeNotFound
    return found


async def get_own(session: ReadSession, *, owner_id: UUID, resume_id: UUID) -> Resume:
    """One of the person's own résumés.

    Raises:
        ResumeNotFound: there is none, or it is another person's.
    """
    found = await queries.get(session, resume_id)
    if found is None or found.owner_id != owner_id:
        raise ResumeNotFound
    return found


async def remove(session: WriteSession, *, owner_id: UUID, resume_id: UUID) -> None:
    """Delete the résumé and its file; applications that came with it lose it.

    Raises:
        ResumeNotFound: there is none, or it is another person's.
    """
    found = await get_own(session, owner_id=owner_id, resume_id=resume_id)
    await queries.remove(session, resume_id)
    await storage.remove(session, found.file_id)
    record(session, Entry("resumes.removed", owner_id, None, "resume", str(resume_id)))


async def reprocess(session: WriteSession, *, owner_id: UUID, resume_id: UUID) -> Resume:
    """Read the résumé anew; what was read before stays until it is replaced.

    Raises:
        ResumeNotFound: there is none, or it is another person's.
        ResumeBeingRead: it is in work.
    """
    await get_own(session, owner_id=owner_id, resume_id=resume_id)
    if not await queries.begin_again(session, resume_id):
        raise ResumeBeingRead
    ring(session, WORK, resume_id=resume_id)
    return await get(session, resume_id=resume_id)
