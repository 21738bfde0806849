"""One job in numbers."""

from datetime import timedelta
from uuid import UUID

import httpx
from sqlalchemy import insert

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.resumes.models import Resume
from app.skills.keys import key_of
from tests.applications.samples import make_application
from tests.jobs.samples import JOBS, make_job
from tests.optimus.samples import keep, letters
from tests.people import API, Crew

INSIGHTS = f"{API}/optimus/job-insights"


async def with_skills(database: Database, owner_id: UUID, *names: str) -> UUID:
    """A résumé that was read and shows these skills."""
    resume_id = new_id()
    async with database.write(Scope.system()) as session:
        await session.execute(
            insert(Resume).values(
                id=resume_id,
                owner_id=owner_id,
                file_id=new_id(),
                filename="cv.txt",
                content_type="text/plain",
                size=1,
                sha256=resume_id.hex,
                status="skills_extracted",
                skill_keys=[key_of(name) for name in names],
            )
        )
    return resume_id


async def test_a_job_in_numbers(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew, skills=["Postgres", "Python", "COBOL"])
    made = letters(3, [job_id], 40, now())
    await keep(database, crew.organization_id, made)
    for actor, skills in ((crew.candidate, ("PostgreSQL", "python")), (crew.viewer, ("PYTHON",))):
        resume_id = await with_skills(database, actor.id, *skills)
        await make_application(database, crew, job_id, candidate_id=actor.id, resume_id=resume_id)
    seen = (await client.get(f"{INSIGHTS}/{job_id}", headers=crew.employer.headers)).json()
    assert (seen["applicants"], sum(seen["applications_by_stage"].values())) == (42, 42)
    scored = [one.score for one in made if one.score is not None]
    assert seen["scores"]["scored"] == len(scored)
    assert seen["scores"]["unscored"] == 42 - len(scored)
    bins = [sum(min(score // 10, 9) == ten for score in scored) for ten in range(10)]
    assert [one["count"] for one in seen["scores"]["distribution"]] == bins
    assert bins[9] > 0
    assert seen["skills"] == {
        "applicants_read": 2,
        "coverage": [
            {"name": "Postgres", "applicants": 1, "share": 0.5},
            {"name": "Python", "applicants": 2, "share": 1.0},
            {"name": "COBOL", "applicants": 0, "share": 0.0},
        ],
        "gaps": ["COBOL"],
    }
    demanded = (await client.get(f"{API}/optimus/dashboard", headers=crew.employer.headers)).json()
    assert {one["name"]: one["applicants"] for one in demanded["skills"]["in_demand"]} == {
        "COBOL": 0,
        "Postgres": 1,
        "Python": 2,
    }


async def test_a_job_that_nobody_applied_to(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew, status="draft", posted_at=None)
    seen = (await client.get(f"{INSIGHTS}/{job_id}", headers=crew.employer.headers)).json()
    assert (seen["applicants"], seen["open_hours"], seen["scores"]["median"]) == (0, None, None)
    assert seen["skills"]["gaps"] == []


async def test_how_long_it_was_open(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew, posted_at=now() - timedelta(hours=48))
    place, headers = f"{INSIGHTS}/{job_id}", crew.employer.headers
    seen = (await client.get(place, headers=headers)).json()
    assert (seen["open_hours"], seen["closed_at"]) == (48.0, None)
    await client.patch(f"{JOBS}/{job_id}", headers=headers, json={"status": "closed"})
    closed = (await client.get(place, headers=headers)).json()
    assert (closed["open_hours"], closed["status"]) == (48.0, "closed")
    await client.delete(f"{JOBS}/{job_id}", headers=headers)
    archived = (await client.get(place, headers=headers)).json()
    assert archived["closed_at"] == closed["closed_at"] is not None


async def test_another_organizations_job_is_missing(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    for actor, status in ((crew.stranger, 404), (crew.candidate, 403), (crew.superuser, 200)):
        answer = await client.get(f"{INSIGHTS}/{job_id}", headers=actor.headers)
        assert answer.status_code == status, actor
