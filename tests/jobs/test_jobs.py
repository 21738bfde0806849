"""A job's life over the API: posted, changed, closed, expired, archived."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.core.clock import now
from app.core.db import Database, Scope
from app.jobs.models import Job
from app.jobs.service import NEXT
from app.jobs.tasks import close_expired
from app.worker.registry import TaskContext
from tests.jobs.samples import JOB, JOBS, make_job
from tests.people import API, Actor, Crew


async def post(client: httpx.AsyncClient, actor: Actor, **changes: Any) -> httpx.Response:
    return await client.post(f"{JOBS}/", json=JOB | changes, headers=actor.headers)


async def test_a_job(client: httpx.AsyncClient, crew: Crew) -> None:
    made = await post(client, crew.employer)
    assert made.status_code == 201, made.text
    job = made.json()
    assert job | JOB == job
    assert (job["company"], job["status"], job["language"]) == ("Northwind", "active", "en")
    assert job["posted_by"] == str(crew.employer.id)
    assert job["organization_id"] == str(crew.organization_id)
    assert job["posted_at"].endswith("Z")
    assert (job["applications_count"], job["expires_at"]) == (0, None)
    assert made.headers["location"] == f"{JOBS}/{job['id']}"
    for headers in ({}, crew.stranger.headers):
        seen = await client.get(made.headers["location"] + "/", headers=headers)
        assert {name: seen.json()[name] for name in job} == job
        halves = [one.headers["etag"].partition("-") for one in (seen, made)]
        assert halves[0][0] == halves[1][0]
        # What a stranger read is not what the same browser sees once somebody has signed in.
        assert (halves[0] == halves[1]) is bool(headers)
        assert seen.json()["has_applied"] is (False if headers else None)


async def test_the_least_that_makes_a_job(client: httpx.AsyncClient, crew: Crew) -> None:
    made = await client.post(
        JOBS, json={"title": "Rédactrice", "description": "x"}, headers=crew.admin.headers
    )
    assert made.status_code == 201, made.text
    job = made.json()
    assert job["skills"] == []
    assert (job["location"], job["location_type"], job["job_type"]) == ("", "on_site", "full_time")
    assert (job["experience_level"], job["salary_min"], job["currency"]) == ("mid", None, "USD")


async def test_a_draft_is_seen_inside_alone(client: httpx.AsyncClient, crew: Crew) -> None:
    made = (await post(client, crew.employer, status="draft")).json()
    assert made["posted_at"] is None
    place = f"{JOBS}/{made['id']}"
    missing = f"{JOBS}/00000000-0000-7000-8000-000000000000"
    for headers in ({}, crew.stranger.headers, crew.candidate.headers):
        hidden, absent = [await client.get(url, headers=headers) for url in (place, missing)]
        assert hidden.status_code == absent.status_code == 404
        own = ("instance", "request_id")
        assert {k: v for k, v in hidden.json().items() if k not in own} == {
            k: v for k, v in absent.json().items() if k not in own
        }
    assert (await client.get(JOBS)).json()["results"] == []
    mine = await client.get(f"{JOBS}/my-jobs/", headers=crew.employer.headers)
    assert [job["id"] for job in mine.json()["results"]] == [made["id"]]
    published = await client.patch(place, json={"status": "active"}, headers=crew.admin.headers)
    assert published.json()["posted_at"] is not None
    assert (await client.get(place)).status_code == 200
    # The admin has posted none of their own.
    assert (await client.get(f"{JOBS}/my-jobs", headers=crew.admin.headers)).json()["results"] == []


@pytest.mark.parametrize("present", NEXT)
async def test_moves(
    client: httpx.AsyncClient, database: Database, crew: Crew, present: str
) -> None:
    for wanted in NEXT:
        job_id = await make_job(database, crew, status=present)
        answer = await client.patch(
            f"{JOBS}/{job_id}", json={"status": wanted}, headers=crew.employer.headers
        )
        allowed = wanted == present or wanted in NEXT[present]
        assert answer.status_code == (200 if allowed else 409), (present, wanted)
        if not allowed:
            assert answer.json()["code"] == "jobs.transition"


async def test_replacing_changing_and_taking_away(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew, status="closed", company="Brand")
    place, headers = f"{JOBS}/{job_id}", crew.employer.headers
    changed = await client.patch(
        place,
        json={"salary_max": None, "title": None, "skills": ["SQL", "sql ", "R"]},
        headers=headers,
    )
    assert changed.json()["salary_max"] is None
    assert changed.json()["title"] == JOB["title"]
    assert changed.json()["skills"] == ["SQL", "R"]
    replaced = await client.put(
        place, json={"title": "Analyst", "description": "y"}, headers=headers
    )
    assert replaced.status_code == 200, replaced.text
    job = replaced.json()
    assert (job["title"], job["skills"], job["salary_min"]) == ("Analyst", [], None)
    # What was not sent in a whole replacement is what a new job would have, but for the status.
    assert (job["status"], job["company"], job["location"]) == ("closed", "Northwind", "")


async def test_a_stale_change_is_refused(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{JOBS}/{await make_job(database, crew)}"
    seen = await client.get(place)
    headers = crew.employer.headers | {"If-Match": seen.headers["etag"]}
    assert (await client.patch(place, json={"title": "A"}, headers=headers)).status_code == 200
    late = await client.patch(place, json={"title": "B"}, headers=headers)
    assert (late.status_code, (await client.get(place)).json()["title"]) == (412, "A")
    again = await client.get(place, headers={"If-None-Match": seen.headers["etag"]})
    assert again.status_code == 200
    same = await client.get(place, headers={"If-None-Match": again.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_readers_make_no_change_stale_and_see_their_own_mark_at_once(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """Who looks and applies moves counters; the content that If-Match means is the same."""
    job_id = await make_job(database, crew)
    place, reader = f"{JOBS}/{job_id}", crew.candidate.headers
    seen = await client.get(place, headers=reader)
    tag = seen.headers["etag"]
    applied = await client.post(f"{API}/applications", json={"job_id": str(job_id)}, headers=reader)
    assert applied.status_code == 201, applied.text
    async with database.write(Scope.system()) as session:
        # As if somebody else had gone at the same moment: all that is left is the reader's mark.
        await session.execute(update(Job).values(applications_count=0, updated_at=Job.updated_at))
    again = await client.get(place, headers=reader | {"If-None-Match": tag})
    assert (again.status_code, again.json()["has_applied"]) == (200, True)
    async with database.write(Scope.system()) as session:
        await session.execute(update(Job).values(views_count=7, updated_at=Job.updated_at))
    viewed = await client.get(place, headers={"If-None-Match": again.headers["etag"]} | reader)
    assert (viewed.status_code, viewed.json()["views_count"]) == (200, 7)
    for header, status in (('"x-1", *', 412), (tag.partition("-")[0] + '"', 412), (tag, 200)):
        headers = crew.employer.headers | {"If-Match": header}
        changed = await client.patch(place, json={"title": "A"}, headers=headers)
        assert changed.status_code == status


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"salary_min": 3, "salary_max": 2}, "jobs.salary_range"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "jobs.expires_in_the_past"),
        ({"expires_at": "2099-01-01T00:00:00"}, "http.invalid"),
        ({"title": " "}, "http.invalid"),
        ({"title": "two\nlines"}, "http.invalid"),
        ({"description": "nul\0"}, "http.invalid"),
        ({"location_type": "moon"}, "http.invalid"),
        ({"currency": "euro"}, "http.invalid"),
        ({"salary_min": -1}, "http.invalid"),
        ({"salary_max": 2**31}, "http.invalid"),
        ({"skills": ["x"] * 101}, "http.invalid"),
        ({"posted_by": "00000000-0000-7000-8000-000000000000"}, "http.invalid"),
        ({"applications_count": 7}, "http.invalid"),
    ],
)
async def test_values_that_are_refused(
    client: httpx.AsyncClient, crew: Crew, changes: dict[str, Any], code: str
) -> None:
    refused = await post(client, crew.employer, **changes)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await client.get(JOBS)).json()["results"] == []


async def test_deleting_archives_and_repeats(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{JOBS}/{await make_job(database, crew)}"
    for _ in range(2):
        gone = await client.delete(place, headers=crew.employer.headers)
        assert (gone.status_code, gone.json()["status"]) == (200, "archived")
    assert (await client.get(JOBS)).json()["results"] == []
    assert (await client.get(place)).json()["status"] == "archived"


async def test_a_key_posts_once(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = crew.employer.headers | {"Idempotency-Key": "one-job"}
    first, second = [await client.post(JOBS, json=JOB, headers=headers) for _ in range(2)]
    assert first.json() == second.json()
    assert len((await client.get(JOBS)).json()["results"]) == 1


async def test_what_is_over_is_left_out_at_once_and_closed_soon(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    kept = await make_job(database, crew, expires_at=now() + timedelta(days=1))
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Job).where(Job.id == job_id).values(expires_at=now() - timedelta(seconds=1))
        )
    assert [job["id"] for job in (await client.get(JOBS)).json()["results"]] == [str(kept)]
    for _ in range(2):
        await close_expired(context)
        assert (await client.get(f"{JOBS}/{job_id}")).json()["status"] == "closed"
    reopened = await client.patch(
        f"{JOBS}/{job_id}", json={"status": "active"}, headers=crew.employer.headers
    )
    assert reopened.json()["code"] == "jobs.expires_in_the_past"
    reopened = await client.patch(
        f"{JOBS}/{job_id}",
        json={"status": "active", "expires_at": None},
        headers=crew.employer.headers,
    )
    assert reopened.status_code == 200
