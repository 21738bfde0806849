"""What the probes find out, each within a second and never with a raise.

A reading that hangs (a frozen server) is left behind and joined by the next caller: however often
/health is asked, there is at most one of each kind.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import text

from app.core import meters
from app.core.db import Scope
from app.core.problems import Problem
from app.core.processes import ProcessRecord
from app.core.revisions import revisions_on_disk
from app.core.state import Services
from app.core.version import on_disk
from app.health.registry import registered
from app.storage.base import StoreTrouble
from app.storage.cloudinary_road import faults_of_road
from app.storage.probe import Probe, last_key
from app.worker.registry import BACKLOGS, CENSUSES, OUTLOOKS, TASKS, Backlog, Trouble, load

Read = Callable[[], Awaitable[Any]]
Value_co = TypeVar("Value_co", covariant=True)

PATIENCE_SECONDS: Final = 1.0
# A reading that hangs longer than this is cancelled, and the next caller begins a new one.
_LOST_AFTER_SECONDS: Final = 10.0
SILENT: Final = "silent"


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value_co]):
    """A value, or the short name of why there is none."""

    value: Value_co | None
    fault: str | None
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that a judgement of health needs; an empty schema is one without any table."""

    schema: Reading[str]
    redis: Reading[bool]
    processes: Reading[list[ProcessRecord]]
    depth: Reading[int]
    backlog: Reading[Mapping[str, Backlog]]
    payers: Reading[Mapping[str, Trouble | None]]
    integrations: Reading[Mapping[str, Trouble | None]]
    on_disk: Reading[str]
    storage: Reading[str]
    road: Reading[Sequence[str]]
    revisions: Reading[tuple[str, ...]]
    sends_mail: bool = True


@dataclass(frozen=True, slots=True)
class Figures:
    """What only /metrics tells: jobs by room and state, and what all processes have counted."""

    jobs: Reading[Mapping[str, Mapping[str, int]]]
    counters: Reading[Mapping[str, meters.Series]]


