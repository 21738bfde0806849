"""Integrations in the console: connected from there and back there, ended, and told in words."""

from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import update

from app.console.frame import health_now
from app.core.db import Database, Scope
from app.core.settings_integrations import GoogleSettings
from app.health.schemas import Health
from app.integrations.models import Connection
from app.main import Intake
from tests.integrations.stage import (
    INTEGRATIONS,
    WORDS,
    Bridges,
    _bridged_app,
    bridges,
    provider_server,
)
from tests.jobs.samples import make_job
from tests.people import Actor, Crew

__all__ = ["_bridged_app", "bridges", "provider_server"]
HERE = {"Sec-Fetch-Site": "same-origin"}
PLACE = "/console/integrations"
EVERY = pytest.mark.parametrize("name", list(WORDS))


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame's health is not what is looked at here."""
    app: Intake = request.getfixturevalue("_bridged_app")

    async def found() -> Health:
        return health

    monkeypatch.setitem(app.dependency_overrides, health_now, found)


async def look(bridges: Bridges, who: Actor, query: str = "", **headers: str) -> httpx.Response:
    page = await bridges.client.get(PLACE + query, headers={**who.headers, **headers})
    assert page.status_code == 200, page.text
    return page


async def connect(bridges: Bridges, who: Actor, name: str, decision: str = "approve") -> str:
    """The address that the browser ends at, beginning with the page's own button."""
    begun = await bridges.client.get(f"{PLACE}/{WORDS[name]}/connect", headers=who.headers)
    assert begun.status_code == 303, begun.text
    back = urlsplit(await bridges.click(begun.headers["location"], decision))
    answer = await bridges.client.get(f"{back.path}?{back.query}")
    assert answer.status_code == 302
    return answer.headers["location"]


@EVERY
async def test_there_and_back_and_ended(bridges: Bridges, crew: Crew, name: str) -> None:
    who, word = crew.employer, WORDS[name]
    empty = await look(bridges, who)
    assert empty.text.count("Not connected") == 3
    assert f'href="{PLACE}/{word}/connect"' in empty.text
    place = await connect(bridges, who, name)
    assert place == f"{PLACE}?provider={word}&success=true"
    page = await look(bridges, who, place.removeprefix(PLACE))
    assert "Connected." in page.text
    assert "ada@northwind.example" in page.text
    assert page.text.count("Not connected") == 2
    colleague = await look(bridges, crew.admin)
    assert "ada@northwind.example" not in colleague.text
    headers = {**who.headers, **HERE}
    for _ in range(2):
        ended = await bridges.client.post(f"{PLACE}/{word}/disconnect", headers=headers)
        assert ended.headers["location"] == f"{PLACE}?provider={word}&ended=true"
    assert (await look(bridges, who)).text.count("Not connected") == 3


async def test_a_no_is_told_where_it_was_begun(bridges: Bridges, crew: Crew) -> None:
    place = await connect(bridges, crew.employer, "google", "deny")
    assert place == f"{PLACE}?provider=google-calendar&success=false&error=access_denied"
    page = await look(bridges, crew.employer, place.removeprefix(PLACE))
    assert "You said no" in page.text
    french = {"Accept-Language": "fr"}
    told = await look(bridges, crew.employer, "?provider=outlook&error=odd_thing", **french)
    assert "Le fournisseur a répondu : odd_thing." in told.text


async def test_who_begins_at_the_frontend_goes_back_there(bridges: Bridges, crew: Crew) -> None:
    told = await bridges.connect(crew.employer, "google")
    assert told == {"provider": "google-calendar", "success": "true"}


async def test_a_state_cannot_be_turned_round(bridges: Bridges, crew: Crew) -> None:
    begun = await bridges.client.get(f"{PLACE}/linkedin/connect", headers=crew.employer.headers)
    back = urlsplit(await bridges.click(begun.headers["location"]))
    head, _, digest = back.query.partition("c.")
    forged = await bridges.client.get(f"{back.path}?{head}.{digest}")
    assert "error=state_invalid" in forged.headers["location"]
    assert forged.headers["location"].startswith(bridges.settings.server.frontend_url)


async def test_what_has_to_be_made_again_says_why(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    await connect(bridges, crew.employer, "google")
    async with database.write(Scope.system()) as session:
        over = {"state": "needs_reconnect", "last_error": "invalid_grant"}
        await session.execute(update(Connection).values(**over))
    page = await look(bridges, crew.employer)
    assert "Connect again" in page.text
    assert "The provider has ended it" in page.text
    assert f'action="{PLACE}/google-calendar/disconnect"' in page.text


async def test_what_is_not_set_up_names_the_settings_to_admins(
    bridges: Bridges, crew: Crew, request: pytest.FixtureRequest
) -> None:
    app: Intake = request.getfixturevalue("_bridged_app")
    known = app.state.services
    bare = known.settings.model_copy(update={"google": GoogleSettings(client_id="x")})
    app.state.services = replace(known, settings=bare)
    admin = await look(bridges, crew.admin)
    assert "GOOGLE_CLIENT_SECRET" in admin.text
    assert "GOOGLE_CLIENT_ID" not in admin.text
    other = await look(bridges, crew.employer)
    assert "GOOGLE_" not in other.text
    assert "Ask an admin" in other.text


async def test_what_was_shared_lately_is_shown_to_who_shared_it(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    await connect(bridges, crew.employer, "linkedin")
    job_id = await make_job(database, crew, title="Data <i>Engineer")
    path = f"{INTEGRATIONS}/linkedin/publish-job"
    shared = await bridges.client.post(
        path, json={"job_id": str(job_id)}, headers=crew.employer.headers
    )
    assert shared.status_code == 200, shared.text
    page = await look(bridges, crew.employer)
    assert "Data &lt;i&gt;Engineer" in page.text
    assert f'href="{shared.json()["post_url"]}"' in page.text
    assert "Shared lately" in page.text
    for who in (crew.admin, crew.stranger):
        assert "Engineer" not in (await look(bridges, who)).text


async def test_rights(bridges: Bridges, crew: Crew) -> None:
    for who in (crew.candidate, crew.superuser):
        lost = await bridges.client.get(PLACE, headers=who.headers)
        assert lost.headers["location"] == "/console/organization"
    assert (
        await bridges.client.get(f"{PLACE}/zoom/connect", headers=crew.admin.headers)
    ).status_code == 404
    elsewhere = {**crew.employer.headers, "Sec-Fetch-Site": "cross-site"}
    refused = await bridges.client.post(f"{PLACE}/linkedin/disconnect", headers=elsewhere)
    assert refused.status_code == 403
    nobody = await bridges.client.get(f"{PLACE}/linkedin/connect")
    assert nobody.headers["location"].startswith("/console/sign-in")
