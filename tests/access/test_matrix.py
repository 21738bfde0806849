"""What holds over the whole table of rights at once, and of the routes that stand outside it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import update

from app.accounts.models import User
from app.api import OLD_PREFIX
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.settings import Settings
from app.main import Intake
from tests.access.line import Line, Prepare
from tests.access.policy import LINES
from tests.people import API, Crew, make_actor

# For whoever watches the machines, and for people who look an error up; without any tenant's data.
PUBLIC = {
    *("/health", "/livez", "/readyz", "/version", "/metrics", f"{API}/health"),
    *("/docs", "/openapi.json", "/problems", "/problems/{code}"),
}
# Pages of the console that lead in, or hold no data: the page to sign in, and files of its own.
DOORS = re.compile(r"/console/(sign-in|welcome|sign-out|enter|language|static|assets)|^/docs/")
MISSING = {"integer": "2147483647", "uuid": "00000000-0000-7000-8000-0000000000ff"}

HIRING = {"jobs", "applications", "interviews", "optimus", "resumes"}
OF_EMPLOYERS = {
    # All applications of the organization are the admin's.
    "GET /applications": 403,
    # The person of the table's `{user_id}`, and the sign-in, are the employer's own.
    "GET /users/{user_id}": 200,
    "PATCH /users/{user_id}": 403,
    "DELETE /organizations/me/members/{user_id}": 204,
    "DELETE /users/me/sessions/{session_id}": 204,
    # One's own résumés.
    "POST /resumes/{resume_id}/reprocess": 404,
    "DELETE /resumes/{resume_id}": 404,
}


def routes(app: Intake) -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, str(route.path)


async def ask(
    client: httpx.AsyncClient, line: Line, places: dict[str, str], headers: dict[str, str]
) -> httpx.Response:
    """The line's request."""
    return await client.request(
        line.method,
        API + line.path.format(**places),
        json=line.json,
        data=line.data,
        files=line.files,
        headers=headers,
    )


def of_employer(line: Line) -> int:
    """What an employer gets: all of hiring, nothing of claims, elsewhere what staff gets."""
    if line.name in OF_EMPLOYERS:
        return OF_EMPLOYERS[line.name]
    room = line.path.split("/")[1]
    if room in ("claims", "practices"):
        return 403
    return line.expected["admin" if room in HIRING else "staff"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
async def test_an_employer_hires_and_sees_no_claims(
    client: httpx.AsyncClient, database: Database, crew: Crew, line: Line
) -> None:
    places = {"user_id": str(crew.employer.id), "organization_id": str(crew.organization_id)}
    if line.prepare is not None:
        places |= await line.prepare(database, crew)
    answer = await ask(client, line, places, crew.employer.headers)
    assert answer.status_code == of_employer(line), answer.text


async def test_an_account_that_was_switched_off_is_nobody(
    client: httpx.AsyncClient, database: Database, crew: Crew, settings: Settings
) -> None:
    """Wherever somebody without a token gets 401, so does an admin who was switched off."""
    async with database.write(Scope.system()) as session:
        former = await make_actor(
            session, settings, "former", role="admin", organization_id=crew.organization_id
        )
        await session.execute(update(User).where(User.id == former.id).values(is_active=False))
    ids = {name: MISSING["uuid"] for line in LINES for name in re.findall(r"\{(\w+)\}", line.path)}
    places = ids | {"practice_id": "1", "provider": "outlook", "kind": "x", "language": "fr"}
    closed = [line for line in LINES if line.expected["anonymous"] == 401]
    assert len(closed) > 100
    for line in closed:
        answer = await ask(client, line, places, former.headers)
        # Sign-in by password tells everybody alike that the password is wrong.
        expected = 401 if "/login/" not in line.path else line.expected["admin"]
        assert answer.status_code == expected, f"{line.name}: {answer.text}"


async def test_what_is_anothers_looks_like_what_is_not_there(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """To the admin of another organization a foreign id and an unknown one answer the same bytes."""
    compared = 0
    made: dict[Prepare, Mapping[str, str]] = {}
    for line in LINES:
        # Who may see everything finds nothing either where nobody has a logo.
        hidden = line.expected["stranger"] == 404 != line.expected["superuser"]
        if "{" not in line.path.partition("?")[0] or not (
            hidden or line.expected["candidate"] < 300
        ):
            continue
        places = {"user_id": str(crew.employer.id), "organization_id": str(crew.organization_id)}
        if line.prepare is not None:
            # Nothing of it is changed: all that is asked here is refused.
            if line.prepare not in made:
                made[line.prepare] = await line.prepare(database, crew)
            places |= made[line.prepare]
        absent = {
            name: MISSING["uuid" if _is_uuid(value) else "integer"]
            for name, value in places.items()
        }
        foreign = await ask(client, line, places, crew.stranger.headers)
        if foreign.status_code != 404:
            continue
        unknown = await ask(client, line, absent, crew.stranger.headers)
        assert _told(foreign) == _told(unknown), line.name
        compared += 1
    assert compared >= 50


def _told(answer: httpx.Response) -> dict[str, Any]:
    """Status and problem, without what names this very request."""
    told = {name: answer.json()[name] for name in ("type", "title", "detail", "code")}
    return {"status": answer.status_code, **told}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def test_every_route_is_in_the_table_or_on_a_list(app: Intake) -> None:
    """Also what the document leaves out: the console, an older prefix, pages of the platform."""
    found = set(routes(app))
    older = {path for _, path in found if path.startswith(f"{OLD_PREFIX}/integrations")}
    now = {path for _, path in found if path.startswith(f"{API}/integrations")}
    assert {path.replace(OLD_PREFIX, API, 1) for path in older} == now
    rest = {
        path
        for _, path in found
        if not path.startswith((f"{API}/", "/console")) and path not in older
    }
    assert {path for path in rest if not DOORS.search(path)} <= PUBLIC


async def test_the_console_lets_nobody_in_without_signing_in(
    client: httpx.AsyncClient, app: Intake
) -> None:
    pages = [
        (method, path)
        for method, path in routes(app)
        if path.startswith("/console") and not DOORS.search(path)
    ]
    assert len(pages) > 15
    for method, path in pages:
        filled = re.sub(r"\{[^}]*\}", str(new_id()), path)
        answer = await client.request(method, filled)
        assert answer.status_code in (303, 401, 403), f"{method} {path}: {answer.status_code}"
        if answer.status_code == 303:
            assert "/console/sign-in" in answer.headers["location"], path


@pytest.mark.parametrize("name", ["staff", "viewer", "employer"])
async def test_the_older_prefix_knows_who_is_asking(
    client: httpx.AsyncClient, crew: Crew, name: str
) -> None:
    path = f"{OLD_PREFIX}/integrations/status"
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=crew.headers(name))).status_code == 200
