"""Every handler is made to fail in a way that nobody foresaw."""

import re
from typing import Any

import httpx
import pytest
from fastapi import routing

from app.main import Intake
from tests.access.line import Line
from tests.access.policy import LINES
from tests.conftest import ORIGIN
from tests.people import API, Crew

SECRET = "SELECT Zebulon FROM patients -- hunter2"


async def raise_unforeseen(**_: Any) -> None:
    """In the place of any handler."""
    raise RuntimeError(SECRET)


async def test_every_handler_that_fails_answers_with_a_problem(
    client: httpx.AsyncClient, app: Intake, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CORS, the request's id and a problem on every 500, and nothing of the exception."""
    monkeypatch.setattr(routing, "run_endpoint_function", raise_unforeseen)
    failed = 0
    for line in LINES:
        answer = await _ask(client, line, crew)
        if answer.status_code != 500:
            # A dependency said no first, as for a provider that is not set up.
            assert answer.status_code < 500 or answer.json()["code"].endswith("not_configured")
            continue
        failed += 1
        assert answer.headers["access-control-allow-origin"] == ORIGIN, line.name
        assert answer.headers["content-type"] == "application/problem+json", line.name
        assert answer.json()["request_id"] == answer.headers["x-request-id"], line.name
        assert answer.json()["code"] == "http.internal", line.name
        assert not re.search(r"Zebulon|hunter2|SELECT|Traceback|/app/", answer.text), line.name
    assert failed > 100


async def _ask(client: httpx.AsyncClient, line: Line, crew: Crew) -> httpx.Response:
    known = {"practice_id": "1", "provider": "outlook", "kind": "x", "language": "fr"}
    names = re.findall(r"\{(\w+)\}", line.path)
    places = {name: known.get(name, str(crew.organization_id)) for name in names}
    who = "superuser" if "users" in line.path else "admin"
    return await client.request(
        line.method,
        API + line.path.format(**places),
        json=line.json,
        data=line.data,
        files=line.files,
        headers={**crew.headers(who), "Origin": ORIGIN},
    )
