"""Signing in at Keycloak's and Clerk's own pages: the way in, and everything that must not be one."""

from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import update

from app.accounts.models import User
from app.console.frame import health_now
from app.console.routes import sign_in_elsewhere
from app.core.db import Database, Scope
from app.health.schemas import Health
from app.main import Intake
from tests.issuers import Rehearsal
from tests.people import API

HERE = {"Sec-Fetch-Site": "same-origin"}
SIGN_IN = "/console/sign-in"
BOTH = pytest.mark.parametrize("provider", ["keycloak", "clerk"])


@pytest.fixture(autouse=True)
def quiet(portal_app: Intake, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame's health is not what is looked at here."""

    async def found() -> Health:
        return health

    monkeypatch.setitem(portal_app.dependency_overrides, health_now, found)


async def begin(portal: httpx.AsyncClient, provider: str, after: str = "/console/health") -> str:
    sent = await portal.get(f"{SIGN_IN}/{provider}?next={after}")
    assert sent.status_code == 303, sent.text
    assert "no-store" in sent.headers["cache-control"]
    return sent.headers["location"]


async def consent(address: str, username: str = "ada") -> str:
    """What the provider sends the browser back to, once the person has said who they are."""
    async with httpx.AsyncClient() as browser:
        choice = await browser.get(address)
        assert "Who are you?" in choice.text
        answer = await browser.get(f"{address}&login_hint={username}")
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix("http://intake.example")


async def back(portal: httpx.AsyncClient, provider: str, username: str = "ada") -> httpx.Response:
    return await portal.get(await consent(await begin(portal, provider), username))


def assert_refused(answer: httpx.Response, words: str = "did not work", status: int = 401) -> None:
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    cookies = SimpleCookie("\n".join(answer.headers.get_list("set-cookie")))
    assert "intake_session" not in cookies


@BOTH
async def test_the_way_in(portal: httpx.AsyncClient, provider: str) -> None:
    shown = await portal.get(f"{SIGN_IN}?next=/console/health")
    assert f'href="{SIGN_IN}/{provider}?next=/console/health"' in shown.text
    address = await begin(portal, provider)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"http://intake.example{SIGN_IN}/{provider}/callback"
    assert "prompt" not in asked
    sealed = portal.cookies["intake_sign_in"]
    assert not any(asked[name] in sealed for name in ("state", "nonce"))
    entered = await portal.get(await consent(address))
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/health")
    cookie = SimpleCookie(entered.headers.get_list("set-cookie")[0])["intake_session"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/console", True, "lax")
    assert "intake_sign_in" not in portal.cookies
    page = await portal.get("/console/health")
    assert page.status_code == 200
    assert "Ada Martin" in page.text


async def test_keycloak_says_where_one_belongs(portal: httpx.AsyncClient) -> None:
    await back(portal, "keycloak")
    people = await portal.get("/console/people")
    assert people.status_code == 200, people.text
    assert "ada@northwind.example" in people.text
    assert "kept by an identity provider" in people.text


@BOTH
async def test_a_stranger_comes_in_and_belongs_nowhere(
    portal: httpx.AsyncClient, provider: str
) -> None:
    assert (await back(portal, provider, "eve")).status_code == 303
    page = await portal.get("/console")
    assert "You act in no organization" in page.text
    refused = await portal.get("/console/people")
    assert refused.headers["location"] == "/console/organization"


@BOTH
async def test_a_code_is_good_once_and_in_this_browser_only(
    portal: httpx.AsyncClient, provider: str
) -> None:
    target = await consent(await begin(portal, provider))
    sealed = portal.cookies["intake_sign_in"]
    portal.cookies.clear()
    assert_refused(await portal.get(target))
    portal.cookies.set("intake_sign_in", sealed, path="/console")
    assert (await portal.get(target)).status_code == 303
    portal.cookies.clear()
    assert_refused(await portal.get(target))
    portal.cookies.set("intake_sign_in", sealed, path="/console")
    assert_refused(await portal.get(target))


@BOTH
async def test_another_state_issuer_or_provider_is_refused(
    portal: httpx.AsyncClient, provider: str
) -> None:
    other = {"keycloak": "clerk", "clerk": "keycloak"}[provider]
    changes = (
        ("state=", "state=x"),
        ("iss=http", "iss=https"),
        (f"/{provider}/", f"/{other}/"),
        ("code=", "other="),
        ("code=", "code=x"),
    )
    for was, becomes in changes:
        target = await consent(await begin(portal, provider))
        assert_refused(await portal.get(target.replace(was, becomes)))
    denied = await portal.get(f"{SIGN_IN}/{provider}/callback?error=access_denied&state=x")
    assert_refused(denied, "did not let you in")


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": None},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"exp": 1},
    ],
)
async def test_an_identity_token_for_something_else_is_refused(
    portal: httpx.AsyncClient,
    rehearsal: Rehearsal,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
) -> None:
    usual = rehearsal.instance.identity_claims

    def changed(*given: Any) -> dict[str, Any]:
        claims = {**usual(*given), **changes}
        return {name: value for name, value in claims.items() if value is not None}

    monkeypatch.setattr(rehearsal.instance, "identity_claims", changed)
    assert_refused(await back(portal, "clerk"))


