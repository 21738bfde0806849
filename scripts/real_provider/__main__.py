"""Signs in at a provider that others wrote and certified, and works with its tokens.

    .venv/bin/python -m scripts.real_provider     half a minute; needs node 20 or newer, and npm

The package oidc-provider is fetched by npm into .intake/real-provider and dressed as a Keycloak
realm. A browser's whole way in (code with PKCE), a claim file, a refresh at the provider, a turned
key and a person without an organization are tried against the whole application.
"""

import asyncio
import base64
import hashlib
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from pydantic import SecretStr

from app.core import log
from app.core.migrations import migrate
from app.core.settings import AuthSettings, DatabaseSettings, RedisSettings, Settings
from app.core.settings_identity import KeycloakSettings
from app.dev.children import spawn, stop
from app.dev.postgres import PostgresServer
from app.dev.surroundings import free_port
from app.dev.valkey import ValkeyServer
from app.main import create_app

HERE = Path(__file__).resolve().parent
PLACE = HERE.parents[1] / ".intake" / "real-provider"
PACKAGE = "oidc-provider@9.13.3"
CALLBACK = "http://127.0.0.1:3000/callback"
CLIENT = "intake-portal"
CLAIMS = "claim_number,first_name,last_name,date_of_birth\n1,Ada,Martin,1980-01-02\n"


def install() -> None:
    """Have npm fetch the provider; it decides by itself where from."""
    if not (shutil.which("node") and shutil.which("npm")):
        sys.exit("node and npm are needed for this check, and for nothing else.")
    PLACE.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "provider.mjs", PLACE)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--silent", PACKAGE]
    subprocess.run(command, cwd=PLACE, check=True)


@contextmanager
def provider(port: int, organization: str = "northwind-clinic") -> Iterator[None]:
    """The provider with a key of its own, made at its start; ends with us."""
    command = ["node", str(PLACE / "provider.mjs"), str(port), organization]
    process = spawn(
        command, die_with=SIGTERM, environment={"PATH": _path()}, output=subprocess.PIPE
    )
    try:
        if process.stdout is None or not _is_ready(process.stdout):
            sys.exit("the provider did not start")
        yield
    finally:
        stop(process, by=SIGTERM, seconds=5)


def _path() -> str:
    return str(Path(shutil.which("node") or "node").parent)


def _is_ready(output: "Iterator[bytes]") -> bool:
    return any(line.strip() == b"ready" for line in output)


@dataclass
class Browser:
    """Somebody at the provider's pages, with cookies and forms."""

    issuer: str
    client: httpx.AsyncClient

    async def sign_in(self, name: str) -> dict[str, str]:
        """The whole way: discovery, sign-in, consent, code, tokens."""
        document = await self.client.get(f"{self.issuer}/.well-known/openid-configuration")
        places = document.raise_for_status().json()
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid offline_access organization",
            "prompt": "consent",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        answer = await self.client.get(places["authorization_endpoint"], params=query)
        code = await self._to_the_end(answer, name)
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": verifier,
        }
        return await self._tokens(places["token_endpoint"], form)

    async def _to_the_end(self, answer: httpx.Response, name: str) -> str:
        """Follow redirects and send forms until the provider sends us back with a code."""
        for _ in range(20):
            target: str | None = answer.headers.get("location")
            if target is None:
                form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
                fields = {**form, "login": name, "password": "any"}
                action = re.search(r'action="([^"]+)"', answer.text)
                place = urljoin(str(answer.url), action[1]) if action else str(answer.url)
                answer = await self.client.post(place, data=fields)
            elif target.startswith(CALLBACK):
                return parse_qs(urlsplit(target).query)["code"][0]
            else:
                answer = await self.client.get(urljoin(str(answer.url), target))
        sys.exit("the provider never sent us back")

    async def refresh(self, token: str) -> dict[str, str]:
        """New tokens for a refresh token of the provider's."""
        form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token}
        return await self._tokens(f"{self.issuer}/protocol/openid-connect/token", form)

    async def _tokens(self, endpoint: str, form: dict[str, str]) -> dict[str, str]:
        answer = await self.client.post(endpoint, data=form)
        tokens: dict[str, str] = answer.raise_for_status().json()
        return tokens


@asynccontextmanager
async def intake(folder: Path, issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application over servers of its own, believing the provider."""
    with PostgresServer(folder / "postgres") as postgres, ValkeyServer(folder / "valkey") as valkey:
        await migrate(postgres.url)
        settings = Settings(
            database=DatabaseSettings(url=SecretStr(postgres.url)),
            redis=RedisSettings(url=SecretStr(valkey.url)),
            auth=AuthSettings(secret_key=SecretStr(secrets.token_urlsafe(48))),
            keycloak=KeycloakSettings(issuer=issuer, client_ids=(CLIENT,)),
        )
        app = create_app(settings)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://intake/api/v1") as client,
        ):
            yield client


def expect(what: str, answer: httpx.Response, status: int, **facts: object) -> None:
    """Say what was tried, and stop at the first thing that is not as it should be."""
    body = answer.json()
    wrong = {name: body.get(name) for name, value in facts.items() if body.get(name) != value}
    if answer.status_code != status or wrong:
        sys.exit(f"✘ {what}: {answer.status_code} {body}")
    print(f"✔ {what}")


def bearing(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


async def check() -> None:
    """Everything, one after the other."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}/realms/intake"
    with TemporaryDirectory() as name:
        async with intake(Path(name), issuer) as api:
            with provider(port):
                await check_whole_way(api, issuer)
            with provider(port):
                async with httpx.AsyncClient() as client:
                    tokens = await Browser(issuer, client).sign_in("ada")
                    me = await api.get("/users/me", headers=bearing(tokens["access_token"]))
                    expect("a turned key is found", me, 200, email="ada@northwind.example")
    with TemporaryDirectory() as name:
        async with intake(Path(name), issuer) as api, httpx.AsyncClient() as client:
            with provider(port, organization=""):
                tokens = await Browser(issuer, client).sign_in("eve")
                answer = await api.get("/organizations/me", headers=bearing(tokens["access_token"]))
                code = "organization.required"
                expect("nobody acts without an organization", answer, 403, code=code)


async def check_whole_way(api: httpx.AsyncClient, issuer: str) -> None:
    """From the sign-in page to a claim job, and on with a refreshed token."""
    async with httpx.AsyncClient() as client:
        browser = Browser(issuer, client)
        tokens = await browser.sign_in("ada")
        headers = bearing(tokens["access_token"])
        me = await api.get("/users/me", headers=headers)
        facts = {"role": "staff", "auth_provider": "keycloak"}
        expect("code with PKCE, then a request", me, 200, **facts)
        file = {"file": ("claims.csv", CLAIMS.encode(), "text/csv")}
        job = await api.post(
            "/claims/bulk/upload", headers=headers, files=file, data={"provider": "uhc"}
        )
        expect("a claim file is taken in", job, 201, total_rows=1)
        renewed = await browser.refresh(tokens["refresh_token"])
        again = await api.get("/users/me", headers=bearing(renewed["access_token"]))
        expect("a refresh at the provider", again, 200, id=me.json()["id"])
        refused = await api.get("/users/me", headers=bearing(tokens["id_token"]))
        expect("the ID token is refused", refused, 401, code="auth.token_invalid")
        refused = await api.get("/users/me", headers=bearing(tokens["refresh_token"]))
        expect("the refresh token is refused", refused, 401, code="auth.token_invalid")


if __name__ == "__main__":
    log.configure(as_json=True, level="ERROR")
    install()
    asyncio.run(check())
