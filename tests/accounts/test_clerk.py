"""Clerk's session tokens: exchanged for ours, and as they stand."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from app.accounts.models import RefreshFamily, User
from app.core.db import Database, Scope
from app.core.settings import LimitSettings, Settings
from app.dev.issuers.asgi import Faults
from app.dev.issuers.instance import ORIGIN
from app.dev.issuers.people import CLINIC
from app.main import create_app
from tests.conftest import Stage, running
from tests.issuers import Rehearsal, provider_settings
from tests.people import API, bearer, log_in, register


async def exchange(portal: httpx.AsyncClient, token: str) -> httpx.Response:
    return await portal.post(f"{API}/login/clerk-auth", json={"clerk_token": token})


async def refreshed(portal: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    body = {"refresh_token": answer.json()["refresh_token"]}
    return await portal.post(f"{API}/login/refresh-token", json=body)


async def test_a_session_token_becomes_ours(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    answer = await exchange(portal, rehearsal.clerk_token("ada"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    user = answer.json()["user"]
    assert (user["email"], user["full_name"]) == ("ada@northwind.example", "Ada Martin")
    assert (user["role"], user["organization_name"]) == ("admin", CLINIC)
    assert (user["auth_provider"], user["is_superuser"]) == ("clerk", False)
    seen = await portal.get(f"{API}/users/me", headers=bearer(answer))
    assert seen.json() == user
    assert (await refreshed(portal, answer)).status_code == 200


@pytest.mark.parametrize("version", [1, 2])
async def test_both_versions_of_the_claims(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, version: Any
) -> None:
    rehearsal.instance.version = version
    seen = await portal.get(f"{API}/users/me", headers=rehearsal.clerk("ada"))
    assert seen.status_code == 200, seen.text
    assert (seen.json()["role"], seen.json()["organization_name"]) == ("admin", CLINIC)
    eve = await portal.get(f"{API}/users/me", headers=rehearsal.clerk("eve"))
    assert (eve.json()["role"], eve.json()["organization_id"]) == ("candidate", None)


async def test_the_bearer_and_the_exchange_are_one_account(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    bearing = await portal.get(f"{API}/users/me", headers=rehearsal.clerk("ada"))
    assert (await exchange(portal, rehearsal.clerk_token("ada"))).json()["user"] == bearing.json()


async def test_the_same_token_joins_the_sign_in_that_it_began(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    token = rehearsal.clerk_token("ada")
    first, again = [await exchange(portal, token) for _ in range(2)]
    assert first.json()["refresh_token"] == again.json()["refresh_token"]
    successor = await refreshed(portal, first)
    third = await exchange(portal, token)
    assert third.json()["refresh_token"] == successor.json()["refresh_token"]
    async with database.read(Scope.system()) as session:
        assert await session.scalar(select(func.count()).select_from(RefreshFamily)) == 1
    assert (await exchange(portal, rehearsal.clerk_token("ada"))).json()["refresh_token"] not in {
        one.json()["refresh_token"] for one in (first, successor)
    }


async def test_after_leaving_the_token_opens_nothing_again(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    token = rehearsal.clerk_token("ada")
    answer = await exchange(portal, token)
    assert (await portal.post(f"{API}/login/logout", headers=bearer(answer))).status_code == 204
    again = await exchange(portal, token)
    assert (again.status_code, again.json()["code"]) == (401, "auth.token_invalid")


async def test_at_once_the_token_still_begins_one_sign_in(
    stage: Stage, rehearsal: Rehearsal
) -> None:
    settings = provider_settings(stage.settings, rehearsal)
    token = rehearsal.clerk_token("ada")
    async with running(create_app(settings)) as client:
        answers = await asyncio.gather(*(exchange(client, token) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    async with stage.database.read(Scope.system()) as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (User, RefreshFamily)
        ]
    assert counts == [1, 1]


async def test_the_tokens_own_claims_spare_the_question(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    token = rehearsal.clerk_token("ada", email="own@northwind.example", email_verified=True)
    user = (await exchange(portal, token)).json()["user"]
    assert user["email"] == "own@northwind.example"
    assert not [path for path in rehearsal.issuers.calls if path.startswith("/v1/users")]


async def test_the_backend_api_is_asked_once(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    for name in ("ada", "ada", "eve"):
        await exchange(portal, rehearsal.clerk_token(name))
        await portal.get(f"{API}/users/me", headers=rehearsal.clerk(name))
    asked = {path: n for path, n in rehearsal.issuers.calls.items() if path.startswith("/v1/users")}
    assert set(asked.values()) == {1}
    assert len(asked) == 2


async def test_a_verified_address_links(portal: httpx.AsyncClient, rehearsal: Rehearsal) -> None:
    local = (await register(portal, "Ada@Northwind.example")).json()["user"]
    user = (await exchange(portal, rehearsal.clerk_token("ada"))).json()["user"]
    assert user["id"] == local["id"]
    assert (await log_in(portal, "ada@northwind.example")).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "ned@northwind.example"},
        {"email": "ned@northwind.example", "email_verified": False},
        {"email": "ned@northwind.example", "email_verified": "true"},
    ],
)
async def test_an_unverified_address_does_not(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, claims: dict[str, Any]
) -> None:
    local = (await register(portal, "ned@northwind.example")).json()["user"]
    user = (await exchange(portal, rehearsal.clerk_token("ned", **claims))).json()["user"]
    assert user["id"] != local["id"]
    assert user["email"] == ""
    assert (await log_in(portal, "ned@northwind.example")).status_code == 200


async def test_a_sign_in_stays_in_the_organization_that_its_token_named(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    """Clerk's token names the active organization only; without one, none of Clerk's counts."""
    inside = await exchange(portal, rehearsal.clerk_token("ada"))
    outside = await exchange(portal, rehearsal.clerk_token("ada", o=None))
    own = [
        (await portal.get(f"{API}/organizations/me", headers=bearer(answer))).status_code
        for answer in (inside, outside)
    ]
    assert own == [200, 403]
    assert outside.json()["user"]["organization_id"] is None
    assert (await refreshed(portal, outside)).json()["user"]["organization_id"] is None
    bare = await portal.get(f"{API}/organizations/me", headers=rehearsal.clerk("ada", o=None))
    assert (bare.status_code, bare.json()["code"]) == (403, "organization.required")
    again = await portal.get(f"{API}/organizations/me", headers=rehearsal.clerk("ada"))
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("role", "expected"),
    [("admin", "admin"), ("manager", "admin"), ("billing", "staff"), ("member", "candidate")],
)
async def test_roles_in_an_organization(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, role: str, expected: str
) -> None:
    headers = rehearsal.clerk("eve", o={"id": "org_1", "slg": "small", "rol": role})
    user = (await portal.get(f"{API}/users/me", headers=headers)).json()
    assert (user["role"], user["organization_name"]) == (expected, "small")


async def test_an_impersonated_sign_in_is_marked(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    actor = {"iss": "https://dashboard.clerk.com", "sub": "user_2support", "sid": "sess_1"}
    answer = await exchange(portal, rehearsal.clerk_token("ada", act=actor))
    assert answer.status_code == 200
    async with database.read(Scope.system()) as session:
        marked = await session.scalar(select(RefreshFamily.impersonated_by))
    assert marked == "user_2support"


async def test_a_disabled_user_stays_out(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    user = (await exchange(portal, rehearsal.clerk_token("ada"))).json()["user"]
    async with database.write(Scope.system()) as session:
        await session.execute(update(User).where(User.id == user["id"]).values(is_active=False))
    answer = await exchange(portal, rehearsal.clerk_token("ada"))
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.account_disabled")


@pytest.mark.parametrize("faults", [Faults(status=500), Faults(status=401), Faults(body="garbage")])
async def test_a_newcomer_waits_while_clerk_cannot_be_asked(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, faults: Faults
) -> None:
    known = await exchange(portal, rehearsal.clerk_token("ada"))
    rehearsal.issuers.faults = faults
    answer = await exchange(portal, rehearsal.clerk_token("eve"))
    assert (answer.status_code, answer.json()["code"]) == (503, "auth.provider_unavailable")
    assert answer.headers["retry-after"] == "5"
    assert (await exchange(portal, rehearsal.clerk_token("ada"))).status_code == 200
    assert (await portal.get(f"{API}/users/me", headers=bearer(known))).status_code == 200
    rehearsal.issuers.faults = Faults()
    assert (await exchange(portal, rehearsal.clerk_token("eve"))).status_code == 200


async def test_not_configured_is_said(client: httpx.AsyncClient, rehearsal: Rehearsal) -> None:
    answer = await exchange(client, rehearsal.clerk_token("ada"))
    assert (answer.status_code, answer.json()["code"]) == (503, "auth.clerk_not_configured")
    for headers in (rehearsal.clerk("ada"), rehearsal.keycloak("ada")):
        bearing = await client.get(f"{API}/users/me", headers=headers)
        assert (bearing.status_code, bearing.json()["code"]) == (401, "auth.token_invalid")


async def test_the_exchange_takes_clerks_tokens_only(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    local = await register(portal, "someone@northwind.example")
    keycloak = rehearsal.keycloak("ada")["Authorization"].removeprefix("Bearer ")
    for token in (local.json()["access_token"], keycloak, "mt_machine", "oat_x", "ak_y", "x"):
        answer = await exchange(portal, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_invalid")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("clerk", "claims", "status"),
    [
        ({}, {"azp": None}, 200),
        ({"azp": "required"}, {"azp": None}, 401),
        ({"azp": "required"}, {}, 200),
        ({}, {"azp": "https://evil.example"}, 401),
        ({}, {"azp": 7}, 401),
        ({"authorized_parties": ()}, {}, 401),
        ({"authorized_parties": ()}, {"azp": "https://front.example"}, 200),
        ({"authorized_parties": ("https://a.example", ORIGIN)}, {}, 200),
    ],
)
async def test_the_authorized_party(
    settings: Settings,
    database: Database,
    rehearsal: Rehearsal,
    clerk: dict[str, Any],
    claims: dict[str, Any],
    status: int,
) -> None:
    """Without a list the origins of CORS_ORIGINS count: azp is the Origin of a browser."""
    own = provider_settings(settings, rehearsal, secret_key=SecretStr(""), **clerk)
    async with running(create_app(own, database=database)) as client:
        answer = await exchange(client, rehearsal.clerk_token("eve", **claims))
    assert answer.status_code == status, answer.text


async def test_a_busy_frontend_server_locks_nobody_out(
    settings: Settings, database: Database, rehearsal: Rehearsal
) -> None:
    """Good exchanges count against the person, bad ones against the address."""
    limits = LimitSettings(rate_limits="on")
    own = provider_settings(settings, rehearsal).model_copy(update={"limits": limits})
    good = rehearsal.clerk_token("ada")
    async with running(create_app(own, database=database)) as client:
        forged = [(await exchange(client, good[:-9] + "AAAAAAAAA")).status_code for _ in range(110)]
        assert (forged[0], forged[-1]) == (401, 429)
        mine = [await exchange(client, good) for _ in range(36)]
        assert (mine[0].status_code, mine[-1].status_code) == (200, 429)
        assert mine[-1].headers["ratelimit-policy"].count("auth.token_exchange") == 1
        assert (await exchange(client, rehearsal.clerk_token("eve"))).status_code == 200
