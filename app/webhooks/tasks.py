"""What workers do for webhooks: send what is due, and forget what is past its time."""

import time
from typing import Final

from app.core.crypto import KeyRing
from app.core.db import Scope, driver
from app.core.log import logger
from app.core.public_http import open_public_client
from app.webhooks.engine.deliver import LANES, Bench, drain
from app.webhooks.outbox import DELIVER
from app.webhooks.queries import deliveries
from app.worker.doorbell import ring_now
from app.worker.registry import TaskContext, periodic, task

KEPT_DAYS: Final = 30
# With the longest timeout a try that begins at the slice's end is over within the look's 35 s.
_LOOK_SECONDS: Final = 33.0
_LONGEST_SLICE: Final = 18.0
_SHORTEST_SLICE: Final = 2.0
_PURGED_AT_ONCE: Final = 1_000
_MOST_PURGES: Final = 20


@task(DELIVER, look=True)
async def deliver(context: TaskContext, **_ids: str) -> None:
    """Send until nothing is due, or for one slice of time."""
    async with context.database.read(Scope.system()) as session:
        if not await deliveries.is_any_due(await driver(session)):
            return
    settings = context.settings.webhooks
    left = _LOOK_SECONDS - settings.timeout_seconds
    client = open_public_client(
        timeout_seconds=settings.timeout_seconds,
        connections=LANES,
        allow_local=settings.allow_local == "on",
    )
    bench = Bench(
        database=context.database,
        client=client,
        ring=KeyRing.from_settings(context.settings.auth),
        timeout_seconds=settings.timeout_seconds,
        stopping=context.stopping,
        ends_at=time.monotonic() + max(min(left, _LONGEST_SLICE), _SHORTEST_SLICE),
    )
    try:
        await drain(bench)
    finally:
        await client.aclose()
    if bench.is_over and not context.stopping.is_set():
        ring_now(DELIVER)


@periodic("webhooks.purge", every=3600)
async def purge(context: TaskContext) -> None:
    """Delete deliveries after 30 days, in short transactions, and secrets that sign no more."""
    removed = 0
    for _ in range(_MOST_PURGES):
        if context.stopping.is_set():
            break
        async with context.database.write(Scope.system()) as session:
            some = await deliveries.purge(await driver(session), KEPT_DAYS, _PURGED_AT_ONCE)
        removed += some
        if some < _PURGED_AT_ONCE:
            break
    async with context.database.write(Scope.system()) as session:
        await deliveries.forget_previous_secrets(await driver(session))
    if removed:
        logger.info("webhooks.purged", count=removed)
