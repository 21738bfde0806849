"""What workers do for integrations: calendars kept true, grants kept alive, endings told in time."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from app.core.db import Scope
from app.core.log import logger
from app.core.settings import Settings
from app.health.registry import registered
from app.integrations.names import TITLES
from app.integrations.queries import states
from app.integrations.service import ending, lifetimes, status, syncing
from app.integrations.service.bench import Bench
from app.interviews.service import SYNC
from app.worker.doorbell import ring_now
from app.worker.registry import TaskContext, Trouble, outlook, periodic, task

_AT_ONCE: Final = 3


def _bench(context: TaskContext) -> Bench:
    return Bench(context.settings, context.database, context.http)


@task(SYNC, look=True)
async def sync_interview(context: TaskContext, interview_id: str = "") -> None:
    """Make calendars show what has changed: about one interview, and whatever else is due."""
    wanted = UUID(interview_id) if interview_id else None
    await syncing.sync_due(_bench(context), wanted, _AT_ONCE)


@periodic("integrations.find_behind", every=60)
async def find_behind(context: TaskContext) -> None:
    """Find changes of interviews whose rings were lost."""
    if await syncing.find_behind(_bench(context)):
        ring_now(SYNC)


@periodic("integrations.revoke", every=300)
async def revoke(context: TaskContext) -> None:
    """Tell providers of ended connections that they did not hear of before."""
    done = await ending.end_waiting(_bench(context))
    if done:
        logger.info("integrations.revoked_late", count=done)


@periodic("integrations.keep_alive", every=3_600)
async def keep_alive(context: TaskContext) -> None:
    """Refresh grants that lapse when nobody uses them; tell owners of those that end anyway."""
    bench = _bench(context)
    await lifetimes.warn_of_endings(bench)
    await lifetimes.refresh_idle(bench)


@periodic("integrations.purge_states", every=3_600)
async def purge_states(context: TaskContext) -> None:
    """Delete the rows of consents that nobody came back from."""
    async with context.database.write(Scope.system()) as session:
        await states.purge(session)


@outlook("integrations")
async def providers(settings: Settings, redis: Redis) -> Mapping[str, Trouble | None]:
    """The providers that are set up; of one whose circuit is open, which processes say so."""
    records = await registered(redis)
    found: dict[str, Trouble | None] = {}
    for name in status.configured(settings):
        seen = [
            f"{record.role} {record.pid} on {record.host}"
            for record in records
            if f"integrations.{name}" in record.open_circuits
        ]
        facts = {"name": TITLES[name], "seen": ", ".join(seen)}
        found[TITLES[name]] = Trouble("integration.failing", facts) if seen else None
    return found
