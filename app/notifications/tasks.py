"""What workers do for notifications: forget what is old."""

from datetime import timedelta
from typing import Final

from app.core import clock
from app.core.db import Scope
from app.core.log import logger
from app.notifications import queries
from app.worker.registry import TaskContext, periodic

KEPT: Final = timedelta(days=180)
_PURGED_AT_ONCE: Final = 1_000
_MOST_PURGES: Final = 20


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
