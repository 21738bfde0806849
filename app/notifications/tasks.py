"""What workers do for notifications: mail what is due, and forget what is old."""

import time
from datetime import timedelta
from typing import Final

from app.core import clock
from app.core.db import ReadSession, Scope
from app.core.log import logger
from app.notifications import delivery, queries, service
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task

KEPT: Final = timedelta(days=180)
_PURGED_AT_ONCE: Final = 1_000
_MOST_PURGES: Final = 20
_LOOK_SECONDS: Final = 25.0


@task(service.DELIVER, look=True)
async def deliver(context: TaskContext, **_ids: str) -> None:
    """Mail what is due, whichever event was rung for."""
    frontend_url = context.settings.server.frontend_url
    ends_at = time.monotonic() + _LOOK_SECONDS
    while not context.stopping.is_set() and time.monotonic() < ends_at:
        if not await delivery.write_to_next(context.database, frontend_url):
            return


@periodic("notifications.purge", every=3600)
async def purge(context: TaskContext) -> None:
    """Delete what was told 180 days ago, in short transactions."""
    removed = 0
    for _ in range(_MOST_PURGES):
        if context.stopping.is_set():
            break
        async with context.database.write(Scope.system()) as session:
            some = await queries.purge(session, clock.now() - KEPT, _PURGED_AT_ONCE)
        removed += some
        if some < _PURGED_AT_ONCE:
            break
    if removed:
        logger.info("notifications.purged", count=removed)


@backlog("notifications")
async def waiting(session: ReadSession) -> Backlog:
    """Events that are due to be mailed."""
    count, oldest = await queries.waiting(session)
    return Backlog(waiting=count, oldest_seconds=oldest)
