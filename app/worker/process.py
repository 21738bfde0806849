"""The two processes of the engine room: the worker with its children, and beat."""

import contextlib
import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning

from app.core import log, memory
from app.core.log import logger
from app.core.processes import Role, registered_as
from app.core.redis_client import open_redis
from app.core.settings import Settings
from app.core.telemetry import CARRIER
from app.core.version import release
from app.worker import beat
from app.worker.celery_app import DRAIN_SECONDS, build
from app.worker.child import Child, Hangup
from app.worker.doorbell import REQUEST_HEADER
from app.worker.heartbeat import Heartbeat
from app.worker.loop_thread import LoopThread
from app.worker.registry import TASK_MODULES, Task, load
from app.worker.watchdog import ECHO, Watchdog

# The exit of a worker that wants to be started again (EX_TEMPFAIL of sysexits.h).
RESTART_ME: Final = 75
# What a deaf worker's children get for giving back their leases.
_FAREWELL_SECONDS: Final = 10.0


def run_worker(
    settings: Settings,
    concurrency: int | None = None,
    *,
    modules: Sequence[str] = TASK_MODULES,
) -> None:
    """Work until told to end; `concurrency` is the number of children, by default one a core.

    SIGTERM and SIGINT let every task end its step, for 25 s at most. Without Redis the children
    look for work by themselves.

    Raises:
        SystemExit: the worker ended with a fault and wants to be started again.
    """
    _open_log(settings, "worker")
    # Celery warns of pickled messages under root, and we take JSON only.
    warnings.simplefilter("ignore", SecurityWarning)
    tasks = load(modules)
    hangup = Hangup()
    child = Child(settings, tasks, hangup)
    heartbeat = Heartbeat("worker")
    own_queue = f"intake.echo.{socket.gethostname()}.{os.getpid()}"
    queues = sorted({task.queue for task in tasks.values()})
    celery = build(settings.redis, role="worker", queues=[*queues, own_queue])
    _attach(celery, tasks, child)
    signals.setup_logging.connect(_keep_log)
    worker = _make_worker(celery, concurrency)
    # At each lost connection it warns of a default that its next version changes; we set it.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    watchdog = Watchdog(
        settings.redis,
        own_queue,
        on_lost=_ending(hangup, _FAREWELL_SECONDS, RESTART_ME),
        has_children=lambda: any(each.is_alive() for each in _children(worker)),
        heartbeat=heartbeat.touch,
    )
    was_asked = _connect(child, watchdog, hangup)
    _work(worker, watchdog, heartbeat)
    if worker.exitcode and not was_asked.is_set():
        raise SystemExit(worker.exitcode)


def _work(worker: Any, watchdog: Watchdog, heartbeat: Heartbeat) -> None:
    logger.info("worker.started", children=worker.concurrency)
    heartbeat.begin()
    watchdog.start()
    # What the children inherit stays one copy: looking at an object writes beside it.
    memory.settle()
    worker.start()
    heartbeat.end()


def run_beat(settings: Settings, *, modules: Sequence[str] = TASK_MODULES) -> None:
    """Ring for periodic work until told to end."""
    _open_log(settings, "beat")
    celery = build(settings.redis, role="ringer")
    celery.conf.beat_schedule = beat.schedule(load(modules))
    thread = LoopThread("intake-beat")
    registration = AsyncExitStack()
    thread.wait_for(_register_beat(registration, settings))
    heartbeat = Heartbeat("beat")
    signal.signal(signal.SIGTERM, _end_of_process)
    logger.info("worker.beat_started", entries=len(celery.conf.beat_schedule))
    try:
        heartbeat.begin()
        beat.service(celery, settings.redis, heartbeat.touch).start()
    finally:
        heartbeat.end()
        with contextlib.suppress(TimeoutError):
            thread.wait_for(registration.aclose(), 4.0)
        thread.close()


async def _register_beat(registration: AsyncExitStack, settings: Settings) -> None:
    redis = open_redis(settings.redis)
    registration.push_async_callback(redis.aclose)
    await registration.enter_async_context(registered_as(redis, "beat"))


def _connect(child: Child, watchdog: Watchdog, hangup: Hangup) -> threading.Event:
    """Listen to Celery's signals; the event is set once somebody has asked the worker to end."""
    was_asked = threading.Event()

    def shutting_down(**_: Any) -> None:
        was_asked.set()
        watchdog.end()
        hangup.hang_up()
        _leave_after(DRAIN_SECONDS, 1)

    hooks = (
        (signals.worker_process_init, child.start),
        (signals.worker_process_shutdown, child.close),
        (signals.task_received, watchdog.heard),
        (signals.worker_shutting_down, shutting_down),
    )
    for moment, hook in hooks:
        moment.connect(hook, weak=False)
    return was_asked


def _make_worker(celery: Celery, concurrency: int | None) -> Any:
    return celery.Worker(
        concurrency=concurrency or os.cpu_count() or 1,
        pool="prefork",
        optimization="fair",
        hostname=f"intake@{socket.gethostname()}.{os.getpid()}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        loglevel="WARNING",
    )


def _children(worker: Any) -> list[Any]:
    """The prefork processes, by the attributes that Celery's own statistics read."""
    pool = getattr(getattr(worker, "pool", None), "_pool", None)
    return list(getattr(pool, "_pool", None) or [])


def _attach(celery: Celery, tasks: Mapping[str, Task], child: Child) -> None:
    """Give Celery one function a task; each hands over to the child's event loop."""

    def attach(name: str) -> None:
        def work(celery_task: Any, **ids: str) -> None:
            headers = celery_task.request.headers or {}
            told = (str(headers.get(header, "")) for header in (REQUEST_HEADER, CARRIER))
            child.run(name, ids, *told)

        celery.task(work, name=name, bind=True)

    for name in tasks:
        attach(name)
    celery.task(_echo, name=ECHO)


def _echo() -> None:
    """Nothing: that it came is the message."""


def _open_log(settings: Settings, role: Role) -> None:
    is_production = settings.server.environment == "production"
    log.configure(as_json=is_production, release=release().short, role=role)


def _keep_log(**_: Any) -> None:
    """The log is open already; being connected keeps Celery from opening its own."""


def _ending(hangup: Hangup, seconds: float, code: int) -> Callable[[], None]:
    def end() -> None:
        hangup.hang_up()
        threading.Event().wait(seconds)
        os._exit(code)

    return end


def _leave_after(seconds: float, code: int) -> None:
    """End this process for sure; its children are killed with it and their leases run out."""

    def leave() -> None:
        logger.error("worker.drain_overrun", seconds=seconds)
        os._exit(code)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def _end_of_process(*_: object) -> None:
    raise SystemExit(0)
