"""Work of this room that nobody waits for."""

from app.accounts import proofs, sessions
from app.accounts.letters import Letters
from app.core.db import Scope
from app.core.log import logger
from app.worker.registry import TaskContext, periodic, task


@task(proofs.ANSWER, look=True)
async def answer_requests(context: TaskContext, **_ids: str) -> None:
    """Mail a link to everybody who has asked for a new password and has an account."""
    letters = Letters.from_settings(context.settings)
    is_more = True
    while is_more and not context.stopping.is_set():
        async with context.database.write(Scope.system()) as session:
            is_more = await proofs.answer(session, letters)


@periodic("accounts.purge_sessions", every=3600)
async def purge_sessions(context: TaskContext) -> None:
    """Remove sign-ins that are over; several processes at once remove each row once."""
    async with context.database.write(Scope.system()) as session:
        removed = await sessions.purge(session)
        await proofs.purge(session)
    if removed:
        logger.info("accounts.sessions_purged", count=removed)
