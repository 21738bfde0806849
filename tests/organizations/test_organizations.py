"""Founding organizations, their cards, and in which of them a request acts."""

import httpx
import pytest
from sqlalchemy import insert

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.organizations.models import Membership
from app.organizations.service import slug_of
from tests.people import API, Crew, make_organization

CARD = {
    "name": "Northwind Clinic",
    "website": "https://northwind.example",
    "description": "Care\nand claims.",
    "location": "Lyon",
    "industry": "Health care",
}


async def test_the_founder_becomes_admin(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = crew.candidate.headers
    made = await client.post(f"{API}/organizations/", json=CARD, headers=headers)
    assert made.status_code == 201
    card = made.json()
    assert {name: card[name] for name in CARD} == CARD
    assert made.headers["location"] == f"{API}/organizations/{card['id']}"
    own = await client.get(f"{API}/organizations/me", headers=headers)
    assert own.json() == card
    me = (await client.get(f"{API}/users/me", headers=headers)).json()
    assert (me["role"], me["organization_id"], me["organization_name"]) == (
        "admin",
        card["id"],
        "Northwind Clinic",
    )
    public = await client.get(made.headers["location"])
    assert public.json() == card


async def test_who_belongs_to_one_founds_no_other(client: httpx.AsyncClient, crew: Crew) -> None:
    for actor in (crew.viewer, crew.admin):
        answer = await client.post(f"{API}/organizations", json=CARD, headers=actor.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "organization.already_member")


async def test_a_repeated_founding_is_answered_again(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = {**crew.candidate.headers, "Idempotency-Key": "found-once"}
    first = await client.post(f"{API}/organizations", json=CARD, headers=headers)
    second = await client.post(f"{API}/organizations", json=CARD, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    other = await client.post(f"{API}/organizations", json={"name": "X"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")


async def test_two_of_a_name_have_two_aliases(client: httpx.AsyncClient, crew: Crew) -> None:
    slugs = set()
    for actor in (crew.candidate, crew.superuser):
        made = await client.post(f"{API}/organizations", json=CARD, headers=actor.headers)
        assert made.status_code == 201
        slugs.add(made.json()["slug"])
    assert len(slugs) == 2
    assert "northwind-clinic" in slugs


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Northwind Clinic", "northwind-clinic"),
        ("  Écho & Co. ", "echo-co"),
        ("日本", "organization"),
        ("a" * 120, "a" * 60),
        ("--", "organization"),
    ],
)
def test_aliases(name: str, slug: str) -> None:
    assert slug_of(name) == slug


async def test_an_admin_replaces_the_card(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = crew.admin.headers
    before = await client.get(f"{API}/organizations/me", headers=headers)
    guarded = {**headers, "If-Match": before.headers["etag"]}
    put = await client.put(f"{API}/organizations/me", json=CARD, headers=guarded)
    assert put.status_code == 200
    assert put.json()["slug"] == before.json()["slug"]
    assert put.json()["location"] == "Lyon"
    stale = await client.put(f"{API}/organizations/me", json=CARD, headers=guarded)
    assert stale.status_code == 412
    bare = await client.put(f"{API}/organizations/me", json={"name": "N"}, headers=headers)
    assert bare.json()["location"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": "two\nlines"},
        {"website": "javascript:alert(1)"},
        {"slug": "taken"},
        {"id": "0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11"},
    ],
)
async def test_what_a_card_does_not_take(
    client: httpx.AsyncClient, crew: Crew, change: dict[str, object]
) -> None:
    body = {**CARD, **change}
    answer = await client.post(f"{API}/organizations", json=body, headers=crew.candidate.headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("key", ["not-an-id", "7", "0199d3c8"])
async def test_an_id_must_be_one(client: httpx.AsyncClient, key: str) -> None:
    assert (await client.get(f"{API}/organizations/{key}")).status_code == 422


async def test_a_missing_card(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{API}/organizations/{new_id()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "http.not_found")


async def own_name(client: httpx.AsyncClient, headers: dict[str, str]) -> tuple[int, str]:
    answer = await client.get(f"{API}/organizations/me", headers=headers)
    body = answer.json()
    return answer.status_code, body.get("code") or body["name"]


async def test_a_superuser_names_the_organization(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = crew.superuser.headers
    assert await own_name(client, headers) == (403, "organization.required")
    by_id = {**headers, "X-Organization": str(crew.organization_id)}
    assert await own_name(client, by_id) == (200, "Northwind")
    slug = (await client.get(f"{API}/organizations/me", headers=by_id)).json()["slug"]
    assert await own_name(client, {**headers, "X-Organization": slug}) == (200, "Northwind")
    unknown = {**headers, "X-Organization": str(new_id())}
    assert await own_name(client, unknown) == (403, "organization.required")
    members = await client.get(f"{API}/organizations/me/members", headers=by_id)
    assert members.status_code == 200


async def test_naming_a_foreign_organization_opens_nothing(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    """And tells nothing: one that exists answers as one that does not."""
    for name in (str(crew.other_organization_id), str(new_id()), "contoso", "x' OR '1'='1"):
        headers = {**crew.admin.headers, "X-Organization": name}
        assert await own_name(client, headers) == (403, "organization.required")


async def test_who_belongs_to_several_says_which(
    client: httpx.AsyncClient, crew: Crew, database: Database
) -> None:
    async with database.write(Scope.system()) as session:
        second = await make_organization(session, "Fabrikam")
        await session.execute(
            insert(Membership).values(organization_id=second, user_id=crew.staff.id, role="viewer")
        )
    headers = crew.staff.headers
    assert await own_name(client, headers) == (403, "organization.ambiguous")
    chosen = {**headers, "X-Organization": str(second)}
    assert await own_name(client, chosen) == (200, "Fabrikam")
    other = {**headers, "X-Organization": str(crew.organization_id)}
    assert await own_name(client, other) == (200, "Northwind")
