"""One job in numbers."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import insert

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.optimus.counting import Field
from app.optimus.queries import offers
from app.optimus.ranges import Range
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


async def test_nobody_counts_anothers_skills(database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew)
    resume_id = await with_skills(database, crew.candidate.id, "Python")
    await make_application(database, crew, job_id, resume_id=resume_id)
    ours, theirs = crew.organization_id, crew.stranger.organization_id
    assert theirs is not None
    nothing: tuple[int, dict[str, int]] = (0, {})
    counted = (1, {key_of("Python"): 1})
    for scope, field, seen in (
        (Scope.tenant(ours), Field(ours), counted),
        (Scope.tenant(ours), Field(job_id=job_id), counted),
        (Scope.system(), Field(), counted),
        (Scope.tenant(theirs), Field(ours), nothing),
        (Scope.tenant(theirs), Field(job_id=job_id), nothing),
        (Scope.tenant(theirs), Field(), nothing),
        (Scope.person(crew.candidate.id), Field(ours), nothing),
        (Scope.public(), Field(), nothing),
    ):
        async with database.read(scope) as session:
            assert await offers(session, field, None, [key_of("Python")]) == seen


async def test_a_job_in_a_range_of_days(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew, skills=["Python"])
    made = letters(4, [job_id], 80, now())
    await keep(database, crew.organization_id, made)
    resume_id = await with_skills(database, crew.candidate.id, "Python")
    await make_application(
        database, crew, job_id, resume_id=resume_id, created_at=now() - timedelta(days=40)
    )
    place, headers = f"{INSIGHTS}/{job_id}", crew.employer.headers
    today = now().astimezone(ZoneInfo("Asia/Kathmandu")).date()
    during = Range(today - timedelta(days=20), today, ZoneInfo("Asia/Kathmandu"))
    query = {"from": str(during.first), "timezone": "Asia/Kathmandu"}
    seen = (await client.get(place, headers=headers, params=query)).json()
    before = during.previous()
    ours = [one for one in made if during.begins <= one.at < during.ends]
    earlier = sum(before.begins <= one.at < before.ends for one in made) + 1
    assert seen["period"] == {"from": str(during.first), "to": str(during.last)}
    assert seen["previous_period"]["to"] == str(before.last)
    assert seen["timezone"] == "Asia/Kathmandu"
    totals = seen["totals"]["applications"]
    assert (totals["value"], totals["previous"]) == (len(ours), earlier)
    assert (seen["applicants"], seen["funnel"][0]["count"]) == (len(ours), len(ours))
    assert seen["scores"]["scored"] == sum(one.score is not None for one in ours)
    assert sum(one["applications"] for one in seen["sources"]) == len(ours)
    assert seen["skills"]["applicants_read"] == 0
    hired = [at for one in made if (at := one.moment("accepted")) is not None]
    present = sum(during.begins <= at < during.ends for at in hired)
    assert seen["time_to_hire"]["count"] == seen["totals"]["hires"]["value"] == present
    whole = (await client.get(place, headers=headers)).json()
    assert (whole["applicants"], whole["period"], whole["totals"]) == (81, None, None)
    wrong = await client.get(
        place, headers=headers, params={"from": "2026-02-01", "to": "2026-01-01"}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "optimus.range")


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
