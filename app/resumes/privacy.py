"""What résumés hold of a person."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer_group

from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData, PersonalFile
from app.resumes import service
from app.resumes.models import Resume


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """The person's résumés, what was read in them, and the files themselves."""
    own = select(Resume).where(Resume.owner_id == user_id).order_by(Resume.id)
    found = (await session.scalars(own.options(undefer_group("whole")))).all()
    names = ("id", "filename", "content_type", "size", "sha256", "status", "status_history")
    read = ("text", "pages", "links", "understanding", "created_at", "updated_at")
    facts = [{name: getattr(one, name) for name in (*names, *read)} for one in found]
    files = tuple(PersonalFile(one.file_id, one.filename) for one in found)
    return PersonalData({"resumes": facts}, files)


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Delete the person's résumés with their files."""
    ids = (await session.scalars(select(Resume.id).where(Resume.owner_id == user_id))).all()
    for resume_id in ids:
        await service.remove(session, owner_id=user_id, resume_id=resume_id)
