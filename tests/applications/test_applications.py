"""Applying, moving, reading: by whom, how often, and what each side sees."""

import asyncio
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.applications.moves import ALLOWED, ENDED, STAGES, STATUSES
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.main import create_app
from tests.applications.samples import make_application
from tests.conftest import Stage, running
from tests.jobs.samples import JOBS, make_job
from tests.people import API, Actor, Crew, make_actor, make_crew

APPLICATIONS = f"{API}/applications"
EMPLOYERS = {"notes", "rating", "tags", "score", "candidate_email"}


async def apply(
    client: httpx.AsyncClient, actor: Actor, job_id: UUID, **fields: Any
) -> httpx.Response:
    body = {"job_id": str(job_id), **fields}
    return await client.post(f"{APPLICATIONS}/", json=body, headers=actor.headers)


async def test_an_application(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew)
    made = await apply(client, crew.candidate, job_id, cover_letter="Dear all", source="linkedin")
    assert made.status_code == 201, made.text
    mine = made.json()
    assert (mine["status"], mine["job_title"], mine["source"]) == (
        "applied",
        "Data Engineer",
        "linkedin",
    )
    assert [(move["from"], move["to"]) for move in mine["history"]] == [(None, "applied")]
    assert not EMPLOYERS & mine.keys()
    place = f"{APPLICATIONS}/{mine['id']}"
    assert made.headers["location"] == place
    moved = await client.put(
        place,
        json={"status": "interview", "notes": "calm", "rating": 4, "tags": ["sql"], "note": "good"},
        headers=crew.employer.headers,
    )
    assert moved.status_code == 200, moved.text
    seen = moved.json()
    assert (seen["notes"], seen["rating"], seen["tags"], seen["score"]) == (
        "calm",
        4,
        ["sql"],
        None,
    )
    assert seen["candidate_name"] == "Candidate"
    step = seen["history"][-1]
    assert (step["from"], step["to"], step["note"]) == ("applied", "interview", "good")
    assert step["by"] == str(crew.employer.id)
    own = (await client.get(place, headers=crew.candidate.headers)).json()
    assert own["status"] == "interview"
    assert not EMPLOYERS & own.keys()
    listed = await client.get(f"{APPLICATIONS}/my-applications/", headers=crew.candidate.headers)
    assert [one["id"] for one in listed.json()["results"]] == [mine["id"]]
    assert not EMPLOYERS & listed.json()["results"][0].keys()
    job = await client.get(f"{JOBS}/{job_id}", headers=crew.candidate.headers)
    assert (job.json()["applications_count"], job.json()["has_applied"]) == (1, True)


