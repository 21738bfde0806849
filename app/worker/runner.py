"""What a worker process runs: what it was rung for, and by itself what nobody rings for."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from app.core import meters, telemetry
from app.core.log import logger, request_id
from app.worker.celery_app import TASK_SECONDS
from app.worker.registry import Task, TaskContext

POLL_SECONDS: Final = 5.0
_JITTER: Final = 0.2


class Runner:
    """Runs tasks on one event loop and remembers when it last ran each."""

    def __init__(
        self,
        context: TaskContext,
        tasks: Mapping[str, Task],
        *,
        poll_seconds: float = POLL_SECONDS,
        task_seconds: float = TASK_SECONDS,
    ) -> None:
        self.context = context
        self._tasks = tasks
        self._poll_seconds = poll_seconds
        self._task_seconds = task_seconds
        self._begun: dict[str, float] = {}
        self._in_hand: Counter[str] = Counter()
        self._open: set[asyncio.Task[None]] = set()

    async def run(
        self, name: str, ids: Mapping[str, str], caused_by: str = "", trace: str = ""
    ) -> None:
        """Run one task to its end. Never raises: a fault is logged by its type and place.

        `caused_by` is the request's id, and `trace` the trace that the ring carried, if any.
        """
        step = asyncio.current_task()
        if step is not None:
            self._open.add(step)
            step.add_done_callback(self._open.discard)
        bound = request_id.set(caused_by)
        self._begun[name] = time.monotonic()
        self._in_hand[name] += 1
        try:
            with meters.timed(meters.TASKS, name) as outcome, telemetry.task_span(name, trace):
                async with asyncio.timeout(self._task_seconds):
                    await self._tasks[name].work(self.context, **ids)
                outcome.word = "done"
        except (Exception, SystemExit):  # noqa: BLE001 - whatever one task does, the next ones still run here.
            logger.exception("worker.task_failed", task_name=name)
        finally:
            self._in_hand[name] -= 1
            request_id.reset(bound)

    async def poll_forever(self) -> None:
        """Do what is due without being rung, at once and then every few seconds, until stopping."""
        await self._pause(random.random())  # noqa: S311 - spreads processes that start together.
        while not self.context.stopping.is_set():
            self.poll()
            spread = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret.
            await self._pause(self._poll_seconds * spread)

    def poll(self) -> None:
        """Begin each periodic task that is due, and each look that no ring has led to lately."""
        for name, task in self._tasks.items():
            if self._is_due(task):
                step = asyncio.ensure_future(self.run(name, {}))
                # The loop itself holds tasks only weakly.
                self._open.add(step)
                step.add_done_callback(self._open.discard)

    def _is_due(self, task: Task) -> bool:
        pause = task.every if task.every is not None else self._poll_seconds * (1 - _JITTER)
        if (task.every is None and not task.look) or self._in_hand[task.name]:
            return False
        begun = self._begun.get(task.name)
        return begun is None or time.monotonic() - begun >= pause

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.context.stopping.wait()
        except TimeoutError:
            return

    async def drain(self, seconds: float) -> None:
        """Tell everything in hand to stop, wait for it, and cancel what has not ended in time."""
        self.context.stopping.set()
        own = asyncio.current_task()
        steps = {step for step in self._open if step is not own}
        if not steps:
            return
        _, late = await asyncio.wait(steps, timeout=seconds)
        for step in late:
            step.cancel()
        if late:
            logger.warning("worker.tasks_cancelled", count=len(late))
            await asyncio.wait(late, timeout=1.0)
