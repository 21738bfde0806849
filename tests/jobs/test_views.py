"""Reads are counted once a minute, and not those of the employer."""

import httpx

from app.core.db import Database
from app.jobs.tasks import count_views
from app.worker.registry import TaskContext
from tests.jobs.samples import JOBS, make_job
from tests.people import Crew


async def test_views(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    place = f"{JOBS}/{await make_job(database, crew)}"
    for headers in ({}, {}, crew.candidate.headers, crew.employer.headers):
        assert (await client.get(place, headers=headers)).json()["views_count"] == 0
    for _ in range(2):
        await count_views(context)
        assert (await client.get(place, headers=crew.employer.headers)).json()["views_count"] == 3
