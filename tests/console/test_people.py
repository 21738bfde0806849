"""People and roles in the console: who is shown, who may act, and what a second click does."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from app.core.audit_model import AuditEntry
from app.core.clock import now
from app.core.db import Database, Scope, WriteSession
from app.mail.models import Mail
from app.main import Intake
from app.organizations import service
from app.organizations.errors import AlreadyMember
from app.organizations.models import Invite, Membership, Organization
from tests.people import API, Crew, register

HERE = {"Sec-Fetch-Site": "same-origin"}
PEOPLE = "/console/people"
NEWCOMER = "grâce@example.com".replace("â", "a")


async def post(
    client: httpx.AsyncClient, crew: Crew, path: str = "", by: str = "admin", **form: str
) -> httpx.Response:
    headers = {**crew.headers(by), **HERE}
    return await client.post(PEOPLE + path, data=form, headers=headers)


async def invited(client: httpx.AsyncClient, database: Database, crew: Crew) -> str:
    answer = await post(client, crew, email=NEWCOMER, role="viewer")
    assert answer.headers["location"] == f"{PEOPLE}?said=invited", answer.text
    async with database.read(Scope.system()) as session:
        return str((await session.scalars(select(Invite.id))).one())


async def count_mails(database: Database) -> int:
    async with database.read(Scope.system()) as session:
        return len((await session.scalars(select(Mail.id))).all())


async def test_members_are_shown_with_role_and_last_sign_in(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    page = await client.get(PEOPLE, headers=crew.admin.headers)
    for actor in (crew.admin, crew.staff, crew.viewer, crew.employer):
        assert actor.email in page.text
    assert crew.stranger.email not in page.text
    assert "The last admin stays" in page.text
    assert f"/{crew.admin.id}/remove" not in page.text
    assert f"/{crew.staff.id}/remove" in page.text
    assert page.text.count("<time") > 8
    french = await client.get(PEOPLE, headers={**crew.admin.headers, "Accept-Language": "fr"})
    assert "Le dernier admin reste" in french.text
    narrowed = await client.get(f"{PEOPLE}?group=staff", headers=crew.admin.headers)
    assert crew.staff.email in narrowed.text
    assert crew.viewer.email not in narrowed.text
    found = await client.get(f"{PEOPLE}?text=VIEWER.", headers=crew.admin.headers)
    assert crew.viewer.email in found.text
    assert crew.staff.email not in found.text
    nobody = await client.get(f"{PEOPLE}?text=%25", headers=crew.admin.headers)
    assert "Nobody here" in nobody.text


async def test_pages_follow_one_another_and_say_what_was_done_once(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    page = await client.get(f"{PEOPLE}?limit=2&said=changed", headers=crew.admin.headers)
    assert "The role is changed" in page.text
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following is not None
    assert "said" not in following[1]
    second = await client.get(following[1].replace("&amp;", "&"), headers=crew.admin.headers)
    assert second.status_code == 200
    assert 'rel="prev"' in second.text
    shown = {one.email for one in (crew.admin, crew.staff, crew.viewer, crew.employer)}
    assert sum(email in page.text for email in shown) == 2
    assert all((email in page.text) != (email in second.text) for email in shown)


async def test_only_admins_come_here_and_only_to_their_own(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    invite_id = await invited(client, database, crew)
    paths = (
        "",
        f"/{crew.viewer.id}/role",
        f"/{crew.viewer.id}/remove",
        f"/invites/{invite_id}/resend",
        f"/invites/{invite_id}/withdraw",
    )
    for by in ("staff", "viewer", "employer"):
        assert (await client.get(PEOPLE, headers=crew.headers(by))).status_code == 403
        for path in paths:
            refused = await post(client, crew, path, by, email="x@example.com", role="admin")
            assert refused.status_code == 403, path
        start = await client.get("/console", headers=crew.headers(by))
        assert PEOPLE not in start.text
    for path in paths[1:]:
        answer = await post(client, crew, path, "stranger", role="admin")
        assert answer.status_code == 404, path
    other = await client.get(PEOPLE, headers=crew.stranger.headers)
    assert NEWCOMER not in other.text
    lost = await client.get(PEOPLE, headers=crew.candidate.headers)
    assert lost.headers["location"] == "/console/organization"


async def test_who_has_an_account_is_added_and_all_others_are_invited(
    client: httpx.AsyncClient, app: Intake, database: Database, crew: Crew
) -> None:
    await register(client)
    added = await post(client, crew, email=" ada@example.com ", role="staff")
    assert added.headers["location"] == f"{PEOPLE}?said=added"
    again = await post(client, crew, email="ada@example.com", role="staff")
    assert again.status_code == 422
    assert "belongs to an organization already" in again.text
    assert 'value="ada@example.com"' in again.text
    wrong = await post(client, crew, email="no address", role="staff")
    assert "This is no e-mail address." in wrong.text
    await invited(client, database, crew)
    page = await client.get(f"{PEOPLE}?group=invited", headers=crew.admin.headers)
    assert NEWCOMER in page.text
    assert "opens for 7 days" in page.text
    assert "Invited <span>1</span>" in page.text
    del app


async def test_a_role_is_changed_and_counts_at_once(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    path = f"/{crew.viewer.id}/role"
    for _ in range(2):
        changed = await post(client, crew, path, role="staff")
        assert changed.headers["location"] == f"{PEOPLE}?said=changed"
    async with database.read(Scope.system()) as session:
        acts = select(AuditEntry.id).where(AuditEntry.action == "organizations.role_changed")
        assert len((await session.scalars(acts)).all()) == 1
    assert (await client.get("/console/upload", headers=crew.viewer.headers)).status_code == 200
    assert (await post(client, crew, path, role="owner")).status_code == 422


async def test_the_last_admin_stays(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    for path, form in (("role", {"role": "viewer"}), ("remove", {})):
        headers = {**crew.admin.headers, **HERE, "Accept-Language": "fr"}
        place = f"{PEOPLE}/{crew.admin.id}/{path}"
        refused = await client.post(place, data=form, headers=headers)
        assert refused.status_code == 409
        assert "Une organisation garde au moins un admin" in refused.text
        page = await client.get(PEOPLE, headers=crew.admin.headers)
        assert "The last admin stays" in page.text
    async with database.read(Scope.system()) as session:
        acts = select(AuditEntry.action).where(AuditEntry.actor_id == crew.admin.id)
        assert (await session.scalars(acts)).all() == []


async def test_an_action_that_is_refused_half_way_leaves_nothing(
    client: httpx.AsyncClient, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written_then_refused(session: WriteSession, **_: object) -> None:
        await session.execute(update(Organization).values(name="Half"))
        raise AlreadyMember

    monkeypatch.setattr(service, "remove_member", written_then_refused)
    refused = await post(client, crew, f"/{crew.staff.id}/remove")
    assert refused.status_code == 409
    async with database.read(Scope.system()) as session:
        assert "Half" not in (await session.scalars(select(Organization.name))).all()


async def test_a_member_is_removed_once(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    path = f"/{crew.staff.id}/remove"
    assert (await post(client, crew, path)).headers["location"] == f"{PEOPLE}?said=removed"
    assert (await post(client, crew, path)).status_code == 404
    async with database.read(Scope.system()) as session:
        left = select(Membership.user_id).where(Membership.user_id == crew.staff.id)
        assert (await session.scalars(left)).all() == []


async def test_an_invitation_is_sent_again_once_a_minute_and_withdrawn(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    invite_id = await invited(client, database, crew)
    resend, withdraw = (f"/invites/{invite_id}/{act}" for act in ("resend", "withdraw"))
    said = f"{PEOPLE}?said=resent"
    assert (await post(client, crew, resend)).headers["location"] == said
    assert await count_mails(database) == 1
    async with database.write(Scope.system()) as session:
        older = now() + timedelta(days=2)
        await session.execute(update(Invite).values(expires_at=older, token_hash=b"former"))
    assert (await post(client, crew, resend)).headers["location"] == said
    assert (await post(client, crew, resend)).headers["location"] == said
    assert await count_mails(database) == 2
    async with database.read(Scope.system()) as session:
        renewed = (await session.scalars(select(Invite))).one()
        assert renewed.token_hash != b"former"
        assert renewed.expires_at > now() + timedelta(days=6)
    gone = await post(client, crew, withdraw)
    assert gone.headers["location"] == f"{PEOPLE}?said=withdrawn"
    for path in (withdraw, resend):
        assert (await post(client, crew, path)).status_code == 404


async def test_who_keeps_an_organization_elsewhere_is_told(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    async with database.write(Scope.system()) as session:
        kept = {"issuer": "https://id.example", "external_alias": "northwind"}
        here = Organization.id == crew.organization_id
        await session.execute(update(Organization).where(here).values(**kept))
    page = await client.get(PEOPLE, headers=crew.admin.headers)
    assert "kept by an identity provider" in page.text
    listed = await client.get(f"{API}/organizations/me/members", headers=crew.admin.headers)
    assert len(listed.json()["results"]) == 4
