"""Where rooms say which work they have, without knowing what carries it.

A task is told ids and looks for itself what is due: a lost, late or repeated call harms nothing.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from redis.asyncio import Redis

from app.core import memory
from app.core.db import Database, ReadSession
from app.core.http import HttpClient
from app.core.settings import Settings

# The rooms that have work. They are named as text, because they lie above this room.
TASK_MODULES: Final[tuple[str, ...]] = (
    "app.accounts.tasks",
    "app.claims.tasks",
    "app.storage.tasks",
    "app.interviews.tasks",
    "app.jobs.tasks",
    "app.mail.tasks",
    "app.notifications.tasks",
    "app.organizations.tasks",
    "app.privacy.tasks",
    "app.webhooks.tasks",
    "app.resumes.tasks",
    "app.searches.tasks",
    "app.integrations.tasks",
    "app.analysis.tasks",
    "app.optimus.tasks",
)


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What one worker process owns and lends to every task.

    `stopping` is set when the process is about to end: a task then finishes the step that it is in,
    gives back what it has leased, and returns within some seconds. What a room opens for the life
    of the process it pushes onto `closing`, which is closed before what stands here.
    """

    settings: Settings
    database: Database
    redis: Redis
    http: HttpClient
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much work of a room nobody has begun: how many pieces, and the age of the oldest."""

    waiting: int
    oldest_seconds: float = 0.0


Work = Callable[..., Awaitable[None]]
Census = Callable[[ReadSession], Awaitable[Mapping[str, int]]]
Probe = Callable[[ReadSession], Awaitable[Backlog]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a service outside: a code of `app.health.findings`, and its facts."""

    code: str
    facts: Mapping[str, str | int]


Outlook = Callable[[Settings, Redis], Awaitable[Mapping[str, Trouble | None]]]
WorkType = TypeVar("WorkType", bound=Work)
ProbeType = TypeVar("ProbeType", bound=Probe)
OutlookType = TypeVar("OutlookType", bound=Outlook)
CensusType = TypeVar("CensusType", bound=Census)


@dataclass(frozen=True, slots=True)
class Task:
    """One registered kind of work. `every` is the pause in seconds of periodic work."""

    name: str
    work: Work
    look: bool = False
    every: float | None = None

    @property
    def queue(self) -> str:
        """The room's own queue, so that one room's long work does not hide another's."""
        return queue_of(self.name)


TASKS: Final[dict[str, Task]] = {}
BACKLOGS: Final[dict[str, Probe]] = {}
OUTLOOKS: Final[dict[str, Outlook]] = {}
CENSUSES: Final[dict[str, Census]] = {}


def task(name: str, *, look: bool = False) -> Callable[[WorkType], WorkType]:
    """Register `async def work(context, **ids: str)` under `room.verb`.

    With `look` the work is also called without ids every few seconds by a process that nobody
    rings, so that it goes on without Redis. It returns within 35 s, and soon after
    `context.stopping` is set.
    """

    def register(work: WorkType) -> WorkType:
        _add(Task(name=name, work=work, look=look))
        return work

    return register


def periodic(name: str, *, every: float) -> Callable[[WorkType], WorkType]:
    """Register `async def work(context)` to be called about every `every` seconds.

    Beat rings for it, and every worker process also calls it by itself every five seconds or later:
    several may be in it at once, so it takes a lock of its own where that matters.
    """

    def register(work: WorkType) -> WorkType:
        _add(Task(name=name, work=work, every=every))
        return work

    return register


def backlog(room: str) -> Callable[[ProbeType], ProbeType]:
    """Register `async def probe(session) -> Backlog`, read by /health with the system's eyes.

    It answers within a second from an index: one that is slower counts as a fault.
    """

    def register(probe: ProbeType) -> ProbeType:
        BACKLOGS[room] = probe
        return probe

    return register


def census(room: str) -> Callable[[CensusType], CensusType]:
    """Register `async def count(session)`: how many of a room's jobs are in each state.

    It names every state, also one in which there is none, and is asked for figures only.
    """

    def register(count: CensusType) -> CensusType:
        CENSUSES[room] = count
        return count

    return register


def outlook(kind: str) -> Callable[[OutlookType], OutlookType]:
    """Register `async def look(settings, redis)`: how services outside are found by all workers.

    It gives each service's name with None where all is well and else its trouble, for /health, from
    what is known already: it asks nobody outside.
    """

    def register(look: OutlookType) -> OutlookType:
        OUTLOOKS[kind] = look
        return look

    return register


def queue_of(name: str) -> str:
    """The queue in which a ring for `room.verb` waits."""
    return f"intake.{name.partition('.')[0]}"


def load(modules: Sequence[str] = TASK_MODULES) -> Mapping[str, Task]:
    """Import the rooms' tasks and give everything that is registered."""
    with memory.loading():
        for module in modules:
            importlib.import_module(module)
    return TASKS


def _add(entry: Task) -> None:
    known: Any = TASKS.get(entry.name)
    if known is not None and known.work is not entry.work:
        raise ValueError(f"task {entry.name} is registered twice")
    TASKS[entry.name] = entry
