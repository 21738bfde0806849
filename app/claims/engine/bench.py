"""What a worker works with, the unit that it has in hand, and why it may have to put it down."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from app.claims.engine.coverage import Coverage
from app.claims.engine.tempo import Tempo
from app.claims.payers.details import Extra
from app.claims.payers.port import Payer
from app.claims.queries.engine import leases
from app.claims.queries.engine.connection import Connection
from app.core.db import Database, Scope
from app.core.settings import Settings

# Of a worker that is told to end: less than its tasks are left before they are cancelled, so that
# what was answered by then is written.
GRACE_SECONDS: Final = 9.0
_LONGEST_PAUSE: Final = 5.0


class PayerShelf(Protocol):
    """The adapters of one process."""

    def get(self, code: str) -> Payer:
        """The adapter of a provider; KeyError for one that is not known."""
        ...


class Fenced(Exception):
    """The lease is somebody else's now, or the job has ended: nothing may be written."""


class PutDown(Exception):
    """The unit goes back as it is: the slice of time is over, or the job is being cancelled."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a unit needs to know of its job, as it was when the unit was claimed."""

    provider: str
    use_batch_query: bool
    start_date: date | None
    end_date: date | None
    mapping: dict[str, int]
    attempt: int
    total_rows: int
    alike_found: bool
    """Whether it is known which rows ask the same."""
    include: frozenset[Extra]
    """What is asked for of each claim found, beside its summary."""
    today: date
    """The day on which the job began, in UTC: what is searched does not move at midnight."""


@dataclass(slots=True)
class Unit:
    """A leased unit of work; `token` is the fence."""

    id: int
    job_id: UUID
    organization_id: UUID
    kind: str
    lo: int
    hi: int
    token: UUID
    epoch: UUID
    """The database's, when the unit was claimed."""
    attempts: int
    faults: int
    failing_seconds: float | None
    """For how long the payer had been failing the unit or its job when it was claimed."""
    job: JobFacts
    troubled: bool
    """The job shows a reason why it does not go on; the next good answer takes it away."""
    is_cancelling: bool = False
    claimed_at: float = field(default_factory=time.monotonic)

    def failing_for(self) -> float:
        """Seconds of continuing failure by now; 0 while nothing has failed before."""
        if self.failing_seconds is None:
            return 0.0
        return self.failing_seconds + time.monotonic() - self.claimed_at


@dataclass(slots=True)
class Bench:
    """The means of one slice of work in one process."""

    database: Database
    settings: Settings
    payers: PayerShelf
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    ends_at: float = float("inf")
    """By `time.monotonic`: no further step is begun after it."""
    cut_at: float = float("inf")
    """A step that the payer holds up is ended then, before the worker's own limit would cut it."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when units became runnable, so that an idle lane looks at once."""
    coverages: dict[UUID, tuple[str, Coverage]] = field(default_factory=dict)
    tempo: Tempo = field(default_factory=Tempo)
    limits: set[asyncio.Timeout] = field(default_factory=set)
    """Of the calls in flight."""
    settling: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Ranges that PostgreSQL answers by itself go one after the other: each keeps a core busy, and
    two that write into one table wait for each other more than they work."""
    known_payers: dict[str, Payer] = field(default_factory=dict)
    """Of this slice: whose credentials were looked for and found."""

    @property
    def lease_seconds(self) -> float:
        """Life of a lease."""
        return self.settings.claims.lease_seconds

    @property
    def is_over(self) -> bool:
        """Whether no further step may be begun."""
        return self.stopping.is_set() or time.monotonic() >= self.ends_at

    def end(self) -> None:
        """Begin no further step: what is left of the slice is too short for one."""
        self.ends_at = min(self.ends_at, time.monotonic())

    async def hear_stop(self) -> None:
        """Once the worker is told to end, give calls in flight, and rows that were begun, so long.

        What has no answer by then is put down, and the answers that came are written.
        """
        await self.stopping.wait()
        self.cut_at = min(self.cut_at, time.monotonic() + GRACE_SECONDS)
        soon = asyncio.get_running_loop().time() + GRACE_SECONDS
        for limit in self.limits:
            if not limit.expired():
                limit.reschedule(min(limit.when() or soon, soon))

    async def wait_for_permit(self, seconds: float) -> None:
        """Wait for our own brakes, because other parts of a row have been asked already.

        Raises:
            PutDown: there is no time for it.
        """
        pause = min(seconds, _LONGEST_PAUSE)
        if time.monotonic() + pause >= self.cut_at:
            raise PutDown
        await asyncio.sleep(pause)

    def check(self, unit: Unit) -> None:
        """Between two steps.

        Raises:
            PutDown: the slice is over or the job is being cancelled.
        """
        if self.is_over or unit.is_cancelling:
            raise PutDown

    @asynccontextmanager
    async def reading(self, unit: Unit) -> AsyncIterator[Connection]:
        """A read-only transaction with the eyes of the unit's organization."""
        scope = Scope.tenant(unit.organization_id)
        async with self.database.bulk(scope, read_only=True) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, unit: Unit) -> AsyncIterator[Connection]:
        """A transaction with the eyes of the unit's organization; the fence is the caller's.

        Its commit does not wait for the disk: what a crash of PostgreSQL takes is the end of a
        history, and is done again. The transaction that ends a job waits, for all before it.

        Raises:
            Fenced: PostgreSQL has crashed since the unit was claimed. What the worker remembers of
                its earlier steps may be gone from the database: whoever claims it next looks anew.
        """
        async with self.any_epoch(unit) as connection:
            if not await leases.enter(connection, unit.epoch):
                raise Fenced
            yield connection

    @asynccontextmanager
    async def any_epoch(self, unit: Unit) -> AsyncIterator[Connection]:
        """As `writing`, for what rests on nothing that was written before."""
        scope = Scope.tenant(unit.organization_id)
        async with self.database.bulk(scope, durable=False) as connection:
            yield connection
