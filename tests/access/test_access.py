"""Every route against every kind of caller, from the table in policy.py."""

import re

import httpx
import pytest

from app.core.db import Database
from app.main import Intake
from tests.access.line import CALLERS, Line
from tests.access.policy import LINES
from tests.people import API, Crew

METHODS = {"get", "put", "post", "delete", "patch"}


def _turns(line: Line) -> list[tuple[str, ...]]:
    """Who asks one after the other over the same rows: those whom nothing that another did can touch.

    A reader changes nothing, nor does a caller who is refused; every other change has rows of its own.
    """
    if line.method == "GET":
        return [CALLERS]
    refused = tuple(caller for caller in CALLERS if line.expected[caller] >= 400)
    return [*filter(None, [refused]), *((caller,) for caller in CALLERS if caller not in refused)]


CASES = [(line, callers) for line in LINES for callers in _turns(line)]


@pytest.mark.parametrize(
    ("line", "callers"), CASES, ids=[f"{line.name} {' '.join(callers)}" for line, callers in CASES]
)
async def test_callers_get_what_the_table_says(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    line: Line,
    callers: tuple[str, ...],
) -> None:
    places = {"user_id": str(crew.employer.id), "organization_id": str(crew.organization_id)}
    if line.prepare is not None:
        places |= await line.prepare(database, crew)
    for caller in callers:
        answer = await client.request(
            line.method,
            API + line.path.format(**places),
            json=line.json,
            data=line.data,
            files=line.files,
            headers=crew.headers(caller),
        )
        assert answer.status_code == line.expected[caller], (caller, answer.text)
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"] == "Bearer"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def test_every_route_has_a_line(app: Intake) -> None:
    routes = {
        (method.upper(), _shape(path.removeprefix(API)))
        for path, item in app.openapi()["paths"].items()
        if path.startswith(API)
        for method in METHODS & item.keys()
    }
    lines = {(line.method, _shape(line.path.partition("?")[0])) for line in LINES}
    assert routes - lines == set(), "add a line to tests/access/policy.py"
    assert lines - routes == set(), "these lines have no route any more"
    assert len(lines) == len(LINES)
