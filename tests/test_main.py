"""The whole application, put together as in production."""

import asyncio
import os
import socket
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from redis.asyncio import Redis

from app.core.limiter import NoLimits, WindowLimiter
from app.core.openapi import settings_for_document
from app.core.processes import PROCESS_INDEX
from app.core.state import open_services
from app.core.version import release
from app.main import Intake, create_app

ORIGIN = "https://front.example"


PROBES = ("/health", "/readyz", "/api/v1/health")
RECORD_OF_API = "intake:process:api:{host}:{pid}"


def probes() -> list[tuple[str, str]]:
    """Every method and path, with something in the place of its parameters."""
    found = []
    for route in iter_route_contexts(create_app(settings_for_document()).routes):
        path = (route.path or "").replace("{code}", "http.not_found")
        for name in ("{", "}"):
            path = path.replace(name, "")
        found += [(method, path) for method in sorted(route.methods or ())]
    # Pages answer strangers with pages: tests/console.
    return [(method, path) for method, path in found if not path.startswith("/console")]


@pytest.mark.parametrize(("method", "path"), probes())
async def test_each_route_answers_in_both_forms_with_all_headers(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    """No redirect, no 500; a refusal is a problem, for a stranger too."""
    statuses = set()
    for form in (path, f"{path}/"):
        answer = await client.request(method, form, headers={"Origin": ORIGIN})
        statuses.add(answer.status_code)
        assert answer.status_code != 500
        assert not answer.is_redirect
        assert answer.headers["x-request-id"]
        assert answer.headers["x-release"] == release().short
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        if answer.status_code >= 400 and not path.startswith(PROBES):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
    # The probes say what they find within a second, and a busy machine's answer changes.
    assert len(statuses) == 1 or path.startswith(PROBES)


async def own_records(redis: Redis) -> list[bytes | str]:
    """This process's names in the index; workers of other tests may still stand there."""
    own = RECORD_OF_API.format(host=socket.gethostname(), pid=os.getpid()).encode()
    return [name for name in await redis.smembers(PROCESS_INDEX) if name == own]


async def test_the_process_registers_while_it_serves(app: Intake, settings: Any) -> None:
    """And takes its record away when it stops."""
    async with app.router.lifespan_context(app):
        redis = app.state.services.redis
        async with asyncio.timeout(60):
            while not await own_records(redis):  # noqa: ASYNC110 - nothing tells when.
                await asyncio.sleep(0.02)
        closing = app.state.services.closing
        assert not closing.is_set()
    assert closing.is_set()
    async with open_services(settings) as services:
        assert not await own_records(services.redis)


async def test_rate_limits_follow_the_setting(settings: Any) -> None:
    """Off counts nothing, on counts in Redis."""
    async with open_services(settings) as services:
        assert isinstance(services.limiter, NoLimits)
    limited = settings.model_copy(
        update={"limits": settings.limits.model_copy(update={"rate_limits": "on"})}
    )
    async with open_services(limited) as services:
        assert isinstance(services.limiter, WindowLimiter)
