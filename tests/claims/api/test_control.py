"""Stopping a job, running rows of it again, deleting it."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from app.claims.engine.sweep import sweep
from app.claims.models import (
    ClaimAnswer,
    ClaimAnswerHistory,
    ClaimJob,
    ClaimJobEvent,
    ClaimRow,
    ClaimUnit,
)
from app.claims.models_payer import PayerQuery
from app.core.audit_model import AuditEntry
from app.core.db import Database, Scope
from tests.claims.api.samples import API, make_job, make_running_job, send
from tests.conftest import Stage
from tests.people import Crew

JOBS = f"{API}/claims/csv-jobs"


async def post(
    client: httpx.AsyncClient, crew: Crew, job_id: UUID | str, verb: str, body: Any = None
) -> httpx.Response:
    """Cancel or retry."""
    return await client.post(f"{JOBS}/{job_id}/{verb}/", json=body, headers=crew.staff.headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def test_a_job_that_waits_is_cancelled_at_once(client: httpx.AsyncClient, crew: Crew) -> None:
    job_id = (await send(client, crew.staff)).json()["id"]
    job = (await post(client, crew, job_id, "cancel")).json()
    assert (job["status"], job["unprocessed_rows"]) == ("CANCELLED", 2)
    assert (job["can_cancel"], job["can_retry"]) == (False, True)
    assert job["processing_completed_at"] is not None
    assert job["processing_duration"] is None
    again = await post(client, crew, job_id, "cancel")
    assert (again.status_code, again.json()) == (200, job)


async def test_a_job_in_work_lets_go_first(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    answers = [await post(client, crew, job_id, "cancel") for _ in range(2)]
    for answer in answers:
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLING")
        assert (answer.json()["processed_rows"], answer.json()["unprocessed_rows"]) == (4, 6)


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
async def test_what_has_ended_is_not_cancelled(
    client: httpx.AsyncClient, database: Database, crew: Crew, status: str
) -> None:
    job_id = await make_job(database, crew.organization_id, status=status)
    assert code_of(await post(client, crew, job_id, "cancel")) == (409, "claims.job_ended")


async def test_two_who_cancel_at_once_are_both_answered(
    stage_client: httpx.AsyncClient, stage_crew: Crew, stage: Stage
) -> None:
    for make in (make_running_job, make_job):
        job_id = await make(stage.database, stage_crew.organization_id)
        if make is make_job:
            async with stage.database.write(Scope.system()) as session:
                await session.execute(
                    update(ClaimJob)
                    .where(ClaimJob.id == job_id)
                    .values(status="PENDING", processing_completed_at=None)
                )
        answers = await asyncio.gather(
            *(post(stage_client, stage_crew, job_id, "cancel") for _ in range(4))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["status"] for answer in answers}) == 1


async def test_failed_rows_run_again_in_the_same_job(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    before = (await client.get(f"{JOBS}/{job_id}", headers=crew.staff.headers)).json()
    answer = await post(client, crew, job_id, "retry")
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert (job["id"], job["status"], job["attempt"]) == (str(job_id), "PENDING", 2)
    counters = ("total_rows", "processed_rows", "success_count", "failure_count")
    assert [job[name] for name in counters] == [4, 1, 1, 0]
    assert job["failures_by_reason"] == {}
    assert job["celery_task_id"] != before["celery_task_id"]
    assert job["processing_completed_at"] is None
    rows = (await client.get(f"{JOBS}/{job_id}/rows", headers=crew.staff.headers)).json()["results"]
    assert [row["status"] for row in rows] == ["succeeded", "pending", "pending", "pending"]
    assert [row["attempts"] for row in rows] == [1, 1, 1, 1]
    assert code_of(await post(client, crew, job_id, "retry")) == (409, "claims.job_running")
    async with database.read(Scope.system()) as session:
        kept = await session.execute(
            select(ClaimAnswerHistory.row_no).order_by(ClaimAnswerHistory.row_no)
        )
        assert kept.scalars().all() == [2, 3, 4]


@pytest.mark.parametrize(
    ("body", "again"),
    [
        ({}, [2, 3, 4]),
        ({"scope": "all"}, [2, 3, 4]),
        ({"scope": "failed"}, [2, 3, 4]),
        ({"scope": "failed", "error_code": "payer.not_found"}, [2, 4]),
        ({"error_code": "row.bad_date"}, [3]),
        ({"scope": "retriable"}, []),
        ({"scope": "unprocessed"}, []),
        ({"error_code": "payer.timeout"}, []),
        ({"scope": "retriable", "error_code": "payer.not_found"}, []),
    ],
)
async def test_which_rows_run_again(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    body: dict[str, str],
    again: list[int],
) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await post(client, crew, job_id, "retry", body)
    if again:
        assert answer.status_code == 200, answer.text
    else:
        assert code_of(answer) == (409, "claims.nothing_to_retry")
    rows = await client.get(f"{JOBS}/{job_id}/rows?status=pending", headers=crew.staff.headers)
    assert [row["row"] for row in rows.json()["results"]] == again


async def test_rows_that_may_succeed_later(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(ClaimAnswer).where(ClaimAnswer.row_no == 4).values(error_code="payer.timeout")
        )
    job = (await post(client, crew, job_id, "retry", {"scope": "retriable"})).json()
    assert (job["processed_rows"], job["failure_count"]) == (3, 2)
    assert job["failures_by_reason"] == {"payer.not_found": 1, "row.bad_date": 1}


async def test_rows_of_a_cancelled_job_run_again(client: httpx.AsyncClient, crew: Crew) -> None:
    job_id = (await send(client, crew.staff)).json()["id"]
    await post(client, crew, job_id, "cancel")
    job = (await post(client, crew, job_id, "retry", {"scope": "unprocessed"})).json()
    assert (job["status"], job["attempt"], job["unprocessed_rows"]) == ("PENDING", 2, 2)


async def test_a_job_without_failures_has_nothing_to_retry(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(
        database, crew.organization_id, total_rows=1, failure_count=0, failures_by_reason={}
    )
    async with database.write(Scope.system()) as session:
        await session.execute(delete(ClaimAnswer).where(ClaimAnswer.outcome == "failed"))
    assert code_of(await post(client, crew, job_id, "retry")) == (409, "claims.nothing_to_retry")
    job = (await client.get(f"{JOBS}/{job_id}", headers=crew.staff.headers)).json()
    assert (job["can_retry"], job["attempt"]) == (False, 1)


@pytest.mark.parametrize("body", [{"scope": "some"}, {"rows": [1]}, {"scope": None}, []])
async def test_wishes_that_are_none(
    client: httpx.AsyncClient, database: Database, crew: Crew, body: Any
) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await post(client, crew, job_id, "retry", body)
    assert code_of(answer) == (422, "http.invalid")


async def test_an_ended_job_is_deleted_with_everything(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    kept = await make_job(database, crew.organization_id)
    job_id = await make_job(database, crew.organization_id)
    address = f"{JOBS}/{job_id}"
    answer = await client.delete(f"{address}/", headers=crew.staff.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(address, headers=crew.staff.headers)).status_code == 404
    assert (await client.delete(address, headers=crew.staff.headers)).status_code == 404
    await sweep(database)
    async with database.read(Scope.system()) as session:
        (entry,) = (await session.scalars(select(AuditEntry))).all()
    assert (entry.action, entry.actor_id) == ("claims.job_removed", crew.staff.id)
    assert (entry.subject_id, entry.detail) == (str(job_id), {"rows": 4, "status": "completed"})
    async with database.read(Scope.system()) as session:
        for column in (
            *(ClaimJob.id, ClaimRow.job_id, ClaimAnswer.job_id, ClaimUnit.job_id),
            *(PayerQuery.job_id, ClaimJobEvent.job_id),
        ):
            counted = select(func.count()).where(column != kept)
            assert (await session.execute(counted)).scalar_one() == 0
    assert (await client.get(f"{JOBS}/{kept}", headers=crew.staff.headers)).status_code == 200


async def test_a_running_job_is_not_deleted(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    answer = await client.delete(f"{JOBS}/{job_id}", headers=crew.staff.headers)
    assert code_of(answer) == (409, "claims.job_running")
