"""The link that opens the console once: where it is made, where it is refused, and only once."""

from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from sqlalchemy import update

from app.accounts import welcome
from app.accounts.errors import WelcomeClosed
from app.accounts.models import AddressProof
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.main import Intake
from tests.people import register

HERE = {"Sec-Fetch-Site": "same-origin"}
WELCOME = "/console/welcome"


@pytest.fixture
def development(app: Intake, client: httpx.AsyncClient, settings: Settings) -> Settings:
    """The application as it is on a developer's machine."""
    del client
    server = settings.server.model_copy(update={"environment": "development"})
    changed = settings.model_copy(update={"server": server})
    app.state.services = replace(app.state.services, settings=changed)
    return changed


async def make(database: Database, settings: Settings, email: str = "ada@example.com") -> str:
    async with database.write(Scope.system()) as session:
        return await welcome.make(session, settings.server.environment, email=email) or ""


async def enter(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(WELCOME, data={"token": token}, headers=HERE)


async def test_it_opens_once_and_with_the_whole_link_as_well(
    client: httpx.AsyncClient, database: Database, development: Settings
) -> None:
    await register(client)
    shown = await client.get(WELCOME, headers={"Accept-Language": "fr"})
    assert "data-fragment" in shown.text
    assert "Bienvenue" in shown.text
    token = await make(database, development)
    entered = await enter(client, f" http://127.0.0.1:8000{WELCOME}#{token} ")
    assert (entered.status_code, entered.headers["location"]) == (303, "/console")
    cookie = SimpleCookie(entered.headers.get_list("set-cookie")[0])["intake_session"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/console", True, "lax")
    assert (await client.get("/console/health")).status_code == 200
    again = await enter(client, token)
    assert again.status_code == 400
    assert "was used" in again.text
    assert "data-fragment" not in again.text
    assert token not in again.text


async def test_a_newer_link_and_ten_minutes_end_it(
    client: httpx.AsyncClient, database: Database, development: Settings
) -> None:
    await register(client)
    first, second = [await make(database, development) for _ in range(2)]
    assert (await enter(client, first)).status_code == 400
    async with database.write(Scope.system()) as session:
        past = now() - timedelta(seconds=1)
        await session.execute(update(AddressProof).values(expires_at=past))
    assert (await enter(client, second)).status_code == 400
    assert await make(database, development, "nobody@example.com") == ""


async def test_another_site_cannot_use_it(
    client: httpx.AsyncClient, database: Database, development: Settings
) -> None:
    await register(client)
    token = await make(database, development)
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    refused = await client.post(WELCOME, data={"token": token}, headers=from_elsewhere)
    assert refused.status_code == 403
    assert (await enter(client, token)).status_code == 303


async def test_it_is_neither_made_nor_taken_elsewhere(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await register(client)
    for environment in ("production", "test"):
        server = settings.server.model_copy(update={"environment": environment})
        with pytest.raises(WelcomeClosed):
            await make(database, settings.model_copy(update={"server": server}))
    assert (await client.get(WELCOME)).status_code == 404
    assert (await enter(client, "anything")).status_code == 404
