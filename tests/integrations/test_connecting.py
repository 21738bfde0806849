"""Connecting an account: consent, state, code, tokens; and ending it."""

from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.dev.bridges.asgi import Fault
from app.integrations.engine import states
from tests.conftest import ORIGIN
from tests.integrations.stage import INTEGRATIONS, NAMES, WORDS, Bridges, query_of
from tests.people import Crew

EVERY = pytest.mark.parametrize("name", list(WORDS))
PKCE = {"linkedin": False, "google": True, "microsoft": True}


async def rows(database: Database, statement: str) -> list[dict[str, object]]:
    async with database.read(Scope.system()) as session:
        return [dict(row) for row in (await session.execute(text(statement))).mappings()]


@EVERY
async def test_the_whole_way(bridges: Bridges, crew: Crew, database: Database, name: str) -> None:
    """Page, click, callback, status; tokens are nowhere in clear."""
    told = await bridges.connect(crew.employer, name)
    assert told == {"provider": WORDS[name], "success": "true"}
    standing = await bridges.standing(crew.employer, name)
    assert standing["provider"] == NAMES[name]
    assert standing["is_connected"]
    assert not standing["needs_reconnect"]
    assert standing["connected_at"].endswith("Z")
    assert standing["last_used_at"] is None
    assert standing["account"] == "ada@northwind.example"
    (row,) = await rows(database, "SELECT * FROM connections")
    secrets = [*bridges.place(name).grants.access, *bridges.place(name).grants.refresh]
    assert not any(secret in str(row) for secret in [*secrets, "ada@northwind.example"])
    (entry,) = await rows(
        database, "SELECT * FROM audit_entries WHERE action LIKE 'integrations.%'"
    )
    assert entry["action"] == "integrations.connected"
    assert entry["detail"] == {"provider": NAMES[name]}


@EVERY
async def test_what_the_consent_page_is_asked(bridges: Bridges, crew: Crew, name: str) -> None:
    consent = (await bridges.auth_url(crew.employer, name)).json()
    assert consent["provider"] == NAMES[name]
    asked = query_of(consent["auth_url"])
    assert asked["state"] == consent["state"]
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"].endswith(f"/{WORDS[name]}/callback")
    assert ("code_challenge" in asked) == PKCE[name]
    assert asked.get("access_type") == ("offline" if name == "google" else None)
    assert asked.get("prompt") == {"google": "consent", "microsoft": "select_account"}.get(name)
    assert str(crew.employer.id) not in consent["auth_url"]


@pytest.mark.parametrize("spelling", ["google_calendar", "google-calendar"])
async def test_both_mounts_and_all_spellings(bridges: Bridges, crew: Crew, spelling: str) -> None:
    for base in ("/api/v1/integrations", "/api/integrations"):
        for slash in ("", "/"):
            path = f"{base}/{spelling}/auth-url{slash}"
            answer = await bridges.client.get(path, headers=crew.employer.headers)
            assert answer.status_code == 200
            assert answer.json()["provider"] == "google_calendar"
    path = "/api/integrations/outlook_calendar/auth-url"
    assert (await bridges.client.get(path, headers=crew.employer.headers)).status_code == 200
    unknown = f"{INTEGRATIONS}/zoom/auth-url"
    answer = await bridges.client.get(unknown, headers=crew.employer.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "integrations.provider_unknown")


@EVERY
async def test_a_no_on_the_page_connects_nothing(bridges: Bridges, crew: Crew, name: str) -> None:
    told = await bridges.connect(crew.employer, name, "deny")
    assert told == {"provider": WORDS[name], "success": "false", "error": "access_denied"}
    assert not (await bridges.standing(crew.employer, name))["is_connected"]


async def test_a_state_holds_once(bridges: Bridges, crew: Crew) -> None:
    consent = (await bridges.auth_url(crew.employer, "google")).json()
    back = await bridges.click(consent["auth_url"])
    assert (await bridges.come_back(back))["success"] == "true"
    again = await bridges.come_back(back)
    assert again == {"provider": "google-calendar", "success": "false", "error": "state_used"}
    assert len(bridges.asked("/google/token")) == 1


async def test_a_state_of_another_provider_or_hand_is_refused(bridges: Bridges, crew: Crew) -> None:
    """Forged, changed, for another provider, missing, far too long: the page is told, no code sent."""
    consent = (await bridges.auth_url(crew.employer, "google")).json()
    state = consent["state"]
    last = "A" if state[-1] != "A" else "B"
    wrong = ["", "x", state[:-1] + last, state[:-1], f"{state}A", "9" * 9_000, state.upper()]
    for one in wrong:
        query = urlencode({"state": one, "code": "c"})
        told = await bridges.come_back(f"http://x{INTEGRATIONS}/google-calendar/callback?{query}")
        assert told["error"] == "state_invalid"
    query = urlencode({"state": state, "code": "c"})
    told = await bridges.come_back(f"http://x{INTEGRATIONS}/outlook/callback?{query}")
    assert told == {"provider": "outlook", "success": "false", "error": "state_invalid"}
    assert bridges.asked("/google/token") == bridges.asked("/microsoft/token") == []
    # None of this has used it up.
    assert (await bridges.come_back(await bridges.click(consent["auth_url"])))["success"] == "true"


async def test_a_state_ends(bridges: Bridges, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "LIFE", -states.LIFE)
    consent = (await bridges.auth_url(crew.employer, "google")).json()
    told = await bridges.come_back(await bridges.click(consent["auth_url"]))
    assert told["error"] == "state_expired"


