"""Keycloak's access tokens as they stand: recognized, provisioned, followed."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app.accounts.models import ExternalIdentity, User
from app.core.audit_model import AuditEntry
from app.core.db import Database, Scope
from app.dev.issuers.people import CLINIC, HOSPITAL, ORGANIZATIONS
from app.main import create_app
from app.organizations.models import Membership, Organization
from tests.conftest import Stage, running
from tests.issuers import Rehearsal, provider_settings
from tests.people import API, bearer, log_in, register

LATER = 5


async def me(portal: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    answer = await portal.get(f"{API}/users/me", headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_user_and_organization_are_made_at_first_sight(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    user = await me(portal, rehearsal.keycloak("ada"))
    assert (user["email"], user["full_name"]) == ("ada@northwind.example", "Ada Martin")
    assert (user["role"], user["auth_provider"]) == ("admin", "keycloak")
    assert (user["organization_name"], user["is_superuser"]) == (CLINIC, False)
    own = await portal.get(f"{API}/organizations/me", headers=rehearsal.keycloak("ada"))
    assert (own.json()["id"], own.json()["slug"]) == (user["organization_id"], CLINIC)
    colleague = await me(portal, rehearsal.keycloak("max"))
    assert (colleague["organization_id"], colleague["role"]) == (user["organization_id"], "viewer")
    members = await portal.get(f"{API}/organizations/me/members", headers=rehearsal.keycloak("ada"))
    assert {member["role"] for member in members.json()["results"]} == {"admin", "viewer"}


@pytest.mark.parametrize("shape", ["alias", "list", "object", "object_with_id"])
async def test_every_shape_of_the_organization_claim(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, shape: Any
) -> None:
    rehearsal.realm.organization_shape = shape
    assert (await me(portal, rehearsal.keycloak("ada")))["organization_name"] == CLINIC


async def test_an_organization_claim_of_no_shape_names_none(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    headers = rehearsal.keycloak("ada", organization=7)
    assert (await me(portal, headers))["organization_id"] is None
    refused = await portal.get(f"{API}/organizations/me", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "organization.required")


async def test_one_organization_whatever_the_shape_and_the_alias(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    """First seen by its alias, then by its id, then under a new alias with that id."""
    number = ORGANIZATIONS[CLINIC]
    claims: list[Any] = [CLINIC, {CLINIC: {"id": number}}, {"renamed": {"id": number}}, "renamed"]
    found = [
        (await me(portal, rehearsal.keycloak("ada", organization=claim)))["organization_id"]
        for claim in claims
    ]
    assert len(set(found)) == 1
    newer = rehearsal.keycloak("ada", organization={"renamed": {"id": "another"}})
    assert (await me(portal, newer))["organization_id"] not in found
    older = rehearsal.keycloak("ada", organization={"moved": {"id": number}})
    assert (await me(portal, older))["organization_id"] in found


async def test_among_several_organizations_the_header_chooses(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    rehearsal.realm.organization_shape = "object_with_id"
    headers = rehearsal.keycloak("zoe")
    answer = await portal.get(f"{API}/organizations/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "organization.ambiguous")
    seen = set()
    for alias, number in ORGANIZATIONS.items():
        for name in (alias, number):
            chosen = {**headers, "X-Organization": name}
            answer = await portal.get(f"{API}/organizations/me", headers=chosen)
            assert (answer.status_code, answer.json()["name"]) == (200, alias)
            seen.add(answer.json()["id"])
    assert len(seen) == 2
    stranger = {**rehearsal.keycloak("ada"), "X-Organization": HOSPITAL}
    answer = await portal.get(f"{API}/organizations/me", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (403, "organization.required")


async def test_role_and_membership_follow_the_newest_token(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    issued = rehearsal.keycloak_claims("ada")["iat"] - 20
    old = rehearsal.keycloak("ada", iat=issued)
    first = await me(portal, old)
    demoted = rehearsal.keycloak("ada", iat=issued + LATER, groups=["/staff"])
    assert (await me(portal, demoted))["role"] == "staff"
    # The older token is still good, but it raises nobody again.
    assert (await me(portal, old))["role"] == "staff"
    moved = rehearsal.keycloak("ada", iat=issued + 2 * LATER, organization=HOSPITAL)
    assert (await me(portal, moved))["organization_name"] == HOSPITAL
    gone = await portal.get(f"{API}/organizations/me", headers=old)
    assert (gone.status_code, gone.json()["code"]) == (403, "organization.required")
    colleague = rehearsal.keycloak("zoe", organization=CLINIC, groups=["/admin"])
    members = await portal.get(f"{API}/organizations/me/members", headers=colleague)
    assert first["id"] not in {member["user_id"] for member in members.json()["results"]}
    nowhere = rehearsal.keycloak("ada", iat=issued + 3 * LATER, organization=None)
    assert (await me(portal, nowhere))["organization_id"] is None


async def test_name_and_address_follow_too(portal: httpx.AsyncClient, rehearsal: Rehearsal) -> None:
    before = await me(portal, rehearsal.keycloak("ada"))
    married = rehearsal.keycloak("ada", name="Ada Lefèvre", email="ada.lefevre@northwind.example")
    after = await me(portal, married)
    assert after["id"] == before["id"]
    assert (after["full_name"], after["email"]) == ("Ada Lefèvre", "ada.lefevre@northwind.example")


PROFILE = ("email", "email_verified", "name", "given_name", "family_name", "preferred_username")


async def test_a_lightweight_token_is_enough(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    """Without profile claims there is no address and no name; they come when a token tells them."""
    nothing: dict[str, Any] = dict.fromkeys(PROFILE)
    people = [await me(portal, rehearsal.keycloak(name, **nothing)) for name in ("ada", "max")]
    assert [(person["email"], person["full_name"]) for person in people] == [("", ""), ("", "")]
    assert people[0]["id"] != people[1]["id"]
    assert (await log_in(portal, " ")).status_code == 401
    told = await me(portal, rehearsal.keycloak("ada"))
    assert (told["id"], told["email"]) == (people[0]["id"], "ada@northwind.example")
    assert (await me(portal, rehearsal.keycloak("ada", **nothing)))["email"] == told["email"]


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "A\u0000da", "email": "no address", "preferred_username": ["x"]},
        {"name": "\ud800", "email": "a@b@c", "given_name": 7, "family_name": "\u202eevil"},
        {"name": "x" * 1000, "email": "y" * 300 + "@northwind.example"},
        {"email": {"a": 1}, "email_verified": "true", "sid": "\ud800", "jti": [1]},
    ],
)
async def test_odd_claims_are_dropped_and_break_nothing(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, claims: dict[str, Any]
) -> None:
    user = await me(portal, rehearsal.keycloak("ada", **claims))
    assert user["email"] == ""
    assert len(user["full_name"]) <= 200


async def test_a_disabled_user_stays_out(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    user = await me(portal, rehearsal.keycloak("max"))
    admin = rehearsal.keycloak("ada")
    patched = await portal.patch(
        f"{API}/users/{user['id']}", headers=admin, json={"is_active": False}
    )
    assert patched.status_code == 200, patched.text
    for headers in (rehearsal.keycloak("max"), rehearsal.keycloak("max", groups=["/admin"])):
        answer = await portal.get(f"{API}/users/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.account_disabled")
        assert answer.headers["www-authenticate"] == "Bearer"
    async with database.read(Scope.system()) as session:
        role = await session.scalar(select(Membership.role).where(Membership.user_id == user["id"]))
    assert role == "viewer"


async def test_a_verified_address_links_to_a_proven_account(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    local = (await register(portal, "ada@northwind.example")).json()["user"]
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(User).where(User.id == local["id"]).values(email_verified_at=func.now())
        )
    user = await me(portal, rehearsal.keycloak("ada"))
    assert (user["id"], user["auth_provider"]) == (local["id"], "local")
    assert user["full_name"] == local["full_name"]
    assert user["organization_name"] == CLINIC
    assert (await log_in(portal, "ada@northwind.example")).status_code == 200


async def test_linking_drops_what_somebody_else_may_have_planted(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    """Registered by whoever, never proven: the address's owner gets the account, alone."""
    planted = await register(portal, "ada@northwind.example")
    user = await me(portal, rehearsal.keycloak("ada"))
    assert (user["id"], user["auth_provider"]) == (planted.json()["user"]["id"], "keycloak")
    assert (await log_in(portal, "ada@northwind.example")).status_code == 401
    answer = await portal.get(f"{API}/users/me", headers=bearer(planted))
    assert answer.status_code == 401
    refresh = {"refresh_token": planted.json()["refresh_token"]}
    assert (await portal.post(f"{API}/login/refresh-token", json=refresh)).status_code == 401


