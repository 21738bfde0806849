"""One prefork child: one event loop, one engine, one Redis client, for the child's whole life."""

import asyncio
import contextlib
import multiprocessing
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.process import AuthenticationString  # type: ignore[attr-defined] # typeshed leaves it out.
from typing import Any, Final

from app.core import memory, telemetry
from app.core.db import Database
from app.core.http import open_client
from app.core.log import logger
from app.core.processes import registered_as
from app.core.redis_client import open_redis
from app.core.settings import Settings
from app.worker import doorbell
from app.worker.celery_app import TASK_SECONDS
from app.worker.loop_thread import LoopThread
from app.worker.registry import Task, TaskContext
from app.worker.runner import Runner

# An answer to the outside may take long here, and a COPY or a match over a whole file too.
_STATEMENT_SECONDS: Final = 30.0
_POOL_SECONDS: Final = 10.0
_CONNECTIONS: Final = 100
_OUTGOING_SECONDS: Final = 30.0
# What ends after the drain's own time is killed from outside.
_DRAIN_SECONDS: Final = 12.0


class Hangup:
    """A pipe from the parent to its children that says only one thing: stop. Even by its death."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self._is_hung_up = False

    def hang_up(self) -> None:
        """Tell all children. Safe in a signal handler, and a second time."""
        if not self._is_hung_up:
            self._is_hung_up = True
            os.close(self._writer)

    def listen(self, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
        """In a child: set `stopping` when the parent hangs up or dies."""
        if not self._is_hung_up:
            # The child's own copy would keep the pipe open for ever.
            os.close(self._writer)

        def heard() -> None:
            loop.remove_reader(self._reader)
            stopping.set()

        loop.add_reader(self._reader, heard)


def _allow_children() -> None:
    """Let this process begin sandboxes, in which strangers' files are read.

    Celery's processes say that they are daemons, which may have no children, and hold a key that
    the standard library cannot hand on; both stand where no public name leads. The sandboxes end by
    their own deadlines, and with this process.
    """
    process: Any = multiprocessing.current_process()
    own = {"daemon": False, "authkey": AuthenticationString(os.urandom(32))}
    process._config.update(own)  # noqa: SLF001 - see above.


class Child:
    """The glue between Celery's blocking child process and the event loop in it."""

    def __init__(self, settings: Settings, tasks: Mapping[str, Task], hangup: Hangup) -> None:
        self._settings = settings
        self._tasks = tasks
        self._hangup = hangup
        self._thread: LoopThread | None = None
        self._runner: Runner | None = None
        self._resources = AsyncExitStack()

    def start(self, **_: Any) -> None:
        """Open everything; called in the child once it has forked."""
        _allow_children()
        telemetry.begin("worker")
        self._thread = LoopThread("intake-worker")
        self._runner = self._thread.wait_for(self._open())
        memory.settle()

    async def _open(self) -> Runner:
        context = await self._resources.enter_async_context(open_context(self._settings))
        self._resources.enter_context(doorbell.connected(self._settings.redis))
        self._hangup.listen(asyncio.get_running_loop(), context.stopping)
        runner = Runner(context, self._tasks)
        await self._resources.enter_async_context(
            registered_as(context.redis, "worker", context.database.gauges)
        )
        polling = asyncio.ensure_future(runner.poll_forever())
        self._resources.push_async_callback(_end, polling)
        return runner

    def run(self, name: str, ids: Mapping[str, str], caused_by: str, trace: str = "") -> None:
        """Run one task to its end, in the child's main thread. Never raises."""
        if self._thread is None or self._runner is None:
            logger.error("worker.child_not_started", task_name=name)
            return
        with contextlib.suppress(TimeoutError):
            self._thread.wait_for(self._runner.run(name, ids, caused_by, trace), TASK_SECONDS + 2.0)

    def close(self, **_: Any) -> None:
        """Stop and close everything; called in the child before it ends."""
        if self._thread is None or self._runner is None:
            return
        with contextlib.suppress(TimeoutError):
            self._thread.wait_for(self._runner.drain(_DRAIN_SECONDS), _DRAIN_SECONDS + 3.0)
        with contextlib.suppress(TimeoutError):
            self._thread.wait_for(self._resources.aclose(), 5.0)
        self._thread.close()


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[TaskContext]:
    """The engine, Redis and the HTTP client of one worker process, closed at the end."""
    patient = settings.database.model_copy(
        update={
            "statement_timeout_seconds": _STATEMENT_SECONDS,
            "pool_timeout_seconds": _POOL_SECONDS,
        }
    )
    database = Database(patient, application="intake-worker")
    redis = open_redis(settings.redis)
    http = open_client(timeout_seconds=_OUTGOING_SECONDS, connections=_CONNECTIONS)
    context = TaskContext(settings=settings, database=database, redis=redis, http=http)
    async with AsyncExitStack() as resources:
        resources.push_async_callback(database.close)
        resources.push_async_callback(redis.aclose)
        resources.push_async_callback(http.aclose)
        # What the rooms have opened goes first: it may use all of the above.
        resources.push_async_callback(context.closing.aclose)
        yield context


async def _end(work: "asyncio.Future[None]") -> None:
    work.cancel()
    await asyncio.wait([work], timeout=2.0)
