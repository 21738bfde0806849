"""What workers do for the papers."""

from collections.abc import Mapping
from typing import Final

from app.core.clock import now
from app.core.db import ReadSession
from app.resumes import anew, queries
from app.resumes.pipeline import Bench, drain
from app.resumes.reading.readers import Readers
from app.resumes.service import WORK
from app.worker.registry import (
    Backlog,
    TaskContext,
    backlog,
    census,
    periodic,
    task,
)

# Of every minute and worker process.
_ANEW_SECONDS: Final = 5.0


@task(WORK, look=True)
async def process(context: TaskContext, **_ids: str) -> None:
    """Read every résumé that is due, whichever one the ring was for."""
    await drain(Bench(context.database, context.settings, Readers(), context.stopping))


@periodic("resumes.understand_anew", every=60)
async def understand_anew(context: TaskContext) -> None:
    """Take stored résumés to today's rules, for a twelfth of the time: others wait for the same cores."""
    await anew.understand_anew(context.database, stopping=context.stopping, seconds=_ANEW_SECONDS)


@census("resumes")
async def by_status(session: ReadSession) -> Mapping[str, int]:
    """The résumés that are still being read, and those that older rules have understood.

    The others are too many to be counted each time.
    """
    return {
        **await queries.open_by_status(session),
        "understood_by_older": await anew.behind(session),
    }


@backlog("resumes")
async def waiting(session: ReadSession) -> Backlog:
    """Résumés that nobody has begun to read."""
    count, oldest = await queries.waiting(session)
    age = 0.0 if oldest is None else (now() - oldest).total_seconds()
    return Backlog(waiting=count, oldest_seconds=max(0.0, age))
