"""Ringing for work: after the commit, off the event loop, and without ever failing the caller.

A message holds a task's name, ids and the request's id. Redis may be dead, frozen or full: the
sweeper looks for what is due by itself, so a ring that was not heard costs some seconds.
"""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from app.core import telemetry
from app.core.db import WriteSession, on_commit
from app.core.ids import new_id
from app.core.log import logger, request_id
from app.core.settings import RedisSettings
from app.worker.celery_app import MESSAGE_SECONDS, build
from app.worker.registry import queue_of

REQUEST_HEADER: Final = "intake_request_id"
_MOST_WAITING: Final = 200
_AWAY_SECONDS: Final = 1.0
# What ids look like. Names, dates with words, or addresses do not fit and are refused.
_ID: Final = re.compile(r"[A-Za-z0-9_:.-]{1,64}")

Id = str | UUID | int


class Doorbell:
    """One process's way to the queues: one thread that publishes, and a bounded line before it."""

    def __init__(self, settings: RedisSettings) -> None:
        self._celery = build(settings, role="ringer")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="doorbell")
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        self._away_until = 0.0

    def publish(self, name: str, ids: dict[str, str], message_id: UUID, caused_by: str) -> None:
        """Hand one ring to the thread; returns at once and drops the ring when the line is full."""
        if not self._places.acquire(blocking=False):
            logger.warning("worker.ring_dropped", task_name=name, message_id=message_id)
            return
        headers = {REQUEST_HEADER: caused_by, **telemetry.carrier()}
        self._thread.submit(self._send, name, ids, message_id, headers)

    def _send(
        self, name: str, ids: dict[str, str], message_id: UUID, headers: dict[str, str]
    ) -> None:
        try:
            if time.monotonic() < self._away_until:
                logger.debug("worker.ring_skipped", task_name=name, message_id=message_id)
                return
            self._celery.send_task(
                name,
                kwargs=ids,
                task_id=str(message_id),
                queue=queue_of(name),
                expires=MESSAGE_SECONDS,
                headers=headers,
            )
        except Exception as error:  # noqa: BLE001 - kombu and redis raise a dozen kinds; a lost ring is no fault.
            self._away_until = time.monotonic() + _AWAY_SECONDS
            logger.warning("worker.ring_lost", task_name=name, error=type(error).__name__)
        finally:
            self._places.release()

    def close(self) -> None:
        """Send what waits (a second or two when Redis is away), then close the connections."""
        self._thread.shutdown(wait=True)
        self._celery.close()


# The open doorbells of this process, the one in use last: what a process owns as it owns its log.
_OPEN: Final[list[Doorbell]] = []


@contextmanager
def connected(settings: RedisSettings) -> Iterator[Doorbell]:
    """Let `ring` reach Redis as long as the block lasts: once a process, at its start."""
    doorbell = Doorbell(settings)
    _OPEN.append(doorbell)
    try:
        yield doorbell
    finally:
        _OPEN.remove(doorbell)
        doorbell.close()


def ring(session: WriteSession, name: str, **ids: Id) -> UUID:
    """Ring for `name` once `session` has committed; a rollback drops it.

    The message's id is minted now, so that the transaction can store it.

    Raises:
        ValueError: one of `ids` does not look like an id.
    """
    message_id = new_id()
    plain = _plain(ids)
    caused_by = request_id.get()

    async def publish() -> None:
        _publish(name, plain, message_id, caused_by)

    on_commit(session, publish)
    return message_id


def ring_now(name: str, **ids: Id) -> UUID:
    """Ring for `name` outside any transaction.

    Raises:
        ValueError: one of `ids` does not look like an id.
    """
    message_id = new_id()
    _publish(name, _plain(ids), message_id, request_id.get())
    return message_id


def _publish(name: str, ids: dict[str, str], message_id: UUID, caused_by: str) -> None:
    if not _OPEN:
        logger.warning("worker.doorbell_not_connected", task_name=name)
        return
    _OPEN[-1].publish(name, ids, message_id, caused_by)


def _plain(ids: dict[str, Id]) -> dict[str, str]:
    plain = {key: str(value) for key, value in ids.items()}
    for key, text in plain.items():
        if not _ID.fullmatch(text):
            raise ValueError(f"{key} is no id; only ids travel with a ring")
    return plain
