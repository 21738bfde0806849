"""Members: adding, changing, leaving, and the last admin."""

import asyncio
from uuid import UUID

import httpx
import pytest

from app.accounts.errors import LastAdmin
from app.core.db import Scope
from app.core.ids import new_id
from app.organizations import service
from tests.conftest import Stage
from tests.people import API, Crew, make_crew, register

MEMBERS = f"{API}/organizations/me/members"


async def test_an_admin_adds_by_address(client: httpx.AsyncClient, crew: Crew) -> None:
    body = {"email": crew.candidate.email.upper(), "role": "staff"}
    added = await client.post(MEMBERS, json=body, headers=crew.admin.headers)
    assert added.status_code == 201
    member = added.json()
    assert (member["user_id"], member["role"]) == (str(crew.candidate.id), "staff")
    assert member["email"] == crew.candidate.email
    me = (await client.get(f"{API}/users/me", headers=crew.candidate.headers)).json()
    assert (me["role"], me["organization_id"]) == ("staff", str(crew.organization_id))
    page = (await client.get(f"{MEMBERS}/", headers=crew.admin.headers)).json()
    assert str(crew.candidate.id) in {one["user_id"] for one in page["results"]}
    assert len(page["results"]) == 5


async def test_adding_twice_with_a_key_is_once(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = {**crew.admin.headers, "Idempotency-Key": "add-once"}
    body = {"email": crew.candidate.email, "role": "staff"}
    answers = [await client.post(MEMBERS, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_nobody_is_drawn_away_from_another_organization(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    for actor in (crew.stranger, crew.staff):
        body = {"email": actor.email, "role": "viewer"}
        answer = await client.post(MEMBERS, json=body, headers=crew.admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "organization.already_member")


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ada@example.com"},
        {"email": "ada@example.com", "role": "owner"},
        {"email": "ada@example.com", "role": "staff", "organization_id": str(new_id())},
        {"email": "ada", "role": "staff"},
    ],
)
async def test_what_a_member_is_not(
    client: httpx.AsyncClient, crew: Crew, body: dict[str, object]
) -> None:
    answer = await client.post(MEMBERS, json=body, headers=crew.admin.headers)
    assert answer.status_code == 422


async def test_roles_change_and_are_felt(client: httpx.AsyncClient, crew: Crew) -> None:
    url = f"{MEMBERS}/{crew.viewer.id}"
    assert (await client.get(MEMBERS, headers=crew.viewer.headers)).status_code == 403
    changed = await client.patch(url, json={"role": "admin"}, headers=crew.admin.headers)
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    assert (await client.get(MEMBERS, headers=crew.viewer.headers)).status_code == 200


async def test_a_foreign_member_answers_like_a_missing_one(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    for method, body in (("PATCH", {"role": "viewer"}), ("DELETE", None)):
        bodies = []
        for user_id in (crew.stranger.id, crew.candidate.id, new_id()):
            answer = await client.request(
                method, f"{MEMBERS}/{user_id}", json=body, headers=crew.admin.headers
            )
            assert answer.status_code == 404
            bodies.append({**answer.json(), "request_id": "", "instance": ""})
        assert bodies == [bodies[0]] * 3


async def test_an_admin_removes_and_a_member_leaves(client: httpx.AsyncClient, crew: Crew) -> None:
    removed = await client.delete(f"{MEMBERS}/{crew.staff.id}", headers=crew.admin.headers)
    assert removed.status_code == 204
    left = await client.delete(f"{MEMBERS}/{crew.viewer.id}", headers=crew.viewer.headers)
    assert left.status_code == 204
    for actor in (crew.staff, crew.viewer):
        me = (await client.get(f"{API}/users/me", headers=actor.headers)).json()
        assert (me["role"], me["organization_id"]) == ("candidate", None)
        own = await client.get(f"{API}/organizations/me", headers=actor.headers)
        assert own.json()["code"] == "organization.required"


async def test_the_last_admin_neither_leaves_nor_steps_down(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    url = f"{MEMBERS}/{crew.admin.id}"
    left = await client.delete(url, headers=crew.admin.headers)
    assert (left.status_code, left.json()["code"]) == (409, "organization.last_admin")
    lowered = await client.patch(url, json={"role": "staff"}, headers=crew.admin.headers)
    assert (lowered.status_code, lowered.json()["code"]) == (409, "organization.last_admin")
    same = await client.patch(url, json={"role": "admin"}, headers=crew.admin.headers)
    assert same.status_code == 200


async def test_two_admins_who_demote_each_other_leave_one(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)
    scope = Scope.tenant(crew.organization_id)
    async with stage.database.write(scope) as session:
        await service.update_member(
            session,
            organization_id=crew.organization_id,
            user_id=crew.staff.id,
            role="admin",
            by=crew.admin.id,
        )

    async def demote(user_id: UUID) -> None:
        async with stage.database.write(scope) as session:
            await service.update_member(
                session,
                organization_id=crew.organization_id,
                user_id=user_id,
                role="viewer",
                by=user_id,
            )
            await asyncio.sleep(0.05)

    results = await asyncio.gather(
        demote(crew.admin.id), demote(crew.staff.id), return_exceptions=True
    )
    assert [type(one) for one in results if one] == [LastAdmin]


async def test_two_organizations_that_add_the_same_person_get_them_once(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)

    async def add(organization_id: UUID) -> None:
        async with stage.database.write(Scope.tenant(organization_id)) as session:
            await service.add_member(
                session,
                organization_id=organization_id,
                email=crew.candidate.email,
                role="staff",
                by=crew.admin.id,
            )
            await asyncio.sleep(0.05)

    results = await asyncio.gather(
        add(crew.organization_id), add(crew.other_organization_id), return_exceptions=True
    )
    assert [type(one).__name__ for one in results if one] == ["AlreadyMember"]


async def test_a_disabled_person_cannot_be_added(client: httpx.AsyncClient, crew: Crew) -> None:
    await register(client)
    user_id = (await client.get(f"{API}/users", headers=crew.superuser.headers)).json()["results"][
        0
    ]["id"]
    await client.patch(
        f"{API}/users/{user_id}", json={"is_active": False}, headers=crew.superuser.headers
    )
    body = {"email": "ada@example.com", "role": "viewer"}
    answer = await client.post(MEMBERS, json=body, headers=crew.admin.headers)
    assert answer.status_code == 404
