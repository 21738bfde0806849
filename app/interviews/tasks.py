"""What workers do for interviews: tell of changes, remind, and call off what is pointless."""

from app.core.db import ReadSession, Scope
from app.core.log import logger
from app.interviews import announcements, queries, service
from app.interviews.announcements import Announcer
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task


@task(service.ANNOUNCE, look=True)
async def announce(context: TaskContext, **_ids: str) -> None:
    """Mail everybody in an interview what became of it, whichever interview was rung for."""
    announcer = Announcer.from_settings(context.settings)
    is_more = True
    while is_more and not context.stopping.is_set():
        async with context.database.write(Scope.system()) as session:
            is_more = await announcer.announce(session)


@periodic("interviews.remind", every=60)
async def remind(context: TaskContext) -> None:
    """Remind of interviews a day and an hour ahead, each time once."""
    announcer = Announcer.from_settings(context.settings)
    is_more = True
    while is_more and not context.stopping.is_set():
        async with context.database.write(Scope.system()) as session:
            is_more = await announcer.remind(session)


@periodic("interviews.call_off", every=60)
async def call_off(context: TaskContext) -> None:
    """Cancel interviews whose application was rejected or withdrawn meanwhile."""
    async with context.database.write(Scope.system()) as session:
        number = await announcements.call_off_pointless(session)
    if number:
        logger.info("interviews.called_off", count=number)


@backlog("interviews")
async def waiting(session: ReadSession) -> Backlog:
    """Changes that people have not been told of."""
    count, oldest = await queries.unannounced(session)
    return Backlog(waiting=count, oldest_seconds=oldest)
