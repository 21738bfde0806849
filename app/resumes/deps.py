"""Who sees a résumé, and how its file comes in and goes out."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, File, UploadFile
from pydantic import BeforeValidator

from app.accounts.caller import language_of
from app.mail.languages import Language
from app.organizations.deps import Viewer
from app.resumes.errors import ResumeNotFound
from app.resumes.models import Resume

HIRING: Final = ("employer", "admin")

# In which the caller is told why a résumé could not be read.
Spoken = Annotated[Language, Depends(language_of)]


def _no_text(value: object) -> object:
    # A plain field of the file's name is no file: the room's own problem says so better.
    return None if isinstance(value, str) else value


OptionalFile = Annotated[
    UploadFile | None, BeforeValidator(_no_text), File(description="PDF, Word (.docx) or text")
]


def require_sight(who: Viewer, resume: Resume) -> None:
    """An organization's résumés are for those who hire; its other members see none of them.

    Raises:
        ResumeNotFound: the résumé is not the caller's, and they do not hire.
    """
    is_own = resume.owner_id == who.person.id
    if not is_own and not who.person.is_superuser and who.role not in HIRING:
        raise ResumeNotFound


async def begun(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """The pieces with the first one in hand: a store in trouble is an answer, not a cut file."""
    first = await anext(pieces, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_them()
