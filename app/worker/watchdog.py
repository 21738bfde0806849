"""The parent's ear: a worker that Celery left deaf after a reconnect ends, and is started again.

So does one without any child: while Celery tries to reach Redis it replaces none that died.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

import redis
from celery import Celery
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.core.log import logger
from app.core.redis_client import REDIS_FAULTS
from app.core.settings import RedisSettings
from app.worker.celery_app import MESSAGE_SECONDS, PATIENCE_SECONDS, build

ECHO: Final = "worker.echo"
ECHO_SECONDS: Final = 10.0
DEAF_AFTER: Final = 6
CHILDLESS_AFTER: Final = 1
# The worker's own queue goes away some time after the worker.
_QUEUE_SECONDS: Final = 300


def open_blocking_redis(settings: RedisSettings) -> "redis.Redis":
    """A client for a thread without an event loop, as impatient as the others."""
    return redis.Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Watchdog:
    """Rings this worker's own queue and counts the rings in a row that the worker did not hear.

    Each round with children is a heartbeat: one that hangs, or has nobody to work, has none.
    Rounds in which Redis does not answer count for nothing: being deaf then is no fault of ours.
    """

    def __init__(
        self,
        settings: RedisSettings,
        queue: str,
        *,
        on_lost: Callable[[], None],
        has_children: Callable[[], bool],
        heartbeat: Callable[[], None] = lambda: None,
        echo_seconds: float = ECHO_SECONDS,
    ) -> None:
        self._queue = queue
        self._on_lost = on_lost
        self._has_children = has_children
        self._heartbeat = heartbeat
        self._echo_seconds = echo_seconds
        self._redis = open_blocking_redis(settings)
        self._celery: Celery = build(settings, role="ringer")
        self._heard = threading.Event()
        self._ended = threading.Event()
        self._unheard = 0
        self._childless = 0

    def start(self) -> None:
        """Listen from now on, in a thread."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def heard(self, **_: Any) -> None:
        """The worker has received a message, whichever."""
        self._heard.set()

    def end(self) -> None:
        """Stop listening; safe in a signal handler."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(self._echo_seconds):
            if self.listen():
                logger.error("worker.lost", unheard=self._unheard, childless=self._childless)
                self._on_lost()
                return

    def listen(self) -> bool:
        """One round: was the last ring heard, and ring again. True when the worker is lost."""
        self._childless = 0 if self._has_children() else self._childless + 1
        if not self._childless:
            self._heartbeat()
        self._unheard = 0 if self._heard.is_set() else self._unheard + 1
        self._heard.clear()
        if not self._rings():
            self._unheard = 0
        return self._unheard > DEAF_AFTER or self._childless > CHILDLESS_AFTER

    def _rings(self) -> bool:
        try:
            self._redis.ping()
            self._celery.send_task(ECHO, queue=self._queue, expires=MESSAGE_SECONDS)
            self._redis.expire(self._queue, _QUEUE_SECONDS)
        except (*REDIS_FAULTS, OperationalError) as error:
            logger.debug("worker.echo_lost", error=type(error).__name__)
            return False
        return True
