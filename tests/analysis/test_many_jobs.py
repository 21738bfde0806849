"""One résumé and many jobs: against all of them, the best of them, side by side, in numbers."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text, update

from app.analysis import candidates, privacy
from app.analysis.engine.profile import read_resume
from app.analysis.models import Analysis, JobFeatures, JobTerm
from app.analysis.tasks import index_jobs, work
from app.applications.models import Application
from app.core.db import Database, Scope
from app.resumes.tasks import process
from app.resumes.understanding.understand import understand
from app.worker.registry import TaskContext
from tests.analysis.samples import (
    ANALYSIS,
    analyze,
    change_job,
    make_analysis,
    make_read_resume,
)
from tests.applications.samples import make_application
from tests.jobs.samples import make_job
from tests.people import API, Actor, Crew
from tests.resumes.samples import TEXT

NURSE = {
    "title": "Night Nurse",
    "description": "You care for patients on our surgical ward.",
    "requirements": "A nursing diploma and three years on a ward.",
    "skills": ["Nursing", "Patient care"],
}


async def page(client: httpx.AsyncClient, actor: Actor, path: str) -> list[dict[str, Any]]:
    """The results of a list."""
    answer = await client.get(f"{ANALYSIS}/{path}", headers=actor.headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def get(client: httpx.AsyncClient, actor: Actor, path: str) -> dict[str, Any]:
    """One answer."""
    answer = await client.get(f"{ANALYSIS}/{path}", headers=actor.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_against_all_jobs(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    data, nurse = await make_job(database, crew), await make_job(database, crew, **NURSE)
    draft = await make_job(database, crew, status="draft")
    closed = await make_job(database, crew, status="closed")
    asked = (await analyze(client, crew.candidate)).json()
    assert (asked["job_id"], asked["status"]) == (None, "pending")
    assert (await analyze(client, crew.candidate)).json()["id"] == asked["id"]
    await process(context)
    await work(context)
    run = await get(client, crew.candidate, f"results/{asked['id']}")
    assert (run["status"], run["jobs_considered"], run["overall_score"]) == ("completed", 2, None)
    assert [each["job_id"] for each in run["matches"]] == [str(data), str(nurse)]
    top = await page(client, crew.candidate, "user/top-matches")
    assert [(each["job_id"], each["fit"]) for each in top] == [
        (each["job_id"], each["fit"]) for each in run["matches"]
    ]
    assert top[0]["fit"] > top[1]["fit"]
    listed = await page(client, crew.candidate, "user/analyses")
    assert {each["job_id"] for each in listed} == {str(data), str(nurse)}
    for job in (data, nurse):
        one = await get(client, crew.candidate, f"results/{job}")
        assert sum(each["score"] for each in one["components"]) == one["overall_score"]
        # Of the first one everything is there already.
        assert bool(one["recommendations"]) == (job == nurse)
    for job in (draft, closed):
        missing = await client.get(f"{ANALYSIS}/results/{job}", headers=crew.candidate.headers)
        assert missing.status_code == 404
    single = (
        await analyze(client, crew.candidate, None, job_id=data, resume_id=asked["resume_id"])
    ).json()
    assert (single["id"], single["status"]) == (top[0]["id"], "completed")
    again = (await analyze(client, crew.candidate)).json()
    assert (again["id"] != asked["id"], again["status"]) == (True, "pending")


async def test_no_jobs_at_all(client: httpx.AsyncClient, crew: Crew, context: TaskContext) -> None:
    asked = (await analyze(client, crew.candidate)).json()
    await process(context)
    await work(context)
    run = await get(client, crew.candidate, f"results/{asked['id']}")
    assert (run["status"], run["jobs_considered"], run["matches"]) == ("completed", 0, [])
    assert await page(client, crew.candidate, "user/top-matches") == []
    stats = await get(client, crew.candidate, "user/stats")
    assert (stats["total_analyses"], stats["average_score"], stats["top_job_match"]) == (
        0,
        None,
        None,
    )


async def test_of_very_many_jobs_the_promising_ones_are_scored(
    database: Database, crew: Crew, context: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await make_job(database, crew)
    for number in range(4):
        await make_job(database, crew, **{**NURSE, "title": f"Night Nurse {number}"})
    await index_jobs(context)
    monkeypatch.setattr(candidates, "MOST_CANDIDATES", 1)
    async with database.read(Scope.system()) as session:
        profile = read_resume(TEXT, understand(TEXT))
        total, found = await candidates.find(session, profile)
    assert (total, [job_id for job_id, _ in found]) == (5, [data])


async def test_what_a_former_release_reads_is_packed_by_the_sweep(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    await index_jobs(context)

    async def stored() -> tuple[bytes | None, list[candidates.Promising]]:
        async with database.read(Scope.system()) as session:
            ranking = (await session.execute(select(JobFeatures.ranking))).scalar_one()
            _, found = await candidates.find(session, read_resume(TEXT, understand(TEXT)))
            return ranking, found

    ranking, found = await stored()
    assert found == [(job_id, ranking)]
    async with database.write(Scope.system()) as session:
        # It writes what it knows; the same again with nothing in it would be other features.
        features = (await session.execute(select(JobFeatures.features))).scalar_one()
        await session.execute(update(JobFeatures).values(features=b""))
        await session.execute(update(JobFeatures).values(features=features))
    assert await stored() == (None, found)
    await index_jobs(context)
    assert await stored() == (ranking, found)


async def test_jobs_are_read_again_when_they_change_and_forgotten_when_they_close(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id, other = await make_job(database, crew), await make_job(database, crew, **NURSE)

    async def known() -> dict[UUID, str]:
        async with database.read(Scope.system()) as session:
            rows = await session.execute(select(JobFeatures.job_id, JobFeatures.digest))
            return {each.job_id: each.digest for each in rows}

    await index_jobs(context)
    first = await known()
    assert set(first) == {job_id, other}
    await change_job(database, job_id, salary_max=70000)
    await index_jobs(context)
    assert await known() == first
    await change_job(database, job_id, skills=["COBOL"])
    await change_job(database, other, status="closed")
    await index_jobs(context)
    second = await known()
    assert set(second) == {job_id}
    assert second[job_id] != first[job_id]
    async with database.read(Scope.system()) as session:
        terms = await session.execute(select(JobTerm.job_id).distinct())
        assert set(terms.scalars()) == {job_id}


async def test_top_matches_are_of_the_newest_resume_and_of_open_jobs(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    old = await make_read_resume(database, crew.candidate.id, f"{TEXT} old")
    new = await make_read_resume(database, crew.candidate.id, f"{TEXT} new")
    first, _ = await make_analysis(database, crew, resume_id=old, fit=90.0)
    made = [
        await make_analysis(database, crew, resume_id=new, fit=fit) for fit in (10.0, 30.0, 20.0)
    ]
    await change_job(database, made[0][0], status="closed")
    top = await page(client, crew.candidate, "user/top-matches?limit=1")
    assert [each["job_id"] for each in top] == [str(made[1][0])]
    answer = await client.get(
        f"{ANALYSIS}/user/top-matches?limit=1", headers=crew.candidate.headers
    )
    following = await client.get(answer.json()["next"], headers=crew.candidate.headers)
    assert [each["job_id"] for each in following.json()["results"]] == [str(made[2][0])]
    assert following.json()["next"] is None
    former = await page(client, crew.candidate, f"user/top-matches?resume_id={old}")
    assert [each["job_id"] for each in former] == [str(first)]
    assert await page(client, crew.stranger, f"user/top-matches?resume_id={old}") == []


async def test_side_by_side(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    missing = {"name": "Rust", "id": "x", "importance": "must", "asked_in": "Rust"}
    result = {"components": [], "matched": [], "missing": [missing], "advice": []}
    low, _ = await make_analysis(database, crew, fit=20.0, result=result)
    high, high_id = await make_analysis(database, crew, fit=80.0, overall_score=50.0, result=result)
    waiting, _ = await make_analysis(
        database, crew, status="pending", result=None, overall_score=None, fit=None
    )
    ids = "&".join(f"job_ids={each}" for each in (low, high_id, waiting))
    found = await get(client, crew.candidate, f"compare?{ids}")
    assert found["job_ids"] == [str(low), str(high), str(waiting)]
    assert found["overall_scores"] == [70.5, 50.0, None]
    assert (found["best_match_index"], found["best_match_job_id"]) == (1, str(high))
    assert found["best_match_job_title"] == "Data Engineer"
    assert found["common_missing_skills"] == ["Rust"]
    assert [each["status"] for each in found["analyses"]] == ["completed", "completed", "pending"]
    for count, code in ((1, 422), (11, 422), (3, 404)):
        wrong = "&".join(f"job_ids={UUID(int=each)}" for each in range(count))
        answer = await client.get(f"{ANALYSIS}/compare?{wrong}", headers=crew.candidate.headers)
        assert answer.status_code == code
    twice = await client.get(
        f"{ANALYSIS}/compare?job_ids={low}&job_ids={low}", headers=crew.candidate.headers
    )
    assert (twice.status_code, twice.json()["code"]) == (422, "analysis.comparison_size")


async def test_numbers(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    def skills(*names: str) -> list[dict[str, str]]:
        return [{"name": name} for name in names]

    job_id = await make_job(database, crew)
    resume_id = await make_read_resume(database, crew.candidate.id)
    await make_analysis(database, crew, job_id=job_id, resume_id=resume_id, overall_score=1.0)
    parts: dict[str, Any] = {"components": [], "advice": []}
    first = {**parts, "matched": skills("SQL"), "missing": skills("Rust", "Go")}
    second = {**parts, "matched": skills("SQL", "Git"), "missing": skills("Rust")}
    await make_analysis(database, crew, job_id=job_id, overall_score=60.0, result=first)
    best, best_id = await make_analysis(
        database, crew, resume_id=resume_id, overall_score=80.5, fit=90.0, result=second
    )
    error = {"code": "x", "message": "x", "hint": "x"}
    nothing = {"result": None, "overall_score": None, "fit": None}
    await make_analysis(database, crew, status="failed", error=error, **nothing)
    await make_analysis(database, crew, status="running", **nothing)
    stats = await get(client, crew.candidate, "user/stats")
    assert (stats["total_analyses"], stats["completed"]) == (4, 2)
    assert (stats["failed"], stats["pending"]) == (1, 1)
    assert (stats["average_score"], stats["best_score"]) == (70.2, 80.5)
    assert stats["top_job_match"] == {
        "analysis_id": str(best_id),
        "job_id": str(best),
        "job_title": "Data Engineer",
        "company": "Northwind",
        "overall_score": 80.5,
        "fit": 90.0,
    }
    assert stats["most_common_missing_skills"] == [
        {"name": "Rust", "count": 2},
        {"name": "Go", "count": 1},
    ]
    assert stats["most_common_matched_skills"][0] == {"name": "SQL", "count": 2}


async def score_of(database: Database, application_id: UUID) -> float | None:
    """What the application shows."""
    async with database.read(Scope.system()) as session:
        found = await session.execute(
            select(Application.score).where(Application.id == application_id)
        )
        return found.scalar_one()


async def test_an_application_with_a_resume_is_scored_unasked(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    resume_id = await make_read_resume(database, crew.candidate.id)
    body = {"job_id": str(job_id), "resume_id": str(resume_id)}
    made = await client.post(f"{API}/applications", json=body, headers=crew.candidate.headers)
    application_id = UUID(made.json()["id"])
    assert await score_of(database, application_id) is None
    await work(context)
    first = await score_of(database, application_id)
    assert first is not None
    # The applicant did not ask, and sees nothing of it.
    assert await page(client, crew.candidate, "user/analyses") == []
    hidden = await client.get(f"{ANALYSIS}/results/{job_id}", headers=crew.candidate.headers)
    assert hidden.status_code == 404
    asked = await analyze(client, crew.candidate, None, job_id=job_id, resume_id=resume_id)
    shown = await get(client, crew.candidate, f"results/{asked.json()['id']}")
    assert (shown["status"], shown["overall_score"]) == ("completed", first)
    await change_job(database, job_id, skills=["COBOL"], requirements="COBOL is required.")
    await work(context)
    second = await score_of(database, application_id)
    assert second is not None
    assert second < first
    await client.delete(f"{API}/resumes/{resume_id}", headers=crew.candidate.headers)
    assert await score_of(database, application_id) is None


async def test_applications_are_sorted_by_score(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    weak = TEXT.replace("PostgreSQL", "Sewing").replace("Python", "Knitting")
    people = (crew.candidate.id, crew.staff.id, crew.viewer.id)
    made = []
    for person, content in zip(people, (weak, TEXT, None), strict=True):
        resume_id = None if content is None else await make_read_resume(database, person, content)
        _, application_id = await make_application(
            database, crew, job_id, candidate_id=person, resume_id=resume_id
        )
        made.append(str(application_id))
    await work(context)
    answer = await client.get(
        f"{API}/applications/job/{job_id}?sort=score", headers=crew.employer.headers
    )
    listed = answer.json()["results"]
    assert [each["id"] for each in listed] == [made[1], made[0], made[2]]
    assert listed[0]["score"] > listed[1]["score"]
    assert listed[2]["score"] is None
    async with database.read(Scope.system()) as session:
        asked = select(func.count()).where(Analysis.asked_at.is_not(None))
        assert (await session.execute(asked)).scalar_one() == 0
    # A second look finds nothing more to do.
    await work(context)
    async with database.read(Scope.system()) as session:
        assert (await session.execute(text("SELECT count(*) FROM analyses"))).scalar_one() == 2


async def test_ones_own_data(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    _, analysis_id = await make_analysis(database, crew)
    # What an application asked for is the employer's.
    await make_analysis(database, crew, asked_at=None)
    async with database.read(Scope.person(crew.candidate.id)) as session:
        held = await privacy.personal_data(session, crew.candidate.id)
        assert [one["id"] for one in held.facts["analyses"]] == [analysis_id]
    async with database.write(Scope.system()) as session:
        await privacy.erase(session, crew.candidate.id)
        assert (await session.execute(select(Analysis.id))).all() == []