async def test_the_connection_is_of_who_began(bridges: Bridges, crew: Crew) -> None:
    """Whoever's browser comes back: the state names its owner; colleagues see nothing of it."""
    await bridges.connect(crew.employer, "google")
    assert (await bridges.standing(crew.employer, "google"))["is_connected"]
    for other in (crew.admin, crew.stranger, crew.candidate, crew.superuser):
        assert not (await bridges.standing(other, "google"))["is_connected"]


async def test_who_has_left_connects_nothing(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    consent = (await bridges.auth_url(crew.staff, "google")).json()
    back = await bridges.click(consent["auth_url"])
    async with database.write(Scope.system()) as session:
        gone = text("DELETE FROM memberships WHERE user_id = :user")
        await session.execute(gone, {"user": crew.staff.id})
    assert (await bridges.come_back(back))["error"] == "not_a_member"
    assert bridges.asked("/google/token") == []


NOT_EXCHANGED = [
    (400, {"error": "invalid_grant"}, "code_refused"),
    (400, {"error": "invalid_request"}, "code_refused"),
    (401, {"error": "invalid_client", "error_codes": [7000215]}, "misconfigured"),
    (400, {"error": "redirect_uri_mismatch"}, "misconfigured"),
    (400, {"error": "temporarily_unavailable"}, "provider_unavailable"),
    (200, {}, "code_refused"),
    (200, {"access_token": 5}, "code_refused"),
    (200, "<html>", "code_refused"),
    (503, None, "provider_unavailable"),
    (429, None, "provider_unavailable"),
]


async def test_codes_that_are_not_exchanged(bridges: Bridges, crew: Crew) -> None:
    """Each is told by its word; a code holds once, so what is in doubt is not sent again."""
    for status, body, error in NOT_EXCHANGED:
        headers = {"Retry-After": "60"} if status in (429, 503) else {}
        bridges.providers.faults["/google/token"] = Fault(status, body, headers, times=9)
        told = await bridges.connect(crew.employer, "google")
        assert told == {"provider": "google-calendar", "success": "false", "error": error}
    assert len(bridges.asked("/google/token")) == len(NOT_EXCHANGED)
    assert not (await bridges.standing(crew.employer, "google"))["is_connected"]


async def test_an_unticked_box_is_told(bridges: Bridges, crew: Crew) -> None:
    """Google lets people untick scopes: without the calendar the connection would be of no use."""
    prefix = "https://www.googleapis.com/auth"
    bridges.place("google").grants.unticked = {f"{prefix}/calendar.events"}
    assert (await bridges.connect(crew.employer, "google"))["error"] == "scope_missing"
    bridges.place("google").grants.unticked = {f"{prefix}/calendar.freebusy"}
    assert (await bridges.connect(crew.employer, "google"))["success"] == "true"
    standing = await bridges.standing(crew.employer, "google")
    assert standing["missing_scopes"] == ["calendar.freebusy"]


async def test_an_account_without_a_name_is_connected(bridges: Bridges, crew: Crew) -> None:
    bridges.providers.faults["/linkedin/v2/userinfo"] = Fault(403)
    assert (await bridges.connect(crew.employer, "linkedin"))["success"] == "true"
    assert (await bridges.standing(crew.employer, "linkedin"))["account"] is None


@EVERY
async def test_disconnecting_revokes_and_forgets(
    bridges: Bridges, crew: Crew, database: Database, name: str
) -> None:
    await bridges.connect(crew.employer, name)
    path = f"{INTEGRATIONS}/{WORDS[name]}/disconnect"
    for _ in range(2):
        answer = await bridges.client.delete(path, headers=crew.employer.headers)
        assert answer.status_code == 204
    revoked = bridges.place(name).grants.revoked
    assert len(revoked) == (0 if name == "microsoft" else 1)
    assert await rows(database, "SELECT * FROM connections") == []
    standing = await bridges.standing(crew.employer, name)
    assert (standing["is_connected"], standing["connected_at"]) == (False, None)
    found = await rows(
        database, "SELECT action FROM audit_entries WHERE action LIKE 'integrations.%' ORDER BY at"
    )
    assert [row["action"] for row in found] == [
        "integrations.connected",
        "integrations.disconnected",
    ]


async def test_disconnecting_while_the_provider_is_away(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    """Gone for the person at once; the provider is told later, unless they connect again."""
    await bridges.connect(crew.employer, "google")
    bridges.providers.faults["/google/revoke"] = Fault(503, None, {"Retry-After": "60"}, times=9)
    path = f"{INTEGRATIONS}/google-calendar/disconnect"
    answer = await bridges.client.delete(path, headers=crew.employer.headers)
    assert answer.status_code == 204
    assert not (await bridges.standing(crew.employer, "google"))["is_connected"]
    assert [row["state"] for row in await rows(database, "SELECT state FROM connections")] == [
        "revoking"
    ]
    assert (await bridges.connect(crew.employer, "google"))["success"] == "true"
    assert (await bridges.standing(crew.employer, "google"))["is_connected"]


async def test_without_settings(client: httpx.AsyncClient, crew: Crew, settings: Settings) -> None:
    """No provider is set up: 503 for the consent page, 200 for the status."""
    assert settings.google.client_id == ""
    for who in (crew.employer, crew.candidate):
        for word in WORDS.values():
            path = f"{INTEGRATIONS}/{word}/auth-url"
            answer = await client.get(path, headers=who.headers)
            assert answer.status_code == 503
            assert answer.json()["code"] == "integrations.not_configured"
        answer = await client.get(
            f"{INTEGRATIONS}/status", headers={**who.headers, "Origin": ORIGIN}
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert not any(one["is_connected"] for one in answer.json().values())
