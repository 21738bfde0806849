"""That what people do is in the log: one entry an act, by whom, to what, and nothing personal."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.core.audit_model import AuditEntry
from app.core.caller import caller_network, connection
from app.core.db import Database, Scope
from tests.claims.api.samples import GOOD, make_job, make_practice, make_running_job
from tests.people import API, Crew, bearer, log_in, register


async def entries(database: Database, *, room: str = "") -> list[AuditEntry]:
    """The entries in the order in which they were written."""
    async with database.read(Scope.system()) as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [entry for entry in found if entry.action.startswith(room)]


def told(entry: AuditEntry) -> tuple[Any, ...]:
    return (entry.action, entry.actor_id, entry.organization_id, entry.subject_id)


async def test_signing_in_and_out(client: httpx.AsyncClient, database: Database) -> None:
    registered = await register(client)
    user_id = registered.json()["user"]["id"]
    assert (await log_in(client, password="wrong horse battery")).status_code == 401
    assert (await log_in(client, email="nobody@example.com")).status_code == 401
    entered = await log_in(client)
    assert entered.status_code == 200
    await client.post(f"{API}/login/logout", headers=bearer(entered))
    found = await entries(database)
    assert [(entry.action, entry.subject_id) for entry in found] == [
        ("accounts.registered", user_id),
        ("accounts.signed_in", user_id),
        ("accounts.sign_in_failed", user_id),
        ("accounts.sign_in_failed", ""),
        ("accounts.signed_in", user_id),
        ("accounts.signed_out", user_id),
    ]
    assert [str(entry.actor_id) for entry in found] == [
        user_id,
        user_id,
        "None",
        "None",
        user_id,
        user_id,
    ]
    assert found[4].detail["family"] == found[5].detail["family"]
    assert {entry.network for entry in found} == {"127.0.0.0/24"}
    assert found[4].request_id == entered.headers["x-request-id"]
    written = json.dumps([[*told(entry), entry.detail] for entry in found], default=str)
    assert "ada" not in written.lower()


async def test_a_token_used_twice(client: httpx.AsyncClient, database: Database) -> None:
    token = first = (await register(client)).json()["refresh_token"]
    for _ in range(2):
        answer = await client.post(f"{API}/login/refresh-token", json={"refresh_token": token})
        token = answer.json()["refresh_token"]
    reused = await client.post(f"{API}/login/refresh-token", json={"refresh_token": first})
    assert reused.json()["code"] == "auth.refresh_reused"
    last = (await entries(database))[-1]
    assert (last.action, last.actor_id) == ("accounts.refresh_reused", None)
    assert last.detail["reason"] == "reuse"


async def test_changing_people(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    place = f"{API}/users/{crew.employer.id}"
    for change in ({"role": "staff"}, {"is_active": False}, {"is_active": True, "role": "staff"}):
        answer = await client.patch(place, json=change, headers=crew.admin.headers)
        assert answer.status_code == 200
    await client.patch(place, json={"full_name": "Emmy Noether"}, headers=crew.admin.headers)
    refused = await client.patch(place, json={"role": "admin"}, headers=crew.stranger.headers)
    assert refused.status_code == 404
    found = await entries(database)
    who = (crew.admin.id, crew.organization_id, str(crew.employer.id))
    expected = ("role_changed", "disabled", "enabled", "renamed")
    assert [told(entry) for entry in found] == [(f"accounts.{verb}", *who) for verb in expected]
    assert found[0].detail == {"before": "employer", "after": "staff"}


async def test_organizations(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    founder = {**crew.candidate.headers, "Idempotency-Key": "once"}
    made = await client.post(f"{API}/organizations", json={"name": "Fab"}, headers=founder)
    again = await client.post(f"{API}/organizations", json={"name": "Fab"}, headers=founder)
    assert (made.status_code, again.status_code) == (201, 201)
    admin = crew.admin.headers
    members = f"{API}/organizations/me/members"
    await client.put(f"{API}/organizations/me", json={"name": "Northwind Ltd"}, headers=admin)
    member = f"{members}/{crew.viewer.id}"
    assert (await client.patch(member, json={"role": "staff"}, headers=admin)).status_code == 200
    assert (await client.delete(member, headers=admin)).status_code == 204
    body = {"email": crew.viewer.email, "role": "viewer"}
    assert (await client.post(members, json=body, headers=admin)).status_code == 201
    logo = f"{API}/organizations/me/logo"
    assert (await client.delete(logo, headers=admin)).status_code == 200
    found = await entries(database)
    here, viewer = crew.organization_id, str(crew.viewer.id)
    assert str(found[0].organization_id) == made.json()["id"]
    assert (found[0].action, found[0].actor_id) == ("organizations.created", crew.candidate.id)
    assert [told(entry) for entry in found[1:]] == [
        ("organizations.updated", crew.admin.id, here, str(here)),
        ("organizations.role_changed", crew.admin.id, here, viewer),
        ("organizations.member_removed", crew.admin.id, here, viewer),
        ("organizations.member_added", crew.admin.id, here, viewer),
    ]
    assert found[-1].detail == {"role": "viewer"}


async def test_claim_files(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    staff = crew.staff.headers
    file = {"file": ("dupont_marie.csv", GOOD.encode(), "text/csv")}
    made = await client.post(f"{API}/claims/bulk/upload", files=file, headers=staff)
    assert made.status_code == 201, made.text
    created = made.json()["id"]
    for _ in range(2):
        await client.post(f"{API}/claims/csv-jobs/{created}/cancel", headers=staff)
    assert (
        await client.post(f"{API}/claims/csv-jobs/{created}/retry", headers=staff)
    ).status_code == 200
    ended = await make_job(database, crew.organization_id)
    for path in ("", "/progress", "/rows", "/rows?status=failed", "/results", "/errors"):
        answer = await client.get(f"{API}/claims/csv-jobs/{ended}{path}", headers=staff)
        assert answer.status_code == 200
    query = {"scope": "succeeded", "format": "jsonl"}
    place = f"{API}/claims/csv-jobs/{ended}/download_results"
    assert (await client.get(place, params=query, headers=staff)).status_code == 200
    removed = await client.delete(f"{API}/claims/csv-jobs/{ended}", headers=staff)
    assert removed.status_code == 204
    found = await entries(database, room="claims.")
    by = (crew.staff.id, crew.organization_id)
    assert [told(entry) for entry in found] == [
        ("claims.job_created", *by, created),
        ("claims.job_cancelled", *by, created),
        ("claims.job_retried", *by, created),
        ("claims.rows_read", *by, str(ended)),
        ("claims.rows_read", *by, str(ended)),
        ("claims.results_read", *by, str(ended)),
        ("claims.errors_read", *by, str(ended)),
        ("claims.results_read", *by, str(ended)),
        ("claims.job_removed", *by, str(ended)),
    ]
    assert found[0].detail == {"rows": made.json()["total_rows"], "provider": "uhc"}
    assert found[5].detail["scope"] == "all"
    assert found[6].detail["scope"] == "failed"
    assert (found[7].detail["scope"], found[7].detail["format"]) == ("succeeded", "jsonl")
    assert found[8].detail["status"] == "completed"
    assert "dupont" not in json.dumps([entry.detail for entry in found])


async def test_nothing_is_noted_of_what_was_refused(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    running = await make_running_job(database, crew.organization_id)
    place = f"{API}/claims/csv-jobs/{running}"
    assert (await client.delete(place, headers=crew.staff.headers)).status_code == 409
    for path in ("/rows", "/results", "/errors"):
        answer = await client.get(f"{place}{path}", headers=crew.stranger.headers)
        assert answer.status_code == 404
    assert await entries(database) == []


async def test_practices(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    admin = crew.admin.headers
    body = {"name": "Cabinet Lefèvre", "tin": "471000002"}
    made = await client.post(f"{API}/practices", json=body, headers=admin)
    number = made.json()["id"]
    place = f"{API}/practices/{number}"
    change = {"name": "Cabinet Lefèvre & Fils", "npi": None}
    assert (await client.patch(place, json=change, headers=admin)).status_code == 200
    assert (await client.delete(place, headers=admin)).status_code == 204
    other = await make_practice(database, crew.organization_id)
    assert (
        await client.delete(f"{API}/practices/{other}", headers=crew.stranger.headers)
    ).status_code == 404
    found = await entries(database)
    by = (crew.admin.id, crew.organization_id, str(number))
    expected = [f"practices.{verb}" for verb in ("created", "updated", "removed")]
    assert [told(entry) for entry in found] == [(action, *by) for action in expected]
    assert found[1].detail == {"fields": "name,npi"}


async def test_a_forged_header_does_not_get_into_the_log(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    headers = {**crew.admin.headers, "X-Forwarded-For": "198.51.100.77"}
    await client.put(f"{API}/organizations/me", json={"name": "N"}, headers=headers)
    (entry,) = await entries(database)
    assert entry.network == "127.0.0.0/24"


@pytest.mark.parametrize(
    ("address", "network"),
    [("198.51.100.77", "198.51.100.0/24"), ("2001:db8:1234:5678::9", "2001:db8:1234::/48")],
)
def test_the_network_behind_a_trusted_proxy_is_coarse(address: str, network: str) -> None:
    headers = [(b"x-forwarded-for", f"1.2.3.4, {address}".encode())]
    token = connection.set(({"client": ("10.0.0.1", 1), "headers": headers}, 1))
    try:
        assert caller_network() == network
    finally:
        connection.reset(token)
    assert caller_network() is None
