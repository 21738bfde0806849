"""What workers do for the ledger: work off units, and sweep."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from redis.asyncio import Redis

from app.claims.engine.bench import Bench
from app.claims.engine.place_book import DatabasePlaceBook
from app.claims.engine.sweep import WORK, sweep
from app.claims.engine.tempo import Tempo
from app.claims.engine.work import drain
from app.claims.payers.condition import Condition
from app.claims.payers.registry import PROVIDERS, Payers, conditions
from app.claims.queries.engine import sweeps
from app.core.db import Database, ReadSession, driver
from app.core.settings import Settings
from app.worker.doorbell import ring_now
from app.worker.registry import (
    Backlog,
    TaskContext,
    Trouble,
    backlog,
    census,
    outlook,
    periodic,
    task,
)

# A look returns within 35 s: steps are begun for the slice, and cut a little before that. A call
# that the cut ends is put down and asked again at the beginning of the next slice, where it gets
# the payer's full time: so a slow payer costs a call now and then, and no time of the others.
SLICE_SECONDS: Final = 20.0
_CUT_SECONDS: Final = 33.0


@dataclass(frozen=True, slots=True)
class Means:
    """What a process keeps from slice to slice: adapters, and how long payers take.

    Adapters hold the payer's token, the connections, the brakes and the circuit breaker.
    """

    payers: Payers
    tempo: Tempo


# One for each process and event loop, found by the engine that its tasks share it with.
_MEANS: Final[WeakKeyDictionary[Database, Means]] = WeakKeyDictionary()


@task(WORK, look=True)
async def work(context: TaskContext, **_ids: str) -> None:
    """Lease and work off units of any job until nothing is runnable, or for one slice of time."""
    began, means = time.monotonic(), means_of(context)
    bench = Bench(
        database=context.database,
        settings=context.settings,
        payers=means.payers,
        tempo=means.tempo,
        stopping=context.stopping,
        ends_at=began + SLICE_SECONDS,
        cut_at=began + _CUT_SECONDS,
    )
    await drain(bench, context.settings.claims.lanes)
    if bench.is_over and not context.stopping.is_set():
        ring_now(WORK)


@periodic("claims.sweep", every=1.0)
async def sweep_up(context: TaskContext) -> None:
    """Ring for what is due, end what ended unseen, delete what is past its time."""
    await sweep(context.database)


@outlook("payers")
async def payers(settings: Settings, redis: Redis) -> Mapping[str, Trouble | None]:
    """The payers that are set up; None where all is well there, or where nobody knows."""
    found = await conditions(settings, redis)
    return {PROVIDERS[code].name: _trouble(code, known) for code, known in found.items()}


def _trouble(code: str, known: Condition | None) -> Trouble | None:
    if known is None or known.state == "ok":
        return None
    name = PROVIDERS[code].name
    if known.state == "open":
        return Trouble("payer.silent", {"name": name})
    return Trouble("payer.slowed", {"name": name, "percent": round(known.share * 100)})


@backlog("claims")
async def waiting(session: ReadSession) -> Backlog:
    """Jobs that nobody has begun."""
    count, oldest = await sweeps.backlog(await driver(session))
    return Backlog(waiting=count, oldest_seconds=oldest)


@census("claims")
async def by_status(session: ReadSession) -> Mapping[str, int]:
    """The jobs that are kept, by their status."""
    return await sweeps.by_status(await driver(session))


def means_of(context: TaskContext) -> Means:
    """The process's own, made when first asked for and closed with it."""
    known = _MEANS.get(context.database)
    if known is None:
        book = DatabasePlaceBook(context.database)
        known = Means(Payers(context.settings, context.redis, book), Tempo())
        _MEANS[context.database] = known
        context.closing.push_async_callback(known.payers.close)
    return known
