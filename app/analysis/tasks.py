"""What workers do for the bench."""

from app.analysis import index, queries
from app.analysis.pipeline import Bench, drain
from app.analysis.service import WORK
from app.core.clock import now
from app.core.db import ReadSession, Scope
from app.core.log import logger
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task

# A task that is not rung returns within 35 s.
_SECONDS = 20.0
_PACKING_SECONDS = 10.0


@task(WORK, look=True)
async def work(context: TaskContext, **_ids: str) -> None:
    """Answer every analysis that is due, whichever one the ring was for."""
    await drain(Bench(context.database, context.stopping))


@periodic("analysis.index_jobs", every=30)
async def index_jobs(context: TaskContext) -> None:
    """Read open jobs that are new or have changed, and forget those that are open no more."""
    packed = await index.pack(context.database, stopping=context.stopping, seconds=_PACKING_SECONDS)
    read = await index.refresh(context.database, stopping=context.stopping, seconds=_SECONDS)
    async with context.database.write(Scope.system()) as session:
        forgotten = await index.forget_closed(session)
    if read or forgotten or packed:
        logger.info("analysis.jobs_read", read=read, forgotten=forgotten, packed=packed)


@backlog("analysis")
async def waiting(session: ReadSession) -> Backlog:
    """Analyses with a read résumé that nobody has begun."""
    count, oldest = await queries.waiting(session)
    age = 0.0 if oldest is None else (now() - oldest).total_seconds()
    return Backlog(waiting=count, oldest_seconds=max(0.0, age))
