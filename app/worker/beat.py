"""The clock that rings for periodic work: Celery's scheduler, without a memory of its own.

It may be absent or there twice: workers look by themselves, and every ring only means "look".
"""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from celery import Celery
from celery.beat import Scheduler, SchedulingError, Service

from app.core.log import logger
from app.core.redis_client import REDIS_FAULTS
from app.core.settings import RedisSettings
from app.worker.celery_app import MESSAGE_SECONDS
from app.worker.registry import Task
from app.worker.watchdog import open_blocking_redis

# A queue that nobody empties is not filled further: Redis never drops what has expired in a list.
_FULL: Final = 100
_QUIET_SECONDS: Final = 60.0
_HEARTBEAT_SECONDS: Final = 5.0


class BellRinger(Scheduler):  # type: ignore[misc]  # Celery has no types.
    """Rings what is due; a Redis that is away costs one line in the log a minute."""

    # Celery's own would wait here for Redis with ever longer pauses. Without it each ring takes a
    # connection from the pool and fails fast.
    producer = None

    def __init__(
        self,
        app: Celery,
        *,
        redis_settings: RedisSettings,
        heartbeat: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> None:
        self._redis = open_blocking_redis(redis_settings)
        self._heartbeat = heartbeat
        self._beat_at = float("-inf")
        self._said_at = float("-inf")
        super().__init__(app, **options)

    def tick(self, *arguments: Any, **options: Any) -> Any:
        """One look at what is due."""
        if time.monotonic() - self._beat_at > _HEARTBEAT_SECONDS:
            self._beat_at = time.monotonic()
            self._heartbeat()
        return super().tick(*arguments, **options)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Ring for one entry unless its queue is full."""
        try:
            if self._redis.llen(entry.options["queue"]) < _FULL:
                self.apply_async(entry, producer=producer, advance=False)
        except (SchedulingError, *REDIS_FAULTS) as error:
            if time.monotonic() - self._said_at > _QUIET_SECONDS:
                self._said_at = time.monotonic()
                logger.warning("worker.beat_unheard", error=type(error).__name__)


def schedule(tasks: Mapping[str, Task]) -> dict[str, dict[str, Any]]:
    """Celery's schedule of everything periodic; a ring that comes late is dropped."""
    return {
        name: {
            "task": name,
            "schedule": timedelta(seconds=task.every),
            "options": {
                "queue": task.queue,
                "expires": min(MESSAGE_SECONDS, max(5.0, 2 * task.every)),
            },
        }
        for name, task in tasks.items()
        if task.every is not None
    }


def service(
    app: Celery, settings: RedisSettings, heartbeat: Callable[[], None] = lambda: None
) -> Any:
    """Celery's beat over our scheduler; `start()` blocks until the process is told to end.

    `heartbeat` is called now and then as long as it goes on.
    """

    class Clock(Service):  # type: ignore[misc]  # Celery has no types.
        def get_scheduler(self, **_: Any) -> BellRinger:
            return BellRinger(app, redis_settings=settings, heartbeat=heartbeat, max_interval=1.0)

    return Clock(app, max_interval=1.0)
