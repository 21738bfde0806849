"""Coming in and going: the cookie, the form, and everything that another site might try."""

from http.cookies import SimpleCookie

import httpx
import pytest

from app.core.db import Database
from tests.people import API, PASSWORD, Crew, register

HERE = {"Sec-Fetch-Site": "same-origin"}
SIGN_IN = "/console/sign-in"
LEAVE = {"email": "ada@example.com", "password": PASSWORD}


async def enter(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    """Sign in by the form, as a browser sends it."""
    return await client.post(SIGN_IN, data={**LEAVE, **form}, headers=HERE)


async def test_a_cookie_opens_the_console_and_nothing_else(client: httpx.AsyncClient) -> None:
    await register(client)
    asked = await client.get("/console/health?x=1", follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"] == f"{SIGN_IN}?next=/console/health%3Fx%3D1"
    entered = await enter(client, after="/console/health?x=1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/health?x=1")
    cookie = SimpleCookie(entered.headers.get_list("set-cookie")[0])["intake_session"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/console", True, "lax")
    assert (await client.get("/console/health")).status_code == 200
    value = {"Cookie": f"intake_session={cookie.value}"}
    assert (await client.get(f"{API}/users/me", headers=value)).status_code == 401
    left = await client.post("/console/sign-out", headers=HERE)
    assert left.headers["location"] == SIGN_IN
    again = await client.get("/console/health", headers=value)
    assert again.headers["location"].startswith(SIGN_IN)


async def test_a_wrong_password_says_so_and_keeps_the_address(client: httpx.AsyncClient) -> None:
    await register(client)
    refused = await enter(client, password="wrong", after="/console/claims")
    assert refused.status_code == 401
    assert "do not fit together" in refused.text
    assert 'value="ada@example.com"' in refused.text
    assert 'value="/console/claims"' in refused.text
    assert "set-cookie" not in refused.headers
    assert "wrong" not in refused.text.replace("went wrong", "")


@pytest.mark.parametrize(
    "after",
    [
        "https://evil.example",
        "//evil.example",
        "/console\\@evil.example",
        "/api/v1",
        "/consolex",
        "",
    ],
)
async def test_signing_in_leads_nowhere_else(client: httpx.AsyncClient, after: str) -> None:
    await register(client)
    entered = await enter(client, after=after)
    assert (entered.status_code, entered.headers["location"]) == (303, "/console")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Origin": "http://intake.example"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
async def test_other_sites_cannot_act(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/console/sign-out", headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("content-type", "").startswith("text/html") == (status == 403)


async def test_the_language_is_the_browsers_until_one_is_chosen(client: httpx.AsyncClient) -> None:
    french = await client.get(SIGN_IN, headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert '<html lang="fr">' in french.text
    assert "Se connecter" in french.text
    form = {"language": "en", "after": SIGN_IN}
    await client.post("/console/language", data=form, headers=HERE)
    chosen = await client.get(SIGN_IN, headers={"Accept-Language": "fr"})
    assert '<html lang="en">' in chosen.text


async def test_who_is_in_no_organization_is_told_so(client: httpx.AsyncClient) -> None:
    await register(client)
    await enter(client)
    page = await client.get("/console")
    assert page.status_code == 200
    assert "You act in no organization" in page.text
    assert "/console/claims" not in page.text
    sent_on = await client.get("/console/claims")
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/console/organization")


async def test_a_superuser_chooses_an_organization(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    del database
    headers = {**crew.superuser.headers, **HERE}
    offered = await client.get("/console/organization?text=contoso", headers=headers)
    assert str(crew.other_organization_id) in offered.text
    assert str(crew.organization_id) not in offered.text
    form = {"organization_id": str(crew.other_organization_id)}
    chosen = await client.post("/console/organization", data=form, headers=headers)
    assert chosen.headers["location"] == "/console"
    page = await client.get("/console", headers=headers)
    assert "Contoso" in page.text


async def test_a_member_is_offered_their_own_only_and_gets_no_other(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    headers = {**crew.staff.headers, **HERE}
    offered = await client.get("/console/organization", headers=headers)
    assert str(crew.organization_id) in offered.text
    assert str(crew.other_organization_id) not in offered.text
    form = {"organization_id": str(crew.other_organization_id)}
    await client.post("/console/organization", data=form, headers=headers)
    refused = await client.get("/console/claims", headers=headers)
    assert (refused.status_code, refused.headers["location"]) == (303, "/console/organization")
