"""What a worker process does by itself, and what it makes of faults."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.core.settings import Settings
from app.worker.child import open_context
from app.worker.registry import Task, TaskContext, task
from app.worker.runner import Runner


class Shop:
    """Tasks that count their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.let_go = asyncio.Event()

    async def quick(self, context: TaskContext, **ids: str) -> None:
        self.calls.append("quick")

    async def long(self, context: TaskContext, **ids: str) -> None:
        self.calls.append("long")
        await self.let_go.wait()

    async def polite(self, context: TaskContext, **ids: str) -> None:
        await context.stopping.wait()
        self.calls.append("polite")


@pytest.fixture
async def context(settings: Settings) -> AsyncIterator[TaskContext]:
    async with open_context(settings) as context:
        yield context


def make(context: TaskContext, *tasks: Task, **options: Any) -> Runner:
    return Runner(context, {each.name: each for each in tasks}, **options)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_poll_does_what_is_due_and_nothing_else(context: TaskContext) -> None:
    shop = Shop()
    runner = make(
        context,
        Task("a.rung", shop.long),
        Task("a.look", shop.quick, look=True),
        Task("a.hourly", shop.quick, every=3600),
        poll_seconds=0.05,
    )
    runner.poll()
    await settle()
    assert shop.calls == ["quick", "quick"]
    runner.poll()
    await settle()
    assert shop.calls == ["quick", "quick"]
    await asyncio.sleep(0.06)
    runner.poll()
    await settle()
    assert shop.calls == ["quick", "quick", "quick"]


async def test_a_ring_counts_as_a_look(context: TaskContext) -> None:
    shop = Shop()
    runner = make(context, Task("a.look", shop.quick, look=True), poll_seconds=30)
    await runner.run("a.look", {"job_id": "1"})
    runner.poll()
    await settle()
    assert shop.calls == ["quick"]


async def test_a_look_in_hand_is_not_begun_again(context: TaskContext) -> None:
    shop = Shop()
    runner = make(context, Task("a.look", shop.long, look=True), poll_seconds=0.01)
    for _ in range(3):
        runner.poll()
        await asyncio.sleep(0.02)
    assert shop.calls == ["long"]
    shop.let_go.set()
    await settle()


async def test_a_task_that_never_ends_is_ended(context: TaskContext) -> None:
    shop = Shop()
    runner = make(context, Task("a.long", shop.long), task_seconds=0.05)
    async with asyncio.timeout(30):
        await runner.run("a.long", {})


async def test_draining_lets_polite_tasks_end_and_cancels_the_others(context: TaskContext) -> None:
    shop = Shop()
    runner = make(context, Task("a.polite", shop.polite), Task("a.long", shop.long))
    steps = [asyncio.ensure_future(runner.run(name, {})) for name in ("a.polite", "a.long")]
    await settle()
    await runner.drain(0.1)
    assert shop.calls == ["long", "polite"]
    assert [step.cancelled() for step in steps] == [False, True]


async def test_polling_ends_when_the_process_stops(context: TaskContext) -> None:
    runner = make(context, poll_seconds=30)
    polling = asyncio.ensure_future(runner.poll_forever())
    await asyncio.sleep(0)
    context.stopping.set()
    async with asyncio.timeout(30):
        await polling


def test_a_name_belongs_to_one_function() -> None:
    task("test.twice")(Shop.quick)
    # The same function again is a module that was imported again.
    task("test.twice")(Shop.quick)
    with pytest.raises(ValueError, match="twice"):
        task("test.twice")(Shop.long)