class Pulse:
    """Takes readings for one application; lives as long as it."""

    def __init__(self, services: Services, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._services = services
        self._patience_seconds = patience_seconds
        self._open: dict[str, tuple[asyncio.Task[Reading[Any]], float]] = {}
        self._storage = Probe(services.settings.files)
        self._road: Sequence[str] | None = None
        # Now, or the first readings would wait for it and count as late.
        load()

    async def take(self) -> Readings:
        """All readings, side by side."""
        services = self._services
        reads: dict[str, Read] = {
            **self._serving_reads(),
            "redis": functools.partial(_redis, services),
            "processes": functools.partial(_processes, services),
            "depth": functools.partial(_depth, services),
            "backlog": self._read_backlog,
            "storage": self._read_storage,
            "road": self._read_road,
            "payers": functools.partial(_outlook, services, "payers"),
            "integrations": functools.partial(_outlook, services, "integrations"),
            "on_disk": functools.partial(asyncio.to_thread, on_disk),
        }
        sends_mail = bool(services.settings.mail.smtp_host)
        return Readings(**await self._read(reads), sends_mail=sends_mail)

    async def take_figures(self) -> Figures:
        """What is counted, this process's own to the moment."""
        reads: dict[str, Read] = {
            "jobs": functools.partial(_jobs, self._services),
            "counters": functools.partial(_counters, self._services),
        }
        return Figures(**await self._read(reads))

    async def take_schema(self) -> tuple[Reading[str], Reading[tuple[str, ...]]]:
        """Only what serving requests hangs on: the database's revision, and the code's."""
        found = await self._read(self._serving_reads())
        return found["schema"], found["revisions"]

    def _serving_reads(self) -> dict[str, Read]:
        return {
            "schema": functools.partial(_schema, self._services),
            "revisions": functools.partial(asyncio.to_thread, _revisions),
        }

    async def _read_storage(self) -> str:
        """The store's kind, when a probe came back whole within the last minute."""
        fault = await self._storage.fault()
        if fault is not None:
            raise StoreTrouble(fault)
        return self._services.settings.files.storage_type

    async def _read_road(self) -> Sequence[str]:
        """What is wrong with the road of documents through Cloudinary: the code stays as it is."""
        if self._road is None:
            self._road = await faults_of_road(self._services.settings.files)
        return self._road

    async def _read_backlog(self) -> Mapping[str, Backlog]:
        # After the other, so that health never holds more than one connection.
        schema, _ = self._open["schema"]
        await asyncio.wait([schema])
        waiting, newest = await _backlog(self._services)
        self._storage.remember(newest)
        return waiting

    async def end(self) -> None:
        """Let what was begun come to its end, or end it: nothing outlives the application."""
        begun = [task for task, _ in self._open.values()]
        if begun:
            _, hanging = await asyncio.wait(begun, timeout=self._patience_seconds)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
        await self._storage.end()

    async def _read(self, reads: Mapping[str, Read]) -> dict[str, Any]:
        tasks = {name: self._begin(name, read) for name, read in reads.items()}
        await asyncio.wait(tasks.values(), timeout=self._patience_seconds)
        late: Reading[Any] = Reading(None, SILENT, self._patience_seconds * 1000)
        return {
            name: task.result() if task.done() and not task.cancelled() else late
            for name, task in tasks.items()
        }

    def _begin(self, name: str, read: Read) -> "asyncio.Task[Reading[Any]]":
        now = time.monotonic()
        known = self._open.get(name)
        if known is not None and not known[0].done():
            if now - known[1] < _LOST_AFTER_SECONDS:
                return known[0]
            known[0].cancel()
        task = asyncio.ensure_future(_measure(read))
        self._open[name] = (task, now)
        return task


async def _measure(read: Read) -> Reading[Any]:
    began = time.perf_counter()
    value, fault = None, None
    try:
        value = await read()
    except Problem as problem:
        fault = problem.code
    except StoreTrouble as trouble:
        fault = trouble.code
    except Exception as error:  # noqa: BLE001 - a probe reports every fault and has none itself.
        fault = getattr(getattr(error, "orig", None), "sqlstate", None) or type(error).__name__
    return Reading(value, fault, round((time.perf_counter() - began) * 1000, 1))


async def _schema(services: Services) -> str:
    async with services.database.read(Scope.public()) as session:
        if await session.scalar(text("SELECT to_regclass('public.alembic_version')")) is None:
            return ""
        return str(await session.scalar(text("SELECT version_num FROM public.alembic_version")))


async def _redis(services: Services) -> bool:
    return bool(await services.redis.ping())


async def _processes(services: Services) -> list[ProcessRecord]:
    return await registered(services.redis)


async def _depth(services: Services) -> int:
    queues = sorted({task.queue for task in TASKS.values()})
    lengths = [await services.redis.llen(queue) for queue in queues]
    return sum(lengths)


async def _outlook(services: Services, kind: str) -> Mapping[str, Trouble | None]:
    look = OUTLOOKS.get(kind)
    return await look(services.settings, services.redis) if look else {}


async def _backlog(services: Services) -> tuple[Mapping[str, Backlog], str | None]:
    """What waits, by room, and the key of the file that was stored last where new ones go."""
    async with services.database.read(Scope.system()) as session:
        waiting = {room: await probe(session) for room, probe in BACKLOGS.items()}
        return waiting, await last_key(session, services.settings.files)


async def _jobs(services: Services) -> Mapping[str, Mapping[str, int]]:
    async with services.database.read(Scope.system()) as session:
        return {room: await count(session) for room, count in CENSUSES.items()}


async def _counters(services: Services) -> Mapping[str, meters.Series]:
    await meters.hand_in(services.redis)
    return await meters.read(services.redis)


@functools.cache
def _revisions() -> tuple[str, ...]:
    """The migrations as they lay beside the code when first asked for, newest first."""
    return revisions_on_disk()
