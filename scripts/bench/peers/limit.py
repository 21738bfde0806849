"""The limit: bare Starlette over asyncpg and a fast encoder. Nobody is asked who they are, nothing is
counted, noted or limited. A login is the hash of Intake's own strength and a signed token.

Runs in the product's own environment: uvicorn scripts.bench.peers.limit:app
"""

import asyncio
import hashlib
import hmac
import json
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from argon2 import PasswordHasher
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

_ONE: Final = f"SELECT {COLUMNS} FROM open_jobs WHERE id = $1"  # noqa: S608 - the same.
_FOUND: Final = (
    f"SELECT {COLUMNS} FROM jobs, websearch_to_tsquery('public.intake_english', $1) AS asked"  # noqa: S608 - the same.
    " WHERE status = 'active' AND search @@ asked"
    " ORDER BY ts_rank(search, asked) DESC, posted_at DESC LIMIT 20"
)
_PASSWORD: Final = "SELECT id, password_hash FROM users WHERE email = $1"  # noqa: S105 - a statement.
_SECRET: Final = os.environ["PEER_SECRET"].encode()
_hasher = PasswordHasher()


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


async def _job(request: Request) -> Response:
    row = await request.app.state.pool.fetchrow(_ONE, request.path_params["id"])
    return Response(_encode(Job(*row)), media_type="application/json")


async def _search(request: Request) -> Response:
    rows = await request.app.state.pool.fetch(_FOUND, request.query_params["query"])
    return Response(_encode([Job(*row) for row in rows]), media_type="application/json")


async def _login(request: Request) -> Response:
    form = await request.form()
    row = await request.app.state.pool.fetchrow(_PASSWORD, form["username"])
    # The stored hash tells how strong it is.
    await asyncio.to_thread(_hasher.verify, row["password_hash"], str(form["password"]))
    claims = {"sub": str(row["id"]), "exp": int(time.time()) + 3600}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    digest = urlsafe_b64encode(hmac.new(_SECRET, signed, hashlib.sha256).digest()).rstrip(b"=")
    return Response(_encode({"access_token": b".".join((signed, digest)).decode()}))


app = Starlette(
    routes=[
        Route("/jobs", _jobs),
        Route("/jobs/search", _search),
        Route("/jobs/{id:uuid}", _job),
        Route("/login", _login, methods=["POST"]),
    ],
    lifespan=_lifespan,
)
