"""What drawn requests have found, each kept as a small case of its own."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from app.core.db import Database, Scope
from app.core.schema import Moment
from app.main import Intake
from app.resumes import service
from app.storage.service import FileAway
from tests.people import API, Crew
from tests.resumes.samples import make_resume

NO_TIMES = ("0.5", "86400", "now", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize(
    "path",
    [
        "/jobs?posted_after={}",
        "/interviews?to={}",
        "/interviews/mine?from={}",
        "/audit?from={}",
        "/claims/csv-jobs?created_after={}",
    ],
)
async def test_a_time_is_written_as_one(client: httpx.AsyncClient, crew: Crew, path: str) -> None:
    """No seconds since 1970, and none that another time zone would push out of the calendar."""
    for time in NO_TIMES:
        asked = API + path.format(time.replace("+", "%2B"))
        answer = await client.get(asked, headers=crew.admin.headers)
        assert answer.status_code == 422, f"{asked}: {answer.status_code}"
        with pytest.raises(ValidationError):
            TypeAdapter(Moment).validate_python(time)
    day = await client.get(f"{API}/optimus/dashboard?from=86400", headers=crew.admin.headers)
    assert day.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/users/me", "DELETE, GET, HEAD"),
        ("PATCH", "/interviews/mine", "GET, HEAD"),
        ("PUT", "/applications/bulk-move", "POST"),
        ("GET", "/organizations/me/logo", "DELETE, POST"),
        ("OPTIONS", "/jobs/search", "GET, HEAD"),
    ],
)
async def test_a_name_is_no_id_of_its_neighbour(
    client: httpx.AsyncClient, crew: Crew, method: str, path: str, allowed: str
) -> None:
    """A path that has a meaning of its own says which methods it knows, whatever is beside it."""
    answer = await client.request(method, API + path, headers=crew.admin.headers)
    assert answer.status_code == 405, answer.text
    assert answer.headers["allow"] == allowed


async def test_a_public_name_says_its_methods_to_nobody_in_particular(
    client: httpx.AsyncClient,
) -> None:
    """PATCH /interviews/{id} wants a token, but what is meant here is its neighbour, which wants none."""
    answer = await client.patch(f"{API}/interviews/preview")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    answer = await client.patch(f"{API}/interviews/00000000-0000-7000-8000-000000000000")
    assert answer.status_code == 401


def test_the_document_tells_what_members_are_told(app: Intake) -> None:
    """Whatever reads X-Organization may answer that it needs one."""
    operation = app.openapi()["paths"][f"{API}/claims/bulk/template"]["get"]
    codes = operation["responses"]["403"]["content"]["application/problem+json"]["schema"]
    assert {"organization.required", "organization.ambiguous"} <= set(
        codes["allOf"][1]["properties"]["code"]["enum"]
    )


def test_the_document_names_the_types_of_resumes(app: Intake) -> None:
    operation = app.openapi()["paths"][f"{API}/resumes/{{resume_id}}/file"]["get"]
    assert {"application/pdf", "text/plain"} <= set(operation["responses"]["200"]["content"])


def test_bounds_are_said_in_the_words_of_the_document(app: Intake) -> None:
    """A bound laid over another one would stand there as Python's word, which no client reads."""
    told = json.dumps(app.openapi()["components"]["schemas"])
    words = {"ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of"}
    assert [word for word in words if f'"{word}":' in told] == []


async def test_a_resume_removed_while_it_is_asked_for_is_gone_and_not_away(
    client: httpx.AsyncClient, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume_id = await make_resume(database, crew)

    async def removed(*_: Any) -> AsyncIterator[bytes]:
        async with database.write(Scope.system()) as session:
            await service.remove(session, owner_id=crew.candidate.id, resume_id=resume_id)
        raise FileAway
        yield b""

    monkeypatch.setattr("app.resumes.routes.storage.pieces", removed)
    answer = await client.get(f"{API}/resumes/{resume_id}/file", headers=crew.candidate.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "resumes.not_found")
