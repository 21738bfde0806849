"""What workers do for the ledger: work off units, and sweep."""

import time
from typing import Final
from weakref import WeakKeyDictionary

from app.claims.engine.bench import Bench
from app.claims.engine.sweep import WORK, sweep
from app.claims.engine.work import drain
from app.claims.payers.registry import Payers
from app.claims.queries.engine import sweeps
from app.core.db import Database, ReadSession, driver
from app.worker.doorbell import ring_now
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task

# A look returns within 35 s: steps are begun for the slice, and cut a little before that.
SLICE_SECONDS: Final = 20.0
_CUT_SECONDS: Final = 33.0
_SHORTEST_SECONDS: Final = 2.0

# One set of adapters for each process and event loop, found by the engine that they share it with:
# they hold the payer's token, the connections, the brakes and the circuit breaker.
_PAYERS: Final[WeakKeyDictionary[Database, Payers]] = WeakKeyDictionary()


@task(WORK, look=True)
async def work(context: TaskContext, **_ids: str) -> None:
    """Lease and work off units of any job until nothing is runnable, or for one slice of time."""
    began = time.monotonic()
    # A call that begins at the slice's end still gets the payer's full time.
    slice_seconds = min(SLICE_SECONDS, _CUT_SECONDS - context.settings.uhc.timeout_seconds)
    bench = Bench(
        database=context.database,
        settings=context.settings,
        payers=payers_of(context),
        stopping=context.stopping,
        ends_at=began + max(slice_seconds, _SHORTEST_SECONDS),
        cut_at=began + _CUT_SECONDS,
    )
    await drain(bench, context.settings.claims.lanes)
    if bench.is_over and not context.stopping.is_set():
        ring_now(WORK)


@periodic("claims.sweep", every=1.0)
async def sweep_up(context: TaskContext) -> None:
    """Ring for what is due, end what ended unseen, delete what is past its time."""
    await sweep(context.database)


@backlog("claims")
async def waiting(session: ReadSession) -> Backlog:
    """Jobs that nobody has begun."""
    count, oldest = await sweeps.backlog(await driver(session))
    return Backlog(waiting=count, oldest_seconds=oldest)


def payers_of(context: TaskContext) -> Payers:
    """The process's adapters, made when first asked for."""
    known = _PAYERS.get(context.database)
    if known is None:
        known = _PAYERS[context.database] = Payers(context.settings, context.redis)
    return known
