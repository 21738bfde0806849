"""The public list is written by hand for speed: it must say what the document says, to whom it may."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.jobs.listing import statement_of
from app.jobs.schemas import JobPage, ListedJob
from app.jobs.statements import Direction
from tests.jobs.samples import JOBS, make_job
from tests.people import API, Crew


async def test_the_list_is_what_the_document_shows(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """The same fields in the same order and spelling as the model would write them."""
    await make_job(database, crew, expires_at=now() + timedelta(days=2), salary_min=None)
    await make_job(database, crew, title="Rédactrice « élan »", skills=[], language="fr")
    for query in ("", "?facets=true&count=true", "?limit=1"):
        for headers in ({}, crew.candidate.headers):
            answer = await client.get(f"{JOBS}{query}", headers=headers)
            written = JobPage.model_validate(answer.json()).model_dump_json()
            assert answer.text == json.dumps(
                json.loads(written), ensure_ascii=False, separators=(",", ":")
            )


async def test_one_job_is_what_the_document_shows(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """Published and drafts alike, which come by different ways."""
    for status in ("active", "draft"):
        job = await make_job(database, crew, status=status, salary_min=None, location="Orléans")
        answer = await client.get(f"{JOBS}/{job}", headers=crew.employer.headers)
        written = ListedJob.model_validate(answer.json()).model_dump_json()
        assert answer.text == json.dumps(
            json.loads(written), ensure_ascii=False, separators=(",", ":")
        )


async def test_whoever_asks_sees_their_own_applications_alone(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    applied, other = [await make_job(database, crew, title=title) for title in ("One", "Two")]
    body = {"job_id": str(applied)}
    made = await client.post(f"{API}/applications", json=body, headers=crew.candidate.headers)
    assert made.status_code == 201, made.text
    for headers, expected in (
        (crew.candidate.headers, {True, False}),
        (crew.stranger.headers, {False}),
        (crew.employer.headers, {False}),
        ({}, {None}),
    ):
        answer = (await client.get(JOBS, headers=headers)).json()
        seen = {job["id"]: job["has_applied"] for job in answer["results"]}
        assert seen[str(applied)] in expected
        assert set(seen.values()) == expected
        assert seen[str(other)] is (None if not headers else False)


async def test_the_function_has_the_eyes_of_whom_it_is_asked_about(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """It tells of one person, and leaves row-level security as it stands for all else."""
    job = await make_job(database, crew)
    body = {"job_id": str(job)}
    await client.post(f"{API}/applications", json=body, headers=crew.candidate.headers)
    async with database.glance() as connection:
        ask = "SELECT applied_among($1, ARRAY[$2::uuid])"
        assert await connection.fetchval(ask, crew.stranger.id, job) == []
        assert await connection.fetchval("SELECT count(*) FROM applications") == 0
        assert await connection.fetchval(ask, crew.candidate.id, job) == [job]
    async with database.read(Scope.public()) as session:
        seen = await session.execute(text("SELECT count(*) FROM applications"))
        assert seen.scalar_one() == 0


@pytest.mark.parametrize("filters", ["", "&location=lyon&job_type=full_time&salary_min=10"])
async def test_pages_forth_and_back(
    client: httpx.AsyncClient, database: Database, crew: Crew, filters: str
) -> None:
    moment = now()
    made = [
        await make_job(database, crew, title=f"{at}", posted_at=moment - timedelta(minutes=at // 2))
        for at in range(7)
    ]
    forth: list[str] = []
    address, page = f"{JOBS}?limit=3{filters}", dict[str, Any]()
    while address:
        page = (await client.get(address, headers=crew.candidate.headers)).json()
        forth += [job["id"] for job in page["results"]]
        address = page["next"]
    assert set(forth) == {str(job) for job in made}
    assert len(forth) == 7
    back = (await client.get(page["previous"])).json()
    assert [job["id"] for job in back["results"]] == forth[3:6]
    first = (await client.get(back["previous"])).json()
    assert [job["id"] for job in first["results"]] == forth[:3]
    assert first["previous"] is None


@pytest.mark.parametrize("direction", ["forward", "backward"])
async def test_a_page_begins_in_the_index_wherever_that_is(
    database: Database, direction: Direction
) -> None:
    """A filter in its place walks over all pages before, and nobody sees it in a small table."""
    sql = statement_of(frozenset(), direction, of_somebody=False, most=21).sql
    async with database.bulk(Scope.public(), read_only=True) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = await connection.fetch(f"EXPLAIN {sql}", now(), new_id())
    assert any("Index Cond: (ROW(posted_at, id)" in line for (line,) in plan)
