"""The pages of a résumé as it was handed in, drawn when somebody looks at them."""

from typing import Final

from app.core.db import Database
from app.core.log import logger
from app.core.sandbox import Died, Limits, Sandbox
from app.core.settings import Settings
from app.resumes.errors import PageNotDrawn
from app.resumes.models import Resume
from app.resumes.reading.asked_page import MOST_PAGES, numbered
from app.resumes.reading.results import CONTENT_TYPES
from app.storage import service as storage

WORK: Final = "app.resumes.reading.pictures:draw_page"
LIMITS: Final = Limits(cpu_seconds=5, wall_seconds=20.0, answer_bytes=8 * 1024 * 1024)


def pages_to_draw(*, content_type: str, pages: int | None) -> int:
    """How many pages can be shown: at most ten, none of what is no PDF, one of an unread PDF."""
    if content_type != CONTENT_TYPES["pdf"]:
        return 0
    return min(pages or 1, MOST_PAGES)


async def draw(
    sandbox: Sandbox, database: Database, settings: Settings, *, resume: Resume, number: int
) -> bytes:
    """A page, counted from 1, as WebP.

    Raises:
        PageNotDrawn: it is none of the first ten pages of a PDF, or cannot be drawn.
        FileAway: the store does not give the file.
    """
    if resume.content_type != CONTENT_TYPES["pdf"] or not 1 <= number <= MOST_PAGES:
        raise PageNotDrawn
    content = await storage.read(database, settings, resume.file_id)
    try:
        picture = await sandbox.run(numbered(number, content))
    except Died as death:
        logger.info("resumes.page_not_drawn", reason=death.reason)
        raise PageNotDrawn from death
    if not picture:
        raise PageNotDrawn
    return picture
