"""Invitations: asked by mail, joined by the link in it, taken back, and never for somebody else."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, text

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.main import create_app
from app.organizations.models import Invite
from app.organizations.tasks import purge_invites
from tests.conftest import running
from tests.mail.reading import Letter, acts, context_of, letters, newest
from tests.people import API, PASSWORD, Crew, bearer, register

MEMBERS = f"{API}/organizations/me/members"
INVITES = f"{API}/organizations/me/invites"
LINK = f"{API}/invites"
GRACE = "grace@example.com"


async def invite(
    client: httpx.AsyncClient, crew: Crew, email: str = GRACE, role: str = "staff"
) -> httpx.Response:
    headers = {**crew.admin.headers, "Accept-Language": "fr"}
    return await client.post(MEMBERS, json={"email": email, "role": role}, headers=headers)


async def invited(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> Letter:
    """The mail that somebody gets who is invited now."""
    answer = await invite(client, crew)
    assert answer.status_code == 202, answer.text
    return await newest(database, settings, "invite")


def joining(letter: Letter) -> dict[str, str]:
    return {"token": letter.token, "password": PASSWORD, "full_name": "Grace Hopper"}


async def test_somebody_without_an_account_is_invited_and_joins(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    answer = await invite(client, crew)
    pending = answer.json()
    assert answer.headers["location"].endswith(f"/me/invites/{pending['invite_id']}")
    assert (pending["status"], pending["user_id"], pending["email"]) == ("invited", None, GRACE)
    letter = await newest(database, settings, "invite")
    assert (letter.to, letter.language) == (GRACE, "fr")
    assert letter.link.startswith("https://front.example/accept-invite#token=")
    assert letter.context["organization"] == "Northwind"
    shown = await client.post(f"{LINK}/preview", json={"token": letter.token})
    assert (shown.json()["organization_name"], shown.json()["role"]) == ("Northwind", "staff")
    joined = await client.post(f"{LINK}/register", json=joining(letter))
    assert joined.status_code == 201
    user = joined.json()["user"]
    assert (user["email"], user["role"], user["organization_id"]) == (
        GRACE,
        "staff",
        str(crew.organization_id),
    )
    profile = (await client.get(f"{API}/profile/me", headers=bearer(joined))).json()
    assert profile["email_verified_at"] is not None
    page = (await client.get(MEMBERS, headers=crew.admin.headers)).json()
    assert {one["status"] for one in page["results"]} == {"active"}
    done = [act for act in await acts(database) if "invite" in act]
    assert done == ["organizations.invited", "organizations.invite_accepted"]
    for path in ("preview", "register"):
        body = joining(letter) if path == "register" else {"token": letter.token}
        again = await client.post(f"{LINK}/{path}", json=body)
        assert (again.status_code, again.json()["code"]) == (400, "organization.invite_invalid")


async def test_the_list_shows_who_is_invited(
    client: httpx.AsyncClient, crew: Crew, database: Database
) -> None:
    for number in range(3):
        await invite(client, crew, f"zoë.{number}@example.com")
    page = (await client.get(f"{MEMBERS}?limit=4&count=true", headers=crew.admin.headers)).json()
    assert (len(page["results"]), page["count"]) == (4, 7)
    rest = (await client.get(page["next"], headers=crew.admin.headers)).json()
    found = [*page["results"], *rest["results"]]
    assert sorted(one["status"] for one in found) == ["active"] * 4 + ["invited"] * 3
    assert len({one["user_id"] or one["invite_id"] for one in found}) == 7
    other = (await client.get(MEMBERS, headers=crew.stranger.headers)).json()
    assert len(other["results"]) == 1
    async with database.read(Scope.tenant(crew.other_organization_id)) as session:
        assert (await session.scalars(select(Invite))).all() == []


async def test_a_second_invitation_takes_the_place_of_the_first(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    first = await invited(client, crew, database, settings)
    again = await invite(client, crew, GRACE.upper(), "viewer")
    assert again.status_code == 202
    second = await newest(database, settings, "invite")
    assert (await client.post(f"{LINK}/preview", json={"token": first.token})).status_code == 400
    shown = (await client.post(f"{LINK}/preview", json={"token": second.token})).json()
    assert shown["role"] == "viewer"
    page = (await client.get(MEMBERS, headers=crew.admin.headers)).json()
    assert [one["status"] for one in page["results"]].count("invited") == 1


async def test_an_invitation_is_taken_back(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    letter = await invited(client, crew, database, settings)
    invite_id = (await client.get(MEMBERS, headers=crew.admin.headers)).json()["results"][0][
        "invite_id"
    ]
    url = f"{INVITES}/{invite_id}"
    assert (await client.delete(url, headers=crew.stranger.headers)).status_code == 404
    assert (await client.delete(url, headers=crew.admin.headers)).status_code == 204
    assert (await client.delete(url, headers=crew.admin.headers)).status_code == 404
    assert (await acts(database)).count("organizations.invite_revoked") == 1
    assert (await client.post(f"{LINK}/register", json=joining(letter))).status_code == 400


async def test_an_invitation_is_over_after_a_week(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    letter = await invited(client, crew, database, settings)
    async with database.write(Scope.system()) as session:
        row = (await session.scalars(select(Invite))).one()
        assert row.expires_at - row.created_at == timedelta(days=7)
        await session.execute(text("UPDATE invites SET expires_at = now() - interval '2 days'"))
    assert (await client.post(f"{LINK}/register", json=joining(letter))).status_code == 400
    page = (await client.get(MEMBERS, headers=crew.admin.headers)).json()
    assert len(page["results"]) == 4
    await purge_invites(context_of(database, settings))
    async with database.read(Scope.system()) as session:
        assert (await session.scalars(select(Invite))).all() == []


async def test_whoever_registered_meanwhile_accepts_with_their_account(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    letter = await invited(client, crew, database, settings)
    own = bearer(await register(client, GRACE))
    taken = await client.post(f"{LINK}/register", json=joining(letter))
    assert (taken.status_code, taken.json()["code"]) == (409, "accounts.email_taken")
    other = await client.post(
        f"{LINK}/accept", json={"token": letter.token}, headers=crew.candidate.headers
    )
    assert (other.status_code, other.json()["code"]) == (403, "organization.invite_for_another")
    joined = await client.post(f"{LINK}/accept", json={"token": letter.token}, headers=own)
    assert joined.status_code == 200
    me = (await client.get(f"{API}/users/me", headers=own)).json()
    assert (me["role"], me["organization_name"]) == ("staff", "Northwind")
    again = await client.post(f"{LINK}/accept", json={"token": letter.token}, headers=own)
    assert again.status_code == 400


async def test_a_member_of_another_organization_cannot_accept(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    letter = await invited(client, crew, database, settings)
    own = bearer(await register(client, GRACE))
    await client.post(f"{API}/organizations", json={"name": "Fabrikam"}, headers=own)
    answer = await client.post(f"{LINK}/accept", json={"token": letter.token}, headers=own)
    assert (answer.status_code, answer.json()["code"]) == (409, "organization.already_member")


async def test_who_is_added_is_told_and_their_invitation_is_gone(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    await invited(client, crew, database, settings)
    await register(client, GRACE)
    added = await invite(client, crew)
    assert (added.status_code, added.json()["status"]) == (201, "active")
    letter = await newest(database, settings, "member_added")
    assert (letter.to, letter.context["inviter"]) == (GRACE, "Admin")
    page = (await client.get(MEMBERS, headers=crew.admin.headers)).json()
    assert {one["status"] for one in page["results"]} == {"active"}


async def test_people_with_an_account_can_be_asked_first(
    crew: Crew, database: Database, settings: Settings
) -> None:
    asking = settings.model_copy(
        update={"auth": settings.auth.model_copy(update={"members_by_invite": "on"})}
    )
    async with running(create_app(asking, database=database)) as client:
        answer = await invite(client, crew, crew.candidate.email)
        assert (answer.status_code, answer.json()["status"]) == (202, "invited")
        me = (await client.get(f"{API}/users/me", headers=crew.candidate.headers)).json()
        assert me["organization_id"] is None
        letter = await newest(database, settings, "invite")
        body = {"token": letter.token}
        joined = await client.post(f"{LINK}/accept", json=body, headers=crew.candidate.headers)
        assert joined.status_code == 200
        taken = await invite(client, crew, crew.stranger.email)
        assert taken.status_code == 409


async def test_an_invitation_sent_twice_with_a_key_is_one_mail(
    client: httpx.AsyncClient, crew: Crew, database: Database, settings: Settings
) -> None:
    headers = {**crew.admin.headers, "Idempotency-Key": "invite-once"}
    body = {"email": GRACE, "role": "staff"}
    answers = [await client.post(MEMBERS, json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await letters(database, settings)) == 1


@pytest.mark.parametrize(
    "extra", [{"email": "eve@example.com"}, {"role": "admin"}, {"organization_id": "x"}]
)
async def test_a_link_gives_what_was_offered_and_nothing_else(
    client: httpx.AsyncClient,
    crew: Crew,
    database: Database,
    settings: Settings,
    extra: dict[str, str],
) -> None:
    letter = await invited(client, crew, database, settings)
    answer = await client.post(f"{LINK}/register", json={**joining(letter), **extra})
    assert answer.status_code == 422
