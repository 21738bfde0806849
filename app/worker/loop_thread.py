"""An event loop in a thread, for processes whose main thread belongs to Celery."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import uvloop

Value = TypeVar("Value")
_JOIN_SECONDS: Final = 5.0


class LoopThread:
    """One running event loop; started when made, after the process has forked."""

    def __init__(self, name: str) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, Value]) -> "Future[Value]":
        """Start `work` on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def wait_for(self, work: Coroutine[Any, Any, Value], seconds: float | None = None) -> Value:
        """Run `work` on the loop and wait for its end.

        Raises:
            TimeoutError: it did not end within `seconds`; it is cancelled.
        """
        future = self.submit(work)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """Stop the loop, cancelling what still runs on it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_JOIN_SECONDS)
        if not self._thread.is_alive():
            self._runner.close()