async def test_an_unverified_address_links_to_nobody(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    local = await register(portal, "ned@northwind.example")
    user = await me(portal, rehearsal.keycloak("ned"))
    assert user["id"] != local.json()["user"]["id"]
    assert user["email"] == ""
    assert (await log_in(portal, "ned@northwind.example")).status_code == 200


async def test_an_unproven_address_goes_to_whoever_proves_it(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    squatter = rehearsal.keycloak("ned", email="ada@northwind.example")
    before = await me(portal, squatter)
    assert before["email"] == "ada@northwind.example"
    owner = await me(portal, rehearsal.clerk("ada"))
    assert (owner["email"], owner["auth_provider"]) == ("ada@northwind.example", "clerk")
    assert owner["id"] != before["id"]


async def test_the_platforms_own_accounts_are_nobodys_to_claim(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    local = (await register(portal, "ada@northwind.example")).json()["user"]
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(User)
            .where(User.id == local["id"])
            .values(is_superuser=True, email_verified_at=func.now())
        )
    user = await me(portal, rehearsal.keycloak("ada"))
    assert (user["id"] == local["id"], user["is_superuser"]) == (False, False)


async def test_an_admin_without_an_organization_lists_nobody(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    headers = rehearsal.keycloak("ada", organization=None)
    assert (await me(portal, headers))["role"] == "admin"
    assert (await portal.get(f"{API}/users", headers=headers)).status_code == 403


async def test_the_last_admin_may_be_demoted_where_keycloak_keeps_the_members(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    await me(portal, rehearsal.keycloak("ada"))
    assert (await me(portal, rehearsal.keycloak("ada", groups=["/staff"])))["role"] == "staff"


async def test_twenty_first_requests_make_one_user_and_one_organization(
    stage: Stage, rehearsal: Rehearsal
) -> None:
    """Over two applications, as two machines would: no memory of one process helps here."""
    settings = provider_settings(stage.settings, rehearsal)
    headers = rehearsal.keycloak("ada")
    colleague = rehearsal.keycloak("max")
    async with (
        running(create_app(settings)) as one,
        running(create_app(settings)) as other,
    ):
        asks = [
            client.get(f"{API}/users/me", headers=who)
            for _ in range(5)
            for client in (one, other)
            for who in (headers, colleague)
        ]
        answers = await asyncio.gather(*asks)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 2
    async with stage.database.read(Scope.system()) as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (User, ExternalIdentity, Organization, Membership)
        ]
    assert counts == [2, 2, 1, 2]


async def test_recognition_is_remembered(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five seconds neither the database nor the issuer is asked about the same claims."""
    headers = rehearsal.keycloak("ada")
    await me(portal, headers)
    asked: list[str] = []
    monkeypatch.setattr(
        "app.accounts.external_queries.find_identity", lambda *_: asked.append("database")
    )
    await me(portal, headers)
    assert asked == []
    assert sum(rehearsal.issuers.calls.values()) == 1


async def test_what_tokens_lead_to_is_in_the_audit_log(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, database: Database
) -> None:
    """One entry an act, ids and codes alone; who is impersonated is marked."""
    issued = rehearsal.keycloak_claims("ada")["iat"] - 20
    user = await me(portal, rehearsal.keycloak("ada", iat=issued))
    await me(portal, rehearsal.keycloak("ada", iat=issued + LATER, organization=None))
    token = rehearsal.clerk_token("ada", act={"sub": "user_2support"}, o=None)
    await portal.post(f"{API}/login/clerk-auth", json={"clerk_token": token})
    async with database.read(Scope.system()) as session:
        found = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    told = [(entry.action, entry.subject_id) for entry in found]
    expected = [
        ("accounts.provisioned", user["id"]),
        ("organizations.provisioned", user["organization_id"]),
        ("organizations.member_placed", user["id"]),
        ("organizations.member_left", user["id"]),
        ("accounts.linked", user["id"]),
        ("accounts.impersonated", user["id"]),
    ]
    assert [entry for entry in told if entry in expected] == expected
    assert found[0].detail == {"provider": "keycloak"}
    written = str([(entry.action, entry.detail) for entry in found]).lower()
    assert not [word for word in ("northwind", "martin", "user_2") if word in written]
