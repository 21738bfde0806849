"""The registered tasks: run by a context, stopped by it, and harmless when run twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.claims import tasks
from app.claims.engine.work import drain
from app.claims.tasks import means_of, sweep_up, waiting, work
from app.core.db import Scope
from app.core.http import open_client
from app.core.redis_client import open_redis
from app.dev.payer.rows import Mix, RowPlan
from app.worker.child import open_context
from app.worker.registry import TASKS, TaskContext
from tests.claims.engine.ledger import Ledger
from tests.claims.payers.payer_stand import ask

TABLES = (
    "claim_jobs",
    "claim_rows",
    "claim_answers",
    "claim_twins",
    "claim_units",
    "payer_queries",
    "payer_claims",
    "claim_job_events",
)


@pytest.fixture
async def context(ledger: Ledger) -> AsyncIterator[TaskContext]:
    """As a worker process has it."""
    redis = open_redis(ledger.settings.redis)
    http = open_client(timeout_seconds=5, connections=5)
    context = TaskContext(ledger.settings, ledger.database, redis, http)
    yield context
    await context.closing.aclose()
    await http.aclose()
    await redis.aclose()


async def contents(ledger: Ledger) -> dict[str, list[Any]]:
    """Everything that the ledger holds."""
    return {
        table: [tuple(row) for row in await ledger.all(f"SELECT * FROM {table} ORDER BY 1, 2")]  # noqa: S608
        for table in TABLES
    }


def test_the_work_is_looked_for_and_the_sweep_is_periodic() -> None:
    assert TASKS["claims.work"].look
    assert TASKS["claims.sweep"].every == 1.0


async def test_each_task_run_twice_changes_nothing_more(
    ledger: Ledger, context: TaskContext
) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 60, last_days=60, mix=Mix(0.1, 0.1))
    )
    await asyncio.gather(work(context, job_id=str(job_id)), work(context))
    await sweep_up(context)
    await ledger.check(job_id, expected)
    once = await contents(ledger)
    await work(context, job_id=str(job_id))
    await asyncio.gather(sweep_up(context), sweep_up(context), work(context))
    assert await contents(ledger) == once


async def test_the_adapters_are_shared_by_all_tasks_of_a_process(
    ledger: Ledger, context: TaskContext
) -> None:
    assert means_of(context) is means_of(context)


async def test_a_slice_ends_in_time_and_gives_everything_back(
    ledger: Ledger, context: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks, "ring_now", rung.append)
    monkeypatch.setattr(tasks, "SLICE_SECONDS", 0.5)
    ledger.play(latency_ms=100)
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 100, last_days=80, mix=Mix(0.1, 0.1))
    )
    async with asyncio.timeout(30):
        await work(context)
    assert rung == ["claims.work"]
    leased = await ledger.all("SELECT FROM claim_units WHERE state = 'LEASED'")
    assert leased == []
    assert (await ledger.job(job_id))["status"] == "PROCESSING"
    context.stopping.set()
    calls = ledger.payer.tally.calls
    await work(context)
    assert ledger.payer.tally.calls == calls
    ledger.play()
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_hanging_payer_does_not_hold_the_slice(
    ledger: Ledger, context: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_CUT_SECONDS", 0.8)
    monkeypatch.setattr(tasks, "SLICE_SECONDS", 0.3)
    ledger.play(share_hang=1.0)
    job_id, expected = await ledger.upload_plan(
        RowPlan("claim_number", 20, last_days=80, mix=Mix(0.1, 0.1))
    )
    async with asyncio.timeout(15):
        await work(context)
    units = await ledger.all("SELECT attempts FROM claim_units WHERE kind = 'window'")
    assert {unit["attempts"] for unit in units} == {0}
    ledger.play()
    await ledger.do("UPDATE claim_units SET run_after = now()")
    await ledger.do("UPDATE claim_jobs SET parked_until = NULL")
    await ledger.work()
    await ledger.check(job_id, expected)


async def test_a_process_that_ends_closes_its_adapters(
    ledger: Ledger, context: TaskContext
) -> None:
    closed: list[bool] = []
    adapter = means_of(context).payers.get("uhc")
    close = adapter.close

    async def noted() -> None:
        closed.append(True)
        await close()

    adapter.close = noted  # type: ignore[method-assign]
    await context.closing.aclose()
    assert closed == [True]


async def test_a_worker_process_closes_what_its_rooms_opened_first(ledger: Ledger) -> None:
    order: list[str] = []

    async def note() -> None:
        # The database and Redis are still there.
        assert await ledger.all("SELECT 1")
        assert await opened.redis.ping()
        order.append("room")

    async with open_context(ledger.settings) as opened:
        opened.closing.push_async_callback(note)
        await means_of(opened).payers.get("uhc").search(ask())
    assert order == ["room"]


async def test_what_is_too_long_for_the_rest_of_a_slice_is_not_begun(ledger: Ledger) -> None:
    """A slow payer is asked at the beginning of a slice, and in the rest of it nobody waits."""
    job_id, expected = await ledger.upload_plan(RowPlan("practice", 40, last_days=60))
    bench = ledger.bench(cut_at=time.monotonic() + 20.0)
    bench.tempo.note("uhc", 24.0)
    await drain(bench, 4)
    assert bench.is_over
    assert ledger.payer.tally.calls == 0
    assert await ledger.all("SELECT FROM claim_units WHERE state = 'LEASED'") == []
    later = ledger.bench(cut_at=time.monotonic() + 33.0)
    later.tempo.note("uhc", 60.0)
    await drain(later, 4)
    await ledger.check(job_id, expected)


async def test_the_backlog_is_what_nobody_has_begun(ledger: Ledger) -> None:
    await ledger.upload_plan(RowPlan("practice", 3, last_days=60))
    async with ledger.database.read(Scope.system()) as session:
        found = await waiting(session)
    assert found.waiting == 1
    assert found.oldest_seconds >= 0.0
