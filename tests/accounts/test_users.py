"""Reading and changing users: oneself, one's members, everybody."""

import httpx
import pytest
from sqlalchemy import update

from app.accounts.models import User
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.settings import Settings
from tests.people import API, Crew, bearer, register


async def patch(
    client: httpx.AsyncClient, crew: Crew, actor: str, target: str, **changes: object
) -> httpx.Response:
    user_id = getattr(crew, target).id
    return await client.patch(f"{API}/users/{user_id}", json=changes, headers=crew.headers(actor))


async def test_an_admin_sees_the_own_organization_newest_first(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    answer = await client.get(f"{API}/users/?count=true", headers=crew.admin.headers)
    page = answer.json()
    assert page["count"] == 4
    ids = [user["id"] for user in page["results"]]
    assert ids == sorted(ids, reverse=True)
    assert set(ids) == {
        str(actor.id) for actor in (crew.admin, crew.staff, crew.viewer, crew.employer)
    }
    assert {user["organization_id"] for user in page["results"]} == {str(crew.organization_id)}
    assert {user["role"] for user in page["results"]} == {"admin", "staff", "viewer", "employer"}


async def test_a_superuser_sees_everybody_page_by_page(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    seen: list[str] = []
    url: str | None = f"{API}/users?limit=3"
    while url:
        page = (await client.get(url, headers=crew.superuser.headers)).json()
        seen += [user["id"] for user in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 7


async def test_a_cursor_of_another_organization_is_refused(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    page = (await client.get(f"{API}/users?limit=1", headers=crew.admin.headers)).json()
    answer = await client.get(page["next"], headers=crew.stranger.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "page.cursor_invalid")


async def test_a_foreign_user_answers_like_a_missing_one(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    for method, body in (("GET", None), ("PATCH", {"full_name": "Changed"})):
        answers = [
            await client.request(
                method, f"{API}/users/{user_id}", json=body, headers=crew.admin.headers
            )
            for user_id in (crew.stranger.id, crew.candidate.id, crew.superuser.id, new_id())
        ]
        bodies = [{**answer.json(), "request_id": "", "instance": ""} for answer in answers]
        assert {answer.status_code for answer in answers} == {404}
        assert bodies == [bodies[0]] * 4


async def test_an_admin_changes_a_members_role(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await patch(client, crew, "admin", "staff", role="viewer")
    assert answer.status_code == 200
    assert answer.json()["role"] == "viewer"
    me = await client.get(f"{API}/users/me", headers=crew.staff.headers)
    assert me.json()["role"] == "viewer"
    members = await client.get(f"{API}/organizations/me/members", headers=crew.admin.headers)
    roles = {one["user_id"]: one["role"] for one in members.json()["results"]}
    assert roles[str(crew.staff.id)] == "viewer"


async def test_a_superuser_changes_the_role_of_one_without_an_organization(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    answer = await patch(client, crew, "superuser", "candidate", role="employer")
    assert (answer.status_code, answer.json()["role"]) == (200, "employer")
    member = await patch(client, crew, "superuser", "viewer", role="staff")
    assert (member.status_code, member.json()["role"]) == (200, "staff")
    assert member.json()["organization_id"] == str(crew.organization_id)


@pytest.mark.parametrize("actor", ["candidate", "viewer", "staff", "employer"])
@pytest.mark.parametrize("changes", [{"role": "admin"}, {"is_active": True}])
async def test_nobody_raises_themselves(
    client: httpx.AsyncClient, crew: Crew, actor: str, changes: dict[str, object]
) -> None:
    answer = await patch(client, crew, actor, actor, **changes)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.forbidden")


async def test_everybody_changes_their_own_name(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await patch(client, crew, "candidate", "candidate", full_name="Grace Hopper")
    assert (answer.status_code, answer.json()["full_name"]) == (200, "Grace Hopper")
    me = await client.get(f"{API}/users/me", headers=crew.candidate.headers)
    assert me.json()["full_name"] == "Grace Hopper"


@pytest.mark.parametrize(
    "changes",
    [
        {"is_superuser": True},
        {"organization_id": None},
        {"email": "eve@example.com"},
        {"role": "owner"},
        {"full_name": ""},
        {"full_name": "two\nlines"},
    ],
)
async def test_other_changes_are_refused(
    client: httpx.AsyncClient, crew: Crew, changes: dict[str, object]
) -> None:
    answer = await patch(client, crew, "superuser", "candidate", **changes)
    assert answer.status_code == 422


async def test_the_last_admin_stays_one(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await patch(client, crew, "admin", "admin", role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (409, "organization.last_admin")
    assert (await patch(client, crew, "admin", "staff", role="admin")).status_code == 200
    assert (await patch(client, crew, "admin", "admin", role="viewer")).status_code == 200


async def test_an_admin_neither_locks_themselves_out_nor_outranks_the_platform(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    assert (await patch(client, crew, "admin", "admin", is_active=False)).status_code == 403
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(User).where(User.id == crew.viewer.id).values(is_superuser=True)
        )
    assert (await patch(client, crew, "admin", "viewer", is_active=False)).status_code == 403


async def test_a_disabled_user_is_out_at_once(client: httpx.AsyncClient) -> None:
    """In this process at once, in others within five seconds."""
    made = await register(client)
    admin = await register(client, "admin@example.com")
    headers = bearer(admin)
    await client.post(f"{API}/organizations", json={"name": "Northwind"}, headers=headers)
    member = {"email": "ada@example.com", "role": "staff"}
    await client.post(f"{API}/organizations/me/members", json=member, headers=headers)
    assert (await client.get(f"{API}/users/me", headers=bearer(made))).json()["role"] == "staff"
    user_id = made.json()["user_id"]
    off = await client.patch(f"{API}/users/{user_id}", json={"is_active": False}, headers=headers)
    assert off.json()["is_active"] is False
    refused = await client.get(f"{API}/users/me", headers=bearer(made))
    assert (refused.status_code, refused.json()["code"]) == (401, "auth.token_invalid")
    on = await client.patch(f"{API}/users/{user_id}", json={"is_active": True}, headers=headers)
    assert on.json()["is_active"] is True
    again = await client.get(f"{API}/users/me", headers=bearer(made))
    assert again.status_code == 401, "the sign-in ended when the account was disabled"


async def test_etags_of_users(client: httpx.AsyncClient, crew: Crew) -> None:
    url = f"{API}/users/{crew.staff.id}"
    first = await client.get(url, headers=crew.admin.headers)
    etag = first.headers["etag"]
    same = await client.get(url, headers={**crew.admin.headers, "If-None-Match": etag})
    assert same.status_code == 304
    changed = await client.patch(
        url, json={"role": "viewer"}, headers={**crew.admin.headers, "If-Match": etag}
    )
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    stale = await client.patch(
        url, json={"role": "staff"}, headers={**crew.admin.headers, "If-Match": etag}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "http.precondition_failed")
    again = await client.get(url, headers=crew.admin.headers)
    assert (again.json()["role"], again.headers["etag"]) == ("viewer", changed.headers["etag"])


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "bearer x.y.z", "Token abc", "Bearer a b"],
)
async def test_headers_that_hold_no_good_token(
    client: httpx.AsyncClient, authorization: str
) -> None:
    answer = await client.get(f"{API}/users/me", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] in {"auth.required", "auth.token_invalid"}
