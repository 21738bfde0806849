"""Work of this room that nobody waits for."""

from app.accounts import sessions
from app.core.db import Scope
from app.core.log import logger
from app.worker.registry import TaskContext, periodic


@periodic("accounts.purge_sessions", every=3600)
async def purge_sessions(context: TaskContext) -> None:
    """Remove sign-ins that are over; several processes at once remove each row once."""
    async with context.database.write(Scope.system()) as session:
        removed = await sessions.purge(session)
    if removed:
        logger.info("accounts.sessions_purged", count=removed)
