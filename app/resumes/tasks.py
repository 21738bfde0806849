"""What workers do for the papers."""

from collections.abc import Mapping

from app.core.clock import now
from app.core.db import ReadSession
from app.resumes import queries
from app.resumes.pipeline import Bench, drain
from app.resumes.reading.child import Readers
from app.resumes.service import WORK
from app.worker.registry import Backlog, TaskContext, backlog, census, task


@task(WORK, look=True)
async def process(context: TaskContext, **_ids: str) -> None:
    """Read every résumé that is due, whichever one the ring was for."""
    await drain(Bench(context.database, context.settings, Readers(), context.stopping))


@census("resumes")
async def by_status(session: ReadSession) -> Mapping[str, int]:
    """The résumés that are still being read; the others are too many to be counted each time."""
    return await queries.open_by_status(session)


@backlog("resumes")
async def waiting(session: ReadSession) -> Backlog:
    """Résumés that nobody has begun to read."""
    count, oldest = await queries.waiting(session)
    age = 0.0 if oldest is None else (now() - oldest).total_seconds()
    return Backlog(waiting=count, oldest_seconds=max(0.0, age))
