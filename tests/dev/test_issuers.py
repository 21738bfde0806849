"""The local issuers: they speak as the real ones do, so that what works here works there."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.dev.issuers.instance import SECRET_KEY
from app.dev.issuers.people import PASSWORD
from app.dev.issuers.realm import CLIENT, SERVICE
from tests.issuers import Rehearsal
from tests.people import API

PLACE = "http://localhost:3000/callback"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123456789"


@pytest.fixture
async def web(rehearsal: Rehearsal) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the issuers."""
    async with httpx.AsyncClient(base_url=rehearsal.address) as client:
        yield client


async def discovered(web: httpx.AsyncClient, rehearsal: Rehearsal) -> dict[str, str]:
    answer = await web.get(f"{rehearsal.keycloak_issuer}/.well-known/openid-configuration")
    document: dict[str, str] = answer.json()
    assert document["issuer"] == rehearsal.keycloak_issuer
    return document


def claims_of(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def test_a_browsers_whole_way_with_code_and_pkce(
    portal: httpx.AsyncClient, web: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    """Discovery, sign-in, code, token, a request, and the refresh at the issuer."""
    places = await discovered(web, rehearsal)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    query = {
        "client_id": CLIENT,
        "redirect_uri": PLACE,
        "response_type": "code",
        "scope": "openid organization",
        "state": "s1",
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "login_hint": "ada",
    }
    redirect = await web.get(places["authorization_endpoint"], params=query)
    assert redirect.status_code == 302
    answer = parse_qs(urlsplit(redirect.headers["location"]).query)
    assert (answer["state"], answer["iss"]) == (["s1"], [rehearsal.keycloak_issuer])
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": PLACE,
        "code": answer["code"][0],
        "code_verifier": VERIFIER,
    }
    granted = await web.post(places["token_endpoint"], data=form)
    assert granted.status_code == 200, granted.text
    assert (await web.post(places["token_endpoint"], data=form)).status_code == 401
    renewal = {
        "grant_type": "refresh_token",
        "client_id": CLIENT,
        "refresh_token": granted.json()["refresh_token"],
    }
    renewed = await web.post(places["token_endpoint"], data=renewal)
    for token in (granted.json()["access_token"], renewed.json()["access_token"]):
        headers = {"Authorization": f"Bearer {token}"}
        me = await portal.get(f"{API}/users/me", headers=headers)
        assert (me.status_code, me.json()["role"]) == (200, "admin")
    for token in (granted.json()["id_token"], granted.json()["refresh_token"]):
        headers = {"Authorization": f"Bearer {token}"}
        assert (await portal.get(f"{API}/users/me", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "change", [{"code_verifier": "another"}, {"redirect_uri": "http://evil.example"}, {"code": "x"}]
)
async def test_a_code_is_bound(
    web: httpx.AsyncClient, rehearsal: Rehearsal, change: dict[str, str]
) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    target = rehearsal.realm.authorize(
        {
            "client_id": CLIENT,
            "redirect_uri": PLACE,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "login_hint": "ada",
        },
        rehearsal.keycloak_issuer,
    )
    assert target is not None
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": PLACE,
        "code": parse_qs(urlsplit(target).query)["code"][0],
        "code_verifier": VERIFIER,
    }
    status, answer = rehearsal.realm.token({**form, **change}, rehearsal.keycloak_issuer)
    assert (status, answer["error"]) == (401, "invalid_grant")


async def test_who_knows_no_password_gets_nothing(
    web: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    endpoint = (await discovered(web, rehearsal))["token_endpoint"]
    right = {
        "grant_type": "password",
        "client_id": CLIENT,
        "username": "ada@northwind.example",
        "password": PASSWORD,
    }
    assert (await web.post(endpoint, data=right)).status_code == 200
    for change in ({"password": "x"}, {"username": "nobody"}, {"client_id": "x"}):
        assert (await web.post(endpoint, data={**right, **change})).status_code == 401
    assert (await web.post(endpoint, data={"grant_type": "x"})).status_code == 400
    assert (await web.get("/v1/users/user_2rehearsalada")).status_code == 401


async def test_a_program_gets_a_token_of_its_own(
    web: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    endpoint = (await discovered(web, rehearsal))["token_endpoint"]
    form = {"grant_type": "client_credentials", "client_id": SERVICE[0]}
    assert (await web.post(endpoint, data=form)).status_code == 401
    granted = await web.post(endpoint, data={**form, "client_secret": SERVICE[1]})
    claims = claims_of(granted.json()["access_token"])
    assert (claims["azp"], claims["typ"], "email" in claims) == (SERVICE[0], "Bearer", False)


async def test_the_switches(web: httpx.AsyncClient, rehearsal: Rehearsal) -> None:
    certs = f"{rehearsal.keycloak_issuer}/protocol/openid-connect/certs"
    old = rehearsal.realm.keys.kid
    turned = (await web.post("/_sandbox/rotate")).json()
    assert [key["kid"] for key in (await web.get(certs)).json()["keys"]] == [
        turned["keycloak"],
        old,
    ]
    assert (await web.post("/_sandbox/faults", json={"status": 503})).status_code == 200
    assert (await web.get(certs)).status_code == 503
    assert (await web.post("/_sandbox/faults", json={"body": "garbage"})).status_code == 200
    assert (await web.get(certs)).text.startswith("<!doctype")
    assert (await web.post("/_sandbox/faults", json={"odd": 1})).status_code == 422
    assert (await web.get("/_sandbox/calls")).json()[urlsplit(certs).path] == 3
    assert (await web.post("/_sandbox/faults", json={})).json()["status"] == 200
    dialect = {"organization": "object_with_id", "clerk_version": 1}
    assert (await web.post("/_sandbox/dialect", json=dialect)).json() == dialect
    session = "/v1/sessions/sess_2rehearsalada/tokens"
    made = await web.post(session, headers={"Authorization": f"Bearer {SECRET_KEY}"})
    assert "org_id" in claims_of(made.json()["jwt"])
    assert (await web.get("/elsewhere")).status_code == 404
