"""Work of this room that nobody waits for."""

from app.core.db import Scope
from app.core.log import logger
from app.organizations import invites
from app.worker.registry import TaskContext, periodic


@periodic("organizations.purge_invites", every=3600)
async def purge_invites(context: TaskContext) -> None:
    """Remove invitations that nobody has accepted in time."""
    async with context.database.write(Scope.system()) as session:
        removed = await invites.purge(session)
    if removed:
        logger.info("organizations.invites_purged", count=removed)
