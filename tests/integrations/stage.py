"""Local providers over loopback HTTP, an application that is registered with them, and clicks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.datastructures import State

from app.core.db import Database
from app.core.http import trusted_authorities
from app.core.settings import Settings
from app.core.settings_integrations import GoogleSettings, LinkedinSettings, MicrosoftSettings
from app.dev.bridges.asgi import LocalProviders, Place
from app.dev.bridges.google import LocalGoogle
from app.dev.bridges.grants import CLIENT_ID, CLIENT_SECRET
from app.dev.bridges.linkedin import LocalLinkedin
from app.dev.bridges.microsoft import LocalGraph
from app.dev.local_server import serving
from app.main import Intake, create_app
from tests.conftest import RollbackDatabase, running
from tests.people import API, Actor

INTEGRATIONS = f"{API}/integrations"
WORDS = {"linkedin": "linkedin", "google": "google-calendar", "microsoft": "outlook"}
NAMES = {"linkedin": "linkedin", "google": "google_calendar", "microsoft": "outlook_calendar"}
CALENDARS = ("google", "microsoft")


@dataclass
class Bridges:
    """The local providers, and an application that speaks with them."""

    providers: LocalProviders
    client: httpx.AsyncClient
    settings: Settings

    def place(self, name: str) -> Place:
        return self.providers.places[name]

    @property
    def google(self) -> LocalGoogle:
        api = self.place("google").api
        assert isinstance(api, LocalGoogle)
        return api

    @property
    def graph(self) -> LocalGraph:
        api = self.place("microsoft").api
        assert isinstance(api, LocalGraph)
        return api

    @property
    def linkedin(self) -> LocalLinkedin:
        api = self.place("linkedin").api
        assert isinstance(api, LocalLinkedin)
        return api

    def asked(self, path: str) -> list[Any]:
        """What was asked of one path of the providers."""
        return [one for one in self.providers.asked if one.path == path]

    async def auth_url(self, who: Actor, name: str) -> httpx.Response:
        return await self.client.get(f"{INTEGRATIONS}/{WORDS[name]}/auth-url", headers=who.headers)

    async def click(self, url: str, decision: str = "approve") -> str:
        """What the browser is sent to after a click on the consent page: our callback's address."""
        async with httpx.AsyncClient(verify=trusted_authorities()) as browser:
            page = await browser.get(url)
            assert page.status_code == 200, page.text
            assert "Approve" in page.text
            answer = await browser.get(f"{url}&{urlencode({'decision': decision})}")
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def come_back(self, location: str) -> dict[str, str]:
        """What the frontend's page is told when the browser follows the provider's redirect."""
        place = urlsplit(location)
        answer = await self.client.get(f"{place.path}?{place.query}")
        assert answer.status_code == 302
        target = urlsplit(answer.headers["location"])
        front = self.settings.server.frontend_url
        assert (
            f"{target.scheme}://{target.netloc}{target.path}" == f"{front}/dashboard/integrations"
        )
        return dict(parse_qsl(target.query))

    async def connect(self, who: Actor, name: str, decision: str = "approve") -> dict[str, str]:
        """The whole way: page, click, callback."""
        consent = await self.auth_url(who, name)
        assert consent.status_code == 200, consent.text
        return await self.come_back(await self.click(consent.json()["auth_url"], decision))

    async def status(self, who: Actor) -> dict[str, Any]:
        answer = await self.client.get(f"{INTEGRATIONS}/status", headers=who.headers)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        assert list(found) == ["linkedin", "google_calendar", "outlook_calendar"]
        return found

    async def standing(self, who: Actor, name: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.status(who))[NAMES[name]]
        return found


def query_of(url: str) -> dict[str, str]:
    """The query of an address, each name once."""
    return {name: one for name, (one,) in parse_qs(urlsplit(url).query).items()}


def with_providers(settings: Settings, address: str) -> Settings:
    """Settings of applications that are registered with the local providers."""
    updates: dict[str, Any] = {}
    kinds = {
        "linkedin": LinkedinSettings,
        "google": GoogleSettings,
        "microsoft": MicrosoftSettings,
    }
    places = LocalProviders().places
    for name, kind in kinds.items():
        base, place = f"{address}/{name}", places[name]
        updates[name] = kind(
            client_id=CLIENT_ID,
            client_secret=SecretStr(CLIENT_SECRET),
            redirect_uri=f"http://localhost:8000{INTEGRATIONS}/{WORDS[name]}/callback",
            auth_url=f"{base}{place.authorize}",
            token_url=f"{base}{place.token}",
            api_url=base,
        )
    return settings.model_copy(update=updates)


@pytest.fixture(scope="session")
async def provider_server() -> AsyncIterator[tuple[LocalProviders, str]]:
    providers = LocalProviders()
    async with serving(providers) as address:
        yield providers, address


@pytest.fixture(scope="session")
def _bridged_app(
    settings: Settings,
    rollback_database: RollbackDatabase,
    provider_server: tuple[LocalProviders, str],
) -> Intake:
    return create_app(with_providers(settings, provider_server[1]), database=rollback_database)


@pytest.fixture
async def bridges(
    settings: Settings,
    _bridged_app: Intake,
    database: Database,
    provider_server: tuple[LocalProviders, str],
) -> AsyncIterator[Bridges]:
    """Fresh providers and an application registered with them; what is written is undone."""
    providers, address = provider_server
    providers.reset()
    _bridged_app.state = State()
    async with running(_bridged_app) as client:
        yield Bridges(providers, client, with_providers(settings, address))
