"""What workers do for the posts."""

from app.core.db import Scope
from app.core.log import logger
from app.jobs import queries, views
from app.worker.registry import TaskContext, periodic


@periodic("jobs.close_expired", every=60)
async def close_expired(context: TaskContext) -> None:
    """Close jobs whose time is over; lists leave them out from that very moment."""
    async with context.database.write(Scope.system()) as session:
        closed = await queries.close_expired(session)
    if closed:
        logger.info("jobs.expired", count=closed)


@periodic("jobs.count_views", every=60)
async def count_views(context: TaskContext) -> None:
    """Add the reads that gathered in Redis to the jobs."""
    seen = await views.take(context.redis)
    if not seen:
        return
    async with context.database.write(Scope.system()) as session:
        await queries.add_views(session, seen)
