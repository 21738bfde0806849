"""An analysis's way over the API and through the worker: asked, waiting, answered, found again."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text, update

from app.analysis import pipeline, queries
from app.analysis.models import Analysis
from app.analysis.tasks import work
from app.core.db import Database, Scope
from app.resumes.tasks import process
from app.worker.registry import TaskContext
from tests.analysis.samples import ANALYSIS, analyze, change_job, make_analysis, make_read_resume
from tests.claims.api.test_events import events_of
from tests.jobs.samples import make_job
from tests.people import Actor, Crew
from tests.resumes.samples import RESUMES, TEXT


async def result(client: httpx.AsyncClient, actor: Actor, either_id: object) -> dict[str, Any]:
    """The analysis of this id, or the newest for the job of this id."""
    answer = await client.get(f"{ANALYSIS}/results/{either_id}", headers=actor.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def run(context: TaskContext) -> None:
    """What the workers do: read what was handed in, then answer."""
    await process(context)
    await work(context)


async def test_an_analysis(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(
        database,
        crew,
        requirements="5+ years of experience with SQL.\nBachelor's degree required.",
        skills=["PostgreSQL", "Python", "Spark"],
    )
    asked = await analyze(client, crew.candidate, job_id=job_id)
    assert asked.status_code == 202, asked.text
    made = asked.json()
    assert set(made) == {"id", "resume_id", "job_id", "status", "created_at"}
    assert (made["job_id"], made["status"]) == (str(job_id), "pending")
    assert asked.headers["location"] == f"{ANALYSIS}/results/{made['id']}"
    await work(context)
    waiting = await result(client, crew.candidate, job_id)
    assert (waiting["status"], waiting["overall_score"], waiting["components"]) == (
        "pending",
        None,
        [],
    )
    await run(context)
    found = await result(client, crew.candidate, job_id)
    assert (found["id"], found["status"], found["error"]) == (made["id"], "completed", None)
    assert (found["job_title"], found["company"]) == ("Data Engineer", "Northwind")
    components = {each["name"]: each for each in found["components"]}
    assert list(components) == ["skills", "experience", "education", "relevance"]
    assert sum(each["score"] for each in found["components"]) == found["overall_score"]
    assert sum(each["max"] for each in found["components"]) == 100
    assert all(each["explanation"] for each in found["components"])
    assert {each["name"]: each["via"] for each in found["matched_skills"]} == {
        "PostgreSQL": None,
        "Python": None,
        "SQL": "PostgreSQL",
    }
    for skill in found["matched_skills"]:
        for seen in skill["evidence"]:
            assert TEXT[seen["start"] : seen["end"]] == seen["text"]
    assert [(each["name"], each["importance"]) for each in found["missing_skills"]] == [
        ("Apache Spark", "must")
    ]
    assert components["experience"]["score"] == 13.0
    assert components["education"]["score"] == components["education"]["max"]
    best = found["recommendations"][0]
    assert best["title"] == "Show Apache Spark"
    assert best["gain"] > 0
    assert found["completed_at"] >= found["created_at"]
    assert found["model_version"]


async def test_the_parts_of_it(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id, analysis_id = await make_analysis(database, crew)
    whole = await result(client, crew.candidate, job_id)
    headers = crew.candidate.headers
    summary = (await client.get(f"{ANALYSIS}/summary/{analysis_id}/", headers=headers)).json()
    assert summary == {name: whole[name] for name in summary}
    parts = (await client.get(f"{ANALYSIS}/recommendations/{job_id}", headers=headers)).json()
    assert parts == {name: whole[name] for name in parts}
    first = await client.get(f"{ANALYSIS}/results/{job_id}", headers=headers)
    again = await client.get(
        f"{ANALYSIS}/results/{job_id}", headers={**headers, "If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


async def test_the_same_inputs_have_the_same_analysis(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    first = (await analyze(client, crew.candidate, job_id=job_id)).json()
    same = (await analyze(client, crew.candidate, job_id=job_id)).json()
    stored = (
        await analyze(client, crew.candidate, None, job_id=job_id, resume_id=first["resume_id"])
    ).json()
    assert first["id"] == same["id"] == stored["id"]
    await run(context)
    answered = await result(client, crew.candidate, first["id"])
    again = (await analyze(client, crew.candidate, job_id=job_id)).json()
    assert (again["id"], again["status"]) == (first["id"], "completed")
    await work(context)
    assert await result(client, crew.candidate, first["id"]) == answered


async def test_new_inputs_never_have_the_old_answer(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    first = (await analyze(client, crew.candidate, job_id=job_id)).json()
    await run(context)
    assert (await result(client, crew.candidate, job_id))["is_current"]
    await change_job(database, job_id, requirements="Cobol is required.")
    assert not (await result(client, crew.candidate, first["id"]))["is_current"]
    changed = (await analyze(client, crew.candidate, job_id=job_id)).json()
    assert (changed["id"] != first["id"], changed["status"]) == (True, "pending")
    assert (await result(client, crew.candidate, job_id))["overall_score"] is None
    await run(context)
    newest = await result(client, crew.candidate, job_id)
    assert newest["is_current"]
    assert "COBOL" in {each["name"].upper() for each in newest["missing_skills"]}
    other = (await analyze(client, crew.candidate, f"{TEXT}, COBOL", job_id=job_id)).json()
    assert other["resume_id"] != first["resume_id"]
    shown = await result(client, crew.candidate, job_id)
    assert (shown["id"], shown["overall_score"]) == (other["id"], None)
    await run(context)
    assert (await result(client, crew.candidate, job_id))["missing_skills"] == []
    back = await analyze(client, crew.candidate, None, job_id=job_id, resume_id=first["resume_id"])
    assert back.json()["id"] == changed["id"]
    assert (await result(client, crew.candidate, job_id))["id"] == changed["id"]


async def test_a_job_that_changes_meanwhile_is_read_as_it_is(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    first = (await analyze(client, crew.candidate, job_id=job_id)).json()
    await change_job(database, job_id, skills=["Cobol"], requirements="")
    await run(context)
    found = await result(client, crew.candidate, first["id"])
    assert [each["name"].upper() for each in found["missing_skills"]] == ["COBOL"]
    same = (await analyze(client, crew.candidate, job_id=job_id)).json()
    assert (same["id"], same["status"]) == (first["id"], "completed")
    await change_job(database, job_id, skills=["PostgreSQL", "Python"])
    assert (await analyze(client, crew.candidate, job_id=job_id)).json()["id"] != first["id"]


async def test_a_resume_that_cannot_be_read_ends_it(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    first = (await analyze(client, crew.candidate, "%PDF-1.7\nnothing", job_id=job_id)).json()
    await run(context)
    failed = await result(client, crew.candidate, job_id)
    assert (failed["status"], failed["overall_score"]) == ("failed", None)
    assert failed["error"]["code"] == "resume.damaged"
    resume = await client.get(f"{RESUMES}/{first['resume_id']}", headers=crew.candidate.headers)
    assert failed["error"] == resume.json()["error"]
    again = (await analyze(client, crew.candidate, "%PDF-1.7\nnothing", job_id=job_id)).json()
    assert (again["id"] != first["id"], again["status"]) == (True, "pending")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ((None, {}), 422, "analysis.resume_missing"),
        ((TEXT, {"resume_id": UUID(int=1)}), 422, "analysis.resume_missing"),
        ((None, {"resume_id": UUID(int=1)}), 404, "resumes.not_found"),
        ((TEXT, {"job_id": UUID(int=1)}), 404, "jobs.not_found"),
        (("", {}), 422, "resumes.file_missing"),
        (("\x00\x01\x02" * 50, {}), 415, "resumes.type_not_supported"),
        (("x" * 11 * 1024 * 1024, {}), 413, "resumes.too_large"),
        ((TEXT, {"job_id": "no-id"}), 422, "http.invalid"),
    ],
)
async def test_what_is_not_taken(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    sent: tuple[str | None, dict[str, Any]],
    status: int,
    code: str,
) -> None:
    content, form = sent
    refused = await analyze(client, crew.candidate, content, **form)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    async with database.read(Scope.system()) as session:
        counted = await session.execute(select(func.count()).select_from(Analysis))
        assert counted.scalar_one() == 0


@pytest.mark.parametrize(
    "state", [{"status": "closed"}, {"status": "archived"}, {"expires_at": func.now()}]
)
async def test_closed_jobs(
    client: httpx.AsyncClient, database: Database, crew: Crew, state: dict[str, Any]
) -> None:
    job_id, analysis_id = await make_analysis(database, crew)
    await change_job(database, job_id, **state)
    refused = await analyze(client, crew.candidate, job_id=job_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "analysis.job_closed")
    assert (await result(client, crew.candidate, job_id))["id"] == str(analysis_id)


async def test_another_persons_resume_and_analysis_are_not_there(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    resume_id = await make_read_resume(database, crew.candidate.id)
    job_id, analysis_id = await make_analysis(database, crew, resume_id=resume_id)
    refused = await analyze(client, crew.stranger, None, resume_id=resume_id)
    assert (refused.status_code, refused.json()["code"]) == (404, "resumes.not_found")
    for actor in (crew.stranger, crew.employer, crew.superuser):
        for either in (job_id, analysis_id):
            answer = await client.get(f"{ANALYSIS}/results/{either}", headers=actor.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "analysis.not_found")
    async with database.read(Scope.tenant(crew.organization_id, crew.employer.id)) as session:
        assert (await session.execute(select(Analysis.id))).all() == []


async def test_a_deleted_resume_takes_its_analyses_along(
    client: httpx.AsyncClient, crew: Crew, database: Database, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    made = (await analyze(client, crew.candidate, job_id=job_id)).json()
    await run(context)
    headers = crew.candidate.headers
    await client.delete(f"{RESUMES}/{made['resume_id']}", headers=headers)
    for url in (f"results/{job_id}", f"results/{made['id']}", f"{made['id']}/events"):
        assert (await client.get(f"{ANALYSIS}/{url}", headers=headers)).status_code == 404


async def test_events_end_with_the_end(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id, analysis_id = await make_analysis(database, crew)
    for either in (job_id, analysis_id):
        answer = await client.get(f"{ANALYSIS}/{either}/events", headers=crew.candidate.headers)
        events = events_of(answer.text)
        assert [name for _, name, _ in events] == ["progress", "done"]
        assert events[-1][2]["id"] == str(analysis_id)
        assert (events[-1][2]["status"], events[-1][2]["overall_score"]) == ("completed", 70.5)


async def test_a_worker_that_lost_its_lease_writes_nothing(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    made = (await analyze(client, crew.candidate, job_id=job_id)).json()
    await process(context)
    async with database.write(Scope.system()) as session:
        slow = await queries.claim(session)
        assert slow is not None
        assert await queries.claim(session) is None
        await session.execute(update(Analysis).values(lease_until=text("now() - interval '1 s'")))
    await work(context)
    answered = await result(client, crew.candidate, made["id"])
    async with database.write(Scope.system()) as session:
        late = {"error": {"code": "x", "message": "x", "hint": "x"}, "key": None}
        assert not await queries.end(session, slow, "failed", late)
    assert await result(client, crew.candidate, made["id"]) == answered


async def test_a_pair_that_kills_its_workers_ends(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    made = (await analyze(client, crew.candidate, job_id=job_id)).json()
    await process(context)
    for _ in range(pipeline.MOST_ATTEMPTS):
        async with database.write(Scope.system()) as session:
            assert await queries.claim(session) is not None
            late = text("now() - interval '1 s'")
            await session.execute(update(Analysis).values(lease_until=late))
    await work(context)
    failed = await result(client, crew.candidate, made["id"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", "analysis.too_demanding")
