"""Every process of Intake says in Redis that it lives and which code it runs.

The keys end by themselves some seconds after a process has died. Reading and judging them is the
health room's work.
"""

import asyncio
import contextlib
import os
import resource
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter
from redis.asyncio import Redis

from app.core import meters
from app.core.breaker import open_circuits
from app.core.clock import now
from app.core.log import logger
from app.core.redis_client import REDIS_FAULTS
from app.core.version import is_stale, release

Role = Literal["api", "worker", "beat"]
Gauges = Callable[[], Mapping[str, float]]

HEARTBEAT_SECONDS: Final = 5.0
LIFE_SECONDS: Final = 15
_FAREWELL_SECONDS: Final = 2.0
# The names of all keys, so that nobody has to scan a Redis that others use too.
PROCESS_INDEX: Final = "intake:processes"


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """What a process says of itself; `stale` when the disk holds other code than it runs."""

    role: Role
    host: str
    pid: int
    commit: str
    fingerprint: str
    started_at: datetime
    heartbeat_at: datetime
    memory_mb: float
    stale: bool
    open_circuits: tuple[str, ...] = ()
    """Services outside that have failed this process again and again, by the names of breakers."""
    gauges: Mapping[str, float] = field(default_factory=dict)
    """What the process measures of itself, by name: connections in use, open streams."""

    @property
    def key(self) -> str:
        """The Redis key that holds this record."""
        return f"intake:process:{self.role}:{self.host}:{self.pid}"


RECORD: Final = TypeAdapter(ProcessRecord)


def describe(
    role: Role, started_at: datetime, gauges: Mapping[str, float] | None = None
) -> ProcessRecord:
    """This process, now. Looks at the files on the disk: not for an event loop."""
    identity = release()
    return ProcessRecord(
        role=role,
        host=socket.gethostname(),
        pid=os.getpid(),
        commit=identity.commit,
        fingerprint=identity.fingerprint,
        started_at=started_at,
        heartbeat_at=now(),
        memory_mb=round(memory_megabytes(), 1),
        stale=is_stale(),
        open_circuits=open_circuits(),
        gauges=gauges or {},
    )


def memory_megabytes() -> float:
    """Resident memory of this process; its peak where the system does not tell the present."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize() / 2**20
    # macOS counts the peak in bytes, the others in kibibytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


@asynccontextmanager
async def registered_as(
    redis: Redis, role: Role, gauges: Gauges = dict[str, float]
) -> AsyncIterator[None]:
    """Write this process's record every five seconds while the block lasts, then take it away.

    What the process has counted goes with it. `gauges` is asked on the event loop.
    A Redis that is away is waited for, and said once in the log.
    """
    ended = asyncio.Event()
    heartbeat = asyncio.create_task(_keep(redis, role, gauges, ended))
    try:
        yield
    finally:
        # Not by cancelling alone: until Python 3.12 `wait_for`, which the Redis client uses, may
        # swallow a cancellation, and a wait for the end would be one for ever.
        ended.set()
        await asyncio.wait([heartbeat], timeout=_FAREWELL_SECONDS)
        heartbeat.cancel()


async def _keep(redis: Redis, role: Role, gauges: Gauges, ended: asyncio.Event) -> None:
    started_at = now()
    is_known = True
    key = ""
    while not ended.is_set():
        record = await asyncio.to_thread(describe, role, started_at, gauges())
        key = record.key
        try:
            await write(redis, record)
            await meters.hand_in(redis)
            is_known = True
        except REDIS_FAULTS as error:
            if is_known:
                logger.warning("core.process_unregistered", error=type(error).__name__)
            is_known = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await ended.wait()
    with contextlib.suppress(*REDIS_FAULTS):
        await meters.hand_in(redis)
        async with redis.pipeline(transaction=True) as pipe:
            pipe.delete(key)
            pipe.srem(PROCESS_INDEX, key)
            await pipe.execute()


async def write(redis: Redis, record: ProcessRecord) -> None:
    """Store `record` for a few seconds.

    Raises:
        REDIS_FAULTS: Redis is away.
    """
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(record.key, RECORD.dump_json(record), ex=LIFE_SECONDS)
        pipe.sadd(PROCESS_INDEX, record.key)
        await pipe.execute()
