"""What workers do for the cellar."""

import time
from typing import Final

from app.core.db import ReadSession, Scope
from app.core.log import logger
from app.storage import queries
from app.storage.move import Step, move_one
from app.storage.service import MOVE
from app.storage.stores import stores_of
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task

# The last file that is begun has half a minute, as a task has all in all.
_BEGIN_SECONDS: Final = 8.0


@task(MOVE, look=True)
async def move(context: TaskContext, **_ids: str) -> None:
    """Move what is due, whichever file the ring was for; a store in trouble is left alone at once."""
    troubled: set[str] = set()
    stores_of(context.settings.files).close_with(context.closing)
    began = time.monotonic()
    while not context.stopping.is_set() and time.monotonic() - began < _BEGIN_SECONDS:
        step = await move_one(context.database, context.settings, troubled=troubled)
        if step is Step.NOTHING_DUE:
            return


@periodic("storage.empty_spool", every=60)
async def empty_spool(context: TaskContext) -> None:
    """Let bytes leave PostgreSQL an hour after the store has them."""
    async with context.database.write(Scope.system()) as session:
        emptied = await queries.empty_spool(session)
    if emptied:
        logger.info("storage.spool_emptied", count=emptied)


@backlog("storage")
async def waiting(session: ReadSession) -> Backlog:
    """Files that the store does not have yet."""
    count, seconds = await queries.backlog(session)
    return Backlog(waiting=count, oldest_seconds=seconds)