async def test_an_identity_token_opens_nothing_at_the_api(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    """It went to whichever program asked for it; the same key signs it as signs sessions."""
    person = rehearsal.instance.people["ada"]
    for nonce in ("", "x"):
        claims = rehearsal.instance.identity_claims(person, rehearsal.clerk_issuer, nonce)
        token = rehearsal.instance.keys.sign(claims)
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await portal.get(f"{API}/users/me", headers=bearer)).status_code == 401
        body = {"clerk_token": token}
        assert (await portal.post(f"{API}/login/clerk-auth", json=body)).status_code == 401


async def test_keycloaks_two_tokens_have_to_speak_of_one_person(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for changes in ({"azp": "another"}, {"sub": "somebody-else"}, {"typ": "ID"}):
        told = dict(changes)
        monkeypatch.setattr(
            rehearsal.realm,
            "_bearer",
            lambda claims, told=told: {
                "access_token": rehearsal.realm.keys.sign({**claims, **told}),
                "scope": "openid",
            },
        )
        assert_refused(await back(portal, "keycloak"))


async def test_a_provider_that_is_away_is_said_to_be(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal.instance, "oauth_token", lambda *_: (503, {}))
    assert_refused(await back(portal, "clerk"), "cannot be reached", 503)
    for answer in ({}, {"id_token": 3}, {"id_token": "a.b.c"}):
        body = dict(answer)
        monkeypatch.setattr(rehearsal.instance, "oauth_token", lambda *_, body=body: (200, body))
        assert_refused(await back(portal, "clerk"))


async def test_what_was_begun_too_long_ago_is_over(
    portal: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_elsewhere, "_LIFE_SECONDS", -1)
    target = await consent(await begin(portal, "keycloak"))
    assert_refused(await portal.get(target))


async def test_it_leads_nowhere_else(portal: httpx.AsyncClient) -> None:
    for after in ("https://evil.example", "//evil.example", "/api/v1"):
        entered = await portal.get(await consent(await begin(portal, "clerk", after)))
        assert entered.headers["location"] == "/console"


async def test_who_has_left_has_to_prove_again_who_they_are(portal: httpx.AsyncClient) -> None:
    await back(portal, "keycloak")
    left = await portal.post("/console/sign-out", headers=HERE)
    assert left.headers["location"] == SIGN_IN
    assert (await portal.get("/console/health")).headers["location"].startswith(SIGN_IN)
    address = await begin(portal, "keycloak")
    assert "prompt=login" in address
    await portal.get(await consent(address))
    assert "prompt" not in await begin(portal, "keycloak")


async def test_a_disabled_account_stays_out(portal: httpx.AsyncClient, database: Database) -> None:
    await back(portal, "clerk")
    async with database.write(Scope.system()) as session:
        await session.execute(update(User).values(is_active=False))
    assert_refused(await back(portal, "clerk"), "disabled")


async def test_what_is_not_set_up_is_not_offered(client: httpx.AsyncClient) -> None:
    shown = await client.get(SIGN_IN)
    assert "Keycloak" not in shown.text
    for path in ("/keycloak", "/clerk", "/other", "/keycloak/callback?code=x"):
        assert (await client.get(SIGN_IN + path)).status_code == 404
