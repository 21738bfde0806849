"""A job's counters as they change, over a stream."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, update

from app.claims.models import ClaimJob, ClaimUnit
from app.claims.routes import jobs as routes
from app.core.clock import now
from app.core.db import Scope
from app.core.sse import Event
from tests.claims.api.samples import API, make_job, make_running_job
from tests.conftest import Stage
from tests.people import Crew

JOBS = f"{API}/claims/csv-jobs"


def events_of(stream: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Id, name and data of each event in a stream."""
    found = []
    for block in stream.split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines()]
        fields = {name: value for name, _, value in lines if name}
        if "data" in fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


async def change(stage: Stage, job_id: UUID, **values: Any) -> None:
    """Let a job go on by another connection."""
    async with stage.database.write(Scope.system()) as session:
        await session.execute(
            update(ClaimJob)
            .where(ClaimJob.id == job_id)
            .values(version=ClaimJob.version + 1, **values)
        )


class Watched:
    """What the streams of a test have told so far, and a way to wait for more."""

    def __init__(self) -> None:
        self._told = 0
        self._news = asyncio.Condition()

    async def note(self) -> None:
        async with self._news:
            self._told += 1
            self._news.notify_all()

    async def until(self, told: int) -> None:
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: self._told >= told)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Counts events as they leave, and looks at the job more often than the product does."""
    told, events = Watched(), routes._events

    async def counted(*around: Any) -> AsyncGenerator[Event, None]:
        async for event in events(*around):
            yield event
            await told.note()

    monkeypatch.setattr(routes, "_events", counted)
    monkeypatch.setattr(routes, "_LOOK_SECONDS", 0.05)
    return told


async def test_an_ended_job_is_told_once(
    stage_client: httpx.AsyncClient, stage_crew: Crew, stage: Stage
) -> None:
    job_id = await make_job(stage.database, stage_crew.organization_id)
    answer = await stage_client.get(f"{JOBS}/{job_id}/events/", headers=stage_crew.viewer.headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    (first_id, name, data), (_, last, same) = events_of(answer.text)
    assert (first_id, name, last) == ("1-4", "progress", "done")
    assert data == same
    progress = await stage_client.get(
        f"{JOBS}/{job_id}/progress", headers=stage_crew.viewer.headers
    )
    assert data == progress.json()


async def test_changes_are_told_until_the_end(
    stage_client: httpx.AsyncClient, stage_crew: Crew, stage: Stage, watched: Watched
) -> None:
    job_id = await make_running_job(stage.database, stage_crew.organization_id)
    watching = asyncio.create_task(
        stage_client.get(f"{JOBS}/{job_id}/events", headers=stage_crew.viewer.headers)
    )
    await watched.until(1)
    async with stage.database.write(Scope.system()) as session:
        await session.execute(
            update(ClaimUnit).where(ClaimUnit.state == "LEASED").values(succeeded=2)
        )
    await watched.until(2)
    await change(
        stage,
        job_id,
        status="CANCELLED",
        processing_completed_at=now(),
        success_count=3,
        failure_count=3,
    )
    events = events_of((await watching).text)
    assert [(key, name) for key, name, _ in events] == [
        ("1-4", "progress"),
        ("1-6", "progress"),
        ("2-6", "progress"),
        ("2-6", "done"),
    ]
    for _, _, data in events:
        assert data["processed_rows"] == data["success_count"] + data["failure_count"]
        assert data["total_rows"] == data["processed_rows"] + data["unprocessed_rows"] == 10
    assert events[-1][2]["status"] == "CANCELLED"
    assert not {"filename", "header", "user_email", "cells"} & set(events[0][2])


async def test_who_comes_back_gets_the_present_state(
    stage_client: httpx.AsyncClient, stage_crew: Crew, stage: Stage
) -> None:
    job_id = await make_job(stage.database, stage_crew.organization_id)
    headers = {**stage_crew.viewer.headers, "Last-Event-ID": "1-2"}
    answer = await stage_client.get(f"{JOBS}/{job_id}/events", headers=headers)
    assert [name for _, name, _ in events_of(answer.text)] == ["progress", "done"]


async def test_a_job_that_is_deleted_ends_the_stream(
    stage_client: httpx.AsyncClient, stage_crew: Crew, stage: Stage, watched: Watched
) -> None:
    job_id = await make_running_job(stage.database, stage_crew.organization_id)
    watching = asyncio.create_task(
        stage_client.get(f"{JOBS}/{job_id}/events", headers=stage_crew.viewer.headers)
    )
    await watched.until(1)
    async with stage.database.write(Scope.system()) as session:
        await session.execute(delete(ClaimJob).where(ClaimJob.id == job_id))
    events = events_of((await asyncio.wait_for(watching, 30)).text)
    assert [name for _, name, _ in events] == ["progress"]


async def test_a_stream_holds_no_connection(
    stage_client: httpx.AsyncClient, stage_crew: Crew, stage: Stage, watched: Watched
) -> None:
    """The pool has four connections; ten watchers leave room for everybody else."""
    job_id = await make_running_job(stage.database, stage_crew.organization_id)
    address, headers = f"{JOBS}/{job_id}", stage_crew.viewer.headers
    watchers = [
        asyncio.create_task(stage_client.get(f"{address}/events", headers=headers))
        for _ in range(10)
    ]
    await watched.until(10)
    answers = await asyncio.gather(*(stage_client.get(address, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    await change(
        stage,
        job_id,
        status="FAILED",
        processing_completed_at=now(),
        success_count=0,
        failure_count=0,
    )
    for answer in await asyncio.gather(*watchers):
        assert events_of(answer.text)[-1][1] == "done"
