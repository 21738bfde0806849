"""Rules over every route of the application, so that a new one cannot forget them."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from app.core.limits import is_limited
from app.core.openapi import settings_for_document
from app.main import create_app

# Pages that cost nothing, and probes that an orchestrator asks all the time.
UNLIMITED = (
    "/docs",
    "/console/static",
    "/problems",
    "/openapi.json",
    "/health",
    "/livez",
    "/readyz",
    "/version",
    "/metrics",
    "/api/v1/health",
)


def routes() -> list[Any]:
    """Every route with its whole path and its dependencies."""
    return list(iter_route_contexts(create_app(settings_for_document()).routes))


def calls(dependant: Dependant) -> Iterator[Any]:
    """Every function that FastAPI calls for a route."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


@pytest.mark.parametrize(
    "route", routes(), ids=lambda route: f"{'-'.join(sorted(route.methods))}{route.path}"
)
def test_a_route_keeps_the_rules(route: Any) -> None:
    """No trailing slash, a limit or an exemption, no thread for a dependency."""
    assert not route.path.endswith("/")
    if not hasattr(route, "dependant"):
        return
    found = list(calls(route.dependant))
    assert any(map(is_limited, found)) or route.path.startswith(UNLIMITED)
    for call in found:
        work = call if inspect.isroutine(call) else type(call).__call__
        assert (
            inspect.iscoroutinefunction(work)
            or inspect.isasyncgenfunction(work)
            or inspect.isclass(call)
        ), f"{call} runs in a thread"
