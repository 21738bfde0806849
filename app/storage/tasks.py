"""What workers do for the cellar."""

from app.core.db import ReadSession, Scope
from app.core.log import logger
from app.storage import queries
from app.storage.move import move_one
from app.storage.service import MOVE
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task


@task(MOVE, look=True)
async def move(context: TaskContext, **_ids: str) -> None:
    """Move every file that is due, whichever one the ring was for."""
    while not context.stopping.is_set() and await move_one(context.database, context.settings):
        pass


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
