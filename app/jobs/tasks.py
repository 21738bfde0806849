"""What workers do for the posts."""

import asyncio
import time
from typing import Final

from app.core.db import Scope
from app.core.log import logger
from app.jobs import queries, skills, views
from app.worker.registry import TaskContext, periodic

# A task that is not rung returns within 35 s.
_SECONDS: Final = 20.0


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


@periodic("jobs.name_skills", every=300)
async def name_skills(context: TaskContext) -> None:
    """Find the keys of skills that were written without them, or under a former taxonomy."""
    done, until = 0, time.monotonic() + _SECONDS
    while time.monotonic() < until and not context.stopping.is_set():
        async with context.database.read(Scope.system()) as session:
            waiting = await skills.unnamed(session)
        if not waiting:
            break
        found = await asyncio.to_thread(skills.named, waiting)
        async with context.database.write(Scope.system()) as session:
            await skills.name(session, found)
        done += len(waiting)
    if done:
        logger.info("jobs.skills_named", count=done)
