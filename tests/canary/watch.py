"""Listens to every command that Redis is given, and looks through whatever lies in it."""

import threading
from types import TracebackType
from typing import Any, Self

import redis


class RedisWatch:
    """Everything that is said to a Redis while the block lasts: keys, values, Celery's messages."""

    def __init__(self, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=2)
        self._heard: list[bytes] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="redis-watch")

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._stop.set()
        self._thread.join(10)
        self._redis.close()

    def _listen(self) -> None:
        with self._redis.monitor() as monitor:
            while not self._stop.is_set():
                try:
                    self._heard.append(repr(monitor.next_command()).encode())
                except redis.TimeoutError:
                    continue

    @property
    def heard(self) -> bytes:
        """Every command, with its arguments."""
        return b"\n".join(self._heard)

    def kept(self) -> bytes:
        """Every key that is there now, with its value as Redis itself would dump it."""
        return b"\n".join(
            key + b" " + repr(self._redis.dump(key)).encode() for key in self._redis.scan_iter("*")
        )
