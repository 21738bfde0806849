"""The limit: one route of bare Starlette over asyncpg and a fast encoder. Nobody is asked who they are.

Runs in the product's own environment: uvicorn scripts.bench.peers.limit:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

COLUMNS: Final = (
    "id, title, company, organization_id, location, location_type, job_type, experience_level,"
    " description, requirements, skills, salary_min, salary_max, currency, language, status,"
    " posted_by, posted_at, expires_at, applications_count, views_count, created_at, updated_at"
)
_NEWEST: Final = f"SELECT {COLUMNS} FROM open_jobs ORDER BY posted_at DESC, id DESC LIMIT 20"  # noqa: S608 - only constants.


class Job(msgspec.Struct):
    """A row as it goes out."""

    id: UUID
    title: str
    company: str
    organization_id: UUID
    location: str
    location_type: str
    job_type: str
    experience_level: str
    description: str
    requirements: str
    skills: list[str]
    salary_min: int | None
    salary_max: int | None
    currency: str
    language: str
    status: str
    posted_by: UUID | None
    posted_at: datetime
    expires_at: datetime | None
    applications_count: int
    views_count: int
    created_at: datetime
    updated_at: datetime


_encode = msgspec.json.Encoder().encode


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8) as pool:
        app.state.pool = pool
        yield


async def _jobs(request: Request) -> Response:
    rows = await request.app.state.pool.fetch(_NEWEST)
    return Response(_encode([Job(*row) for row in rows]), media_type="application/json")


app = Starlette(routes=[Route("/jobs", _jobs)], lifespan=_lifespan)
