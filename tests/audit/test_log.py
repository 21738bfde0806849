"""The audit log through the API: who sees what, filters, pages, the CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete

from app.accounts.models import User
from app.core import clock
from app.core.audit import Entry, record
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.people import API, Crew

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
JOB = new_id()


@pytest.fixture
async def log(database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> Crew:
    """Six entries of the organization a minute apart, one of another, one of none."""
    here = crew.organization_id
    written = [
        Entry("claims.job_created", crew.staff.id, here, "claim_job", str(JOB), {"rows": 3}),
        Entry("claims.rows_read", crew.viewer.id, here, "claim_job", str(JOB), {"rows": 3}),
        Entry("practices.created", crew.admin.id, here, "practice", "17"),
        Entry("claims.job_removed", crew.staff.id, here, "claim_job", str(JOB), {"rows": 3}),
        Entry("claims.job_purged", None, here, "claim_job", str(new_id())),
        Entry("organizations.updated", crew.admin.id, here, "organization", str(here)),
        Entry("organizations.updated", crew.stranger.id, crew.other_organization_id, "user", ""),
        Entry("accounts.sign_in_failed", None, None, "user", ""),
    ]
    async with database.write(Scope.system()) as session:
        for minute, entry in enumerate(written):
            moment = NOON + timedelta(minutes=minute)
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            record(session, entry)
    monkeypatch.undo()
    return crew


async def ask(client: httpx.AsyncClient, who: str, crew: Crew, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"{API}/audit/", params=query, headers=crew.headers(who))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def actions(body: dict[str, Any]) -> list[str]:
    return [entry["action"] for entry in body["results"]]


HERE = [
    "organizations.updated",
    "claims.job_purged",
    "claims.job_removed",
    "practices.created",
    "claims.rows_read",
    "claims.job_created",
]


async def test_each_sees_what_is_theirs_newest_first(client: httpx.AsyncClient, log: Crew) -> None:
    assert actions(await ask(client, "admin", log)) == HERE
    assert actions(await ask(client, "stranger", log)) == ["organizations.updated"]
    everything = ["accounts.sign_in_failed", "organizations.updated", *HERE]
    assert actions(await ask(client, "superuser", log)) == everything
    there = str(log.other_organization_id)
    assert len(actions(await ask(client, "superuser", log, organization_id=there))) == 1
    assert actions(await ask(client, "admin", log, organization_id=there)) == []
    headers = {**log.superuser.headers, "X-Organization": there}
    named = await client.get(f"{API}/audit", headers=headers)
    assert actions(named.json()) == ["organizations.updated"]


async def test_an_entry_shows_who_it_was(client: httpx.AsyncClient, log: Crew) -> None:
    body = await ask(client, "admin", log, action="claims.job_removed")
    (entry,) = body["results"]
    assert UUID(entry.pop("id")).version == 7
    assert entry == {
        "at": "2026-03-02T12:03:00Z",
        "action": "claims.job_removed",
        "actor_id": str(log.staff.id),
        "actor_email": log.staff.email,
        "actor_name": "Staff",
        "organization_id": str(log.organization_id),
        "subject_type": "claim_job",
        "subject_id": str(JOB),
        "request_id": "",
        "network": None,
        "detail": {"rows": 3},
    }
    (purged,) = (await ask(client, "admin", log, action="claims.job_purged"))["results"]
    assert (purged["actor_id"], purged["actor_email"], purged["actor_name"]) == (None, None, None)


async def test_filters(client: httpx.AsyncClient, log: Crew) -> None:
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"action": "claims."}, [HERE[1], HERE[2], HERE[4], HERE[5]]),
        ({"action": "claims.rows_read"}, [HERE[4]]),
        ({"action": "claim."}, []),
        ({"actor_id": str(log.staff.id)}, [HERE[2], HERE[5]]),
        ({"actor_id": str(log.stranger.id)}, []),
        ({"subject_type": "practice"}, [HERE[3]]),
        ({"subject_id": str(JOB)}, [HERE[2], HERE[4], HERE[5]]),
        ({"subject_id": str(JOB), "actor_id": str(log.viewer.id)}, [HERE[4]]),
        ({"from": "2026-03-02T12:04:00Z"}, [HERE[0], HERE[1]]),
        ({"to": "2026-03-02T12:01:00"}, [HERE[5]]),
        ({"from": "2026-03-02T13:01:00+01:00", "to": "2026-03-02T12:02:00Z"}, [HERE[4]]),
        ({"from": "2026-03-03", "to": "2026-03-02"}, []),
    ]
    for query, expected in cases:
        assert actions(await ask(client, "admin", log, **query)) == expected, query


@pytest.mark.parametrize(
    "query", ["action=claims", "action=Claims.x", "actor_id=x", "from=yesterday", "format=xlsx"]
)
async def test_what_means_nothing_is_refused(
    client: httpx.AsyncClient, crew: Crew, query: str
) -> None:
    answer = await client.get(f"{API}/audit?{query}", headers=crew.admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "http.invalid")


async def test_pages_there_and_back(client: httpx.AsyncClient, log: Crew) -> None:
    first = await ask(client, "admin", log, limit=4, count="true")
    assert (actions(first), first["count"]) == (HERE[:4], 6)
    second = (await client.get(first["next"], headers=log.admin.headers)).json()
    assert (actions(second), second["next"]) == (HERE[4:], None)
    back = (await client.get(second["previous"], headers=log.admin.headers)).json()
    assert actions(back) == HERE[:4]
    stolen = await client.get(first["next"], headers=log.stranger.headers)
    assert stolen.json()["code"] == "page.cursor_invalid"


def lines(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_the_csv_holds_all_of_it_and_is_an_entry_itself(
    client: httpx.AsyncClient, log: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.service._LOT", 2)
    headers = {**log.admin.headers, "X-Request-ID": "-taken-away"}
    answer = await client.get(f"{API}/audit?format=csv&limit=1", headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "audit_" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    own, *rows = lines(answer)
    assert [row["action"] for row in rows] == HERE
    assert rows[2]["at"] == "2026-03-02T12:03:00Z"
    assert (rows[2]["actor_name"], rows[2]["detail"]) == ("Staff", '{"rows": 3}')
    assert (own["action"], own["actor_id"]) == ("audit.exported", str(log.admin.id))
    assert own["request_id"] == "'-taken-away"
    assert own["network"] == "127.0.0.0/24"
    assert own["detail"] == '{"filtered": false, "format": "csv"}'


async def test_a_name_is_no_formula_in_the_csv(
    client: httpx.AsyncClient, log: Crew, database: Database
) -> None:
    body = {"full_name": "=HYPERLINK(0)"}
    place = f"{API}/users/{log.staff.id}"
    assert (await client.patch(place, json=body, headers=log.admin.headers)).status_code == 200
    query = {"format": "csv", "action": "claims.job_removed"}
    answer = await client.get(f"{API}/audit", params=query, headers=log.admin.headers)
    assert [row["actor_name"] for row in lines(answer)] == ["'=HYPERLINK(0)"]


async def test_superusers_take_what_they_filter_and_strangers_their_own(
    client: httpx.AsyncClient, log: Crew
) -> None:
    query = {"format": "csv", "organization_id": str(log.organization_id)}
    answer = await client.get(f"{API}/audit", params=query, headers=log.superuser.headers)
    assert [row["action"] for row in lines(answer)] == HERE
    answer = await client.get(f"{API}/audit", params=query, headers=log.stranger.headers)
    assert lines(answer) == []
    taken = await ask(client, "superuser", log, action="audit.exported")
    assert [entry["organization_id"] for entry in taken["results"]] == [
        str(log.other_organization_id),
        None,
    ]


async def test_who_is_erased_leaves_ids_behind(
    client: httpx.AsyncClient, log: Crew, database: Database
) -> None:
    await client.delete(f"{API}/organizations/me/members/{log.staff.id}", headers=log.admin.headers)
    async with database.write(Scope.system()) as session:
        await session.execute(delete(User).where(User.id == log.staff.id))
    body = await ask(client, "admin", log, actor_id=str(log.staff.id))
    assert actions(body) == [HERE[2], HERE[5]]
    assert {(one["actor_email"], one["actor_name"]) for one in body["results"]} == {(None, None)}