async def test_jobs_that_take_none(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    for status in ("closed", "archived"):
        refused = await apply(client, crew.candidate, await make_job(database, crew, status=status))
        assert (refused.status_code, refused.json()["code"]) == (409, "applications.job_closed")
    draft = await apply(client, crew.candidate, await make_job(database, crew, status="draft"))
    assert (draft.status_code, draft.json()["code"]) == (404, "jobs.not_found")
    strange = await apply(
        client,
        crew.candidate,
        await make_job(database, crew),
        resume_id="00000000-0000-7000-8000-000000000000",
    )
    assert (strange.status_code, strange.json()["code"]) == (422, "applications.resume_unknown")


async def test_the_same_job_twice(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id, _ = await make_application(database, crew)
    again = await apply(client, crew.candidate, job_id)
    assert (again.status_code, again.json()["code"]) == (409, "applications.duplicate")


async def test_many_at_once_make_one_and_one_of_them_changes_it(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)
    job_id = await make_job(stage.database, crew)
    async with running(create_app(stage.settings)) as client:
        answers = await asyncio.gather(*(apply(client, crew.candidate, job_id) for _ in range(12)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
        job = await client.get(f"{JOBS}/{job_id}")
        assert job.json()["applications_count"] == 1
        made = next(answer for answer in answers if answer.status_code == 201)
        place = made.headers["location"]
        seen = await client.get(place, headers=crew.employer.headers)
        headers = crew.employer.headers | {"If-Match": seen.headers["etag"]}
        changes = [client.put(place, json={"notes": f"{at}"}, headers=headers) for at in range(6)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*changes))
    assert statuses == [200] + [412] * 5


def test_the_table_of_moves() -> None:
    for at, stage in enumerate(STAGES):
        further = {*STAGES[at + 1 :], "rejected"} | ({"accepted"} if stage == "offer" else set())
        assert ALLOWED["employer"][stage] == further
        assert ALLOWED["applicant"][stage] == {"withdrawn"}
    assert not set(ENDED) & (ALLOWED["employer"].keys() | ALLOWED["applicant"].keys())


@pytest.mark.parametrize("present", STATUSES)
async def test_every_move_of_both_sides(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew, present: str
) -> None:
    for wanted, party in product(STATUSES, ALLOWED):
        async with database.write(Scope.system()) as session:
            person = await make_actor(session, settings, "somebody")
        _, application_id = await make_application(
            database, crew, candidate_id=person.id, status=present
        )
        who = crew.employer if party == "employer" else person
        answer = await client.put(
            f"{APPLICATIONS}/{application_id}", json={"status": wanted}, headers=who.headers
        )
        allowed = wanted == present or wanted in ALLOWED[party].get(present, ())
        assert answer.status_code == (200 if allowed else 409), (party, present, wanted)
        if not allowed:
            assert answer.json()["code"] == "applications.transition"


async def test_an_applicant_sets_nothing_of_the_employer(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    for field in ({"notes": "me"}, {"rating": 5}, {"tags": ["x"]}):
        refused = await client.put(
            f"{APPLICATIONS}/{application_id}", json=field, headers=crew.candidate.headers
        )
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "applications.employers_fields",
        )


async def test_lists_of_the_employer(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    made = {}
    async with database.write(Scope.system()) as session:
        people = [await make_actor(session, settings, f"person{at}") for at in range(4)]
    for person, score in zip(people, (None, 10.0, 90.5, 40.0), strict=True):
        _, made[score] = await make_application(
            database, crew, job_id, candidate_id=person.id, score=score
        )
    await make_application(database, crew, status="rejected")
    place, headers = f"{APPLICATIONS}/job/{job_id}", crew.employer.headers
    by_score = await client.get(f"{place}/?sort=score&limit=2", headers=headers)
    rest = await client.get(by_score.json()["next"], headers=headers)
    assert [one["score"] for page in (by_score, rest) for one in page.json()["results"]] == [
        90.5,
        40.0,
        10.0,
        None,
    ]
    newest = await client.get(place, headers=headers)
    assert [one["id"] for one in newest.json()["results"]] == [
        str(one) for one in reversed(made.values())
    ]
    none = await client.get(f"{place}?status=rejected", headers=headers)
    assert none.json()["results"] == []
    everything = await client.get(f"{APPLICATIONS}/", headers=crew.admin.headers)
    assert len(everything.json()["results"]) == 5
    somebody = people[0].id
    for query, number in (
        (f"job_id={job_id}", 4),
        ("status=rejected", 1),
        (f"candidate_id={somebody}", 1),
        (f"candidate_id={crew.stranger.id}", 0),
    ):
        some = await client.get(f"{APPLICATIONS}?{query}", headers=crew.admin.headers)
        assert len(some.json()["results"]) == number, query
    assert (await client.get(APPLICATIONS, headers=crew.stranger.headers)).json()["results"] == []


async def test_a_colleague_who_did_not_post_the_job(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id, application_id = await make_application(
        database, crew, await make_job(database, crew, posted_by=crew.admin.id)
    )
    for place in (f"{APPLICATIONS}/{application_id}", f"{APPLICATIONS}/job/{job_id}"):
        assert (await client.get(place, headers=crew.employer.headers)).status_code == 403
        assert (await client.get(place, headers=crew.admin.headers)).status_code == 200


async def test_foreign_and_missing_answer_alike(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    missing = UUID("00000000-0000-7000-8000-000000000000")
    answers = [
        (await client.get(f"{APPLICATIONS}/{one}", headers=crew.stranger.headers)).json()
        for one in (application_id, missing)
    ]
    for answer in answers:
        del answer["instance"], answer["request_id"]
    assert answers[0] == answers[1]


async def test_a_stale_move_is_refused(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place = f"{APPLICATIONS}/{application_id}"
    seen = await client.get(place, headers=crew.employer.headers)
    headers = crew.employer.headers | {"If-Match": seen.headers["etag"]}
    assert (await client.put(place, json={"rating": 3}, headers=headers)).status_code == 200
    late = await client.put(place, json={"rating": 1}, headers=headers)
    assert late.status_code == 412
