"""Every naughty text in every field and every query: refused or kept, and never a failure of ours.

Drawn requests mix many things; this goes through each text in each place. `./scripts/scorecard 23`.
"""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text as sql

from app.core.db import Database, Scope
from app.main import Intake
from tests.access.line import Line
from tests.access.policy import LINES
from tests.fuzz.naughty import LONE, NAUGHTY, NUMBERS
from tests.people import API, Crew

wanted = pytest.mark.skipif(not os.environ.get("INTAKE_PROOF"), reason="./scripts/scorecard 23")
TEXTS = [*NAUGHTY, *LONE]


def query_names(app: Intake, line: Line) -> list[str]:
    """The parameters behind `?` that the document names for a line's route."""
    path = API + line.path.partition("?")[0]
    operation = app.openapi()["paths"].get(path, {}).get(line.method.lower(), {})
    return [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]


def bodies(line: Line) -> Iterator[dict[str, Any]]:
    """The line's body with each of its values replaced, one after the other."""
    for body in filter(None, (line.json, dict(line.data or {}))):
        for name in body:
            for text in TEXTS:
                yield {**body, name: text}
            for number in NUMBERS if body is line.json else ():
                yield {**body, name: number}


@wanted
@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
async def test_no_text_breaks_a_field_or_a_query(
    client: httpx.AsyncClient,
    app: Intake,
    database: Database,
    crew: Crew,
    line: Line,
    record_property: Callable[[str, object], None],
) -> None:
    async with database.write(Scope.system()) as session:
        # What is refused by its form alone leaves the transaction of this test idle for long.
        await session.execute(sql("SET LOCAL idle_in_transaction_session_timeout = 0"))
    places = {"user_id": str(crew.employer.id), "organization_id": str(crew.organization_id)}
    if line.prepare is not None:
        places |= await line.prepare(database, crew)
    path = API + line.path.format(**places)
    asked = 0
    for body in bodies(line):
        if line.json is not None:
            # ASCII, so that half a character travels as the escape that JSON has for it.
            sent: dict[str, Any] = {"content": json.dumps(body).encode()}
            sent["headers"] = {**crew.admin.headers, "Content-Type": "application/json"}
        else:
            form = {name: str(text).encode("utf-8", "replace") for name, text in body.items()}
            sent = {"data": form, "files": line.files, "headers": crew.admin.headers}
        _not_ours(await client.request(line.method, path, **sent), line, body)
        asked += 1
    for name in query_names(app, line):
        for text in NAUGHTY:
            answer = await client.request(
                line.method,
                path,
                params={name: text},
                json=line.json,
                data=line.data,
                files=line.files,
                headers=crew.admin.headers,
            )
            _not_ours(answer, line, {name: text})
            asked += 1
    record_property("asked", asked)


def _not_ours(answer: httpx.Response, line: Line, sent: Any) -> None:
    said = {503} if "not_configured" in answer.text else set()
    assert answer.status_code < 500 or answer.status_code in said, f"{line.name} {sent!r:.300}"
