"""New inputs, never the old answer: the scores that applications show end with what they rest on."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from app.analysis.engine import version
from app.analysis.models import Analysis
from app.analysis.tasks import index_jobs, work
from app.applications.models import Application
from app.core.db import Database, Scope
from app.resumes.models import Resume
from app.worker.registry import TaskContext
from tests.analysis.samples import analyze, change_job, make_read_resume
from tests.applications.samples import make_application
from tests.jobs.samples import make_job
from tests.people import API, Crew
from tests.resumes.samples import RESUMES

ASKED = {"skills": ["PostgreSQL", "Python"], "requirements": ""}
OTHER = {"skills": ["COBOL"], "requirements": "COBOL is required."}


async def scores(database: Database) -> list[float | None]:
    """What the applications show."""
    async with database.read(Scope.system()) as session:
        return list((await session.execute(select(Application.score))).scalars())


async def answers(database: Database) -> int:
    """How many analyses there are."""
    async with database.read(Scope.system()) as session:
        found = await session.execute(select(func.count()).select_from(Analysis))
        return found.scalar_one()


async def change_resume(database: Database, resume_id: UUID, **values: Any) -> None:
    """What reprocessing and the worker leave in the row."""
    async with database.write(Scope.system()) as session:
        await session.execute(update(Resume).where(Resume.id == resume_id).values(values))


async def applied(database: Database, crew: Crew, context: TaskContext) -> tuple[UUID, UUID]:
    """Job and résumé of an application that has its score."""
    job_id = await make_job(database, crew, **ASKED)
    resume_id = await make_read_resume(database, crew.candidate.id)
    await make_application(
        database, crew, job_id, candidate_id=crew.candidate.id, resume_id=resume_id
    )
    await work(context)
    assert None not in await scores(database)
    return job_id, resume_id


async def test_a_resume_that_is_read_anew_is_scored_anew(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    _, resume_id = await applied(database, crew, context)
    (first,) = await scores(database)
    async with database.read(Scope.system()) as session:
        found = await session.execute(select(Resume.understanding).where(Resume.id == resume_id))
        understood = found.scalar_one()
    again = await client.post(f"{RESUMES}/{resume_id}/reprocess", headers=crew.candidate.headers)
    assert again.status_code < 300, again.text
    assert await scores(database) == [None]
    await work(context)
    # It waits for the reading.
    assert (await scores(database), await answers(database)) == ([None], 2)
    poorer = {**(understood or {}), "skills": []}
    await change_resume(
        database, resume_id, status="skills_extracted", understanding=poorer, lease_token=None
    )
    await work(context)
    (second,) = await scores(database)
    assert first is not None
    assert second is not None
    assert second < first
    await work(context)
    assert await answers(database) == 2


async def test_a_reading_that_fails_leaves_no_score_and_is_not_asked_for_again(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    _, resume_id = await applied(database, crew, context)
    error = {"code": "resume.damaged", "message": "x", "hint": "x"}
    await change_resume(database, resume_id, revision=2, status="extraction_failed", error=error)
    for _ in range(2):
        await work(context)
        assert (await scores(database), await answers(database)) == ([None], 2)


@pytest.mark.parametrize("status", ["active", "closed"])
async def test_a_job_that_is_worded_anew_is_scored_anew(
    database: Database, crew: Crew, context: TaskContext, status: str
) -> None:
    job_id, _ = await applied(database, crew, context)
    first = await scores(database)
    await change_job(database, job_id, status=status, salary_max=90_000)
    assert await scores(database) == first
    await change_job(database, job_id, **OTHER)
    assert await scores(database) == [None]
    await work(context)
    second = await scores(database)
    assert second[0] is not None
    assert second != first
    await change_job(database, job_id, **ASKED)
    assert await scores(database) == [None]
    await work(context)
    # What it asks now was asked before: the same inputs, the same answer, not computed twice.
    assert (await scores(database), await answers(database)) == (first, 2)


async def test_an_answer_to_the_former_wording_comes_too_late(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id, resume_id = await applied(database, crew, context)
    await change_job(database, job_id, **OTHER)
    async with database.write(Scope.system()) as session:
        # As a worker would that had read the job before.
        await session.execute(
            update(Analysis)
            .where(Analysis.resume_id == resume_id)
            .values(status="completed", overall_score=99.5)
        )
    assert await scores(database) == [None]
    asked = await analyze(client, crew.candidate, None, job_id=job_id, resume_id=resume_id)
    await work(context)
    shown = await client.get(
        f"{API}/resume-analysis/results/{asked.json()['id']}", headers=crew.candidate.headers
    )
    assert await scores(database) == [shown.json()["overall_score"]]


async def test_a_new_version_scores_applications_to_open_jobs_anew(
    database: Database, crew: Crew, context: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await applied(database, crew, context)
    before = await scores(database)
    await index_jobs(context)
    assert await answers(database) == 1
    monkeypatch.setattr(version, "RULES", "next")
    await index_jobs(context)
    # Until the new one is there, the old version's answer to the same inputs is shown.
    assert (await scores(database), await answers(database)) == (before, 2)
    await work(context)
    assert (await scores(database), await answers(database)) == (before, 2)
    async with database.read(Scope.system()) as session:
        done = select(Analysis.model_version).where(Analysis.status == "completed")
        assert len(set((await session.execute(done)).scalars())) == 2
