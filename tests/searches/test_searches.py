"""Keeping searches: one's own, so many, and switched off by a link without signing in."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, insert, select

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.settings import Settings
from app.searches.links import UnsubscribeLinks
from app.searches.models import SavedSearch
from app.searches.service import MOST
from app.skills.keys import keys_of
from tests.jobs.samples import make_job
from tests.people import API, Crew
from tests.searches.samples import make_search

SEARCHES = f"{API}/saved-searches"
WISH = {
    "name": "Data in Lyon",
    "query": "data",
    "filters": {
        "location": "lyon",
        "job_type": ["full_time", "contract"],
        "skill": ["Postgres", "Erlang"],
        "salary_min": 40000,
    },
}


async def test_a_search_is_kept_changed_and_forgotten(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    headers = crew.candidate.headers
    made = await client.post(f"{SEARCHES}/", json=WISH, headers=headers)
    assert made.status_code == 201, made.text
    mine, place = made.json(), made.headers["location"]
    assert (mine["frequency"], mine["filters"]["location_type"]) == ("daily", [])
    assert mine["next_alert_at"].endswith("T08:00:00Z")
    assert mine["filters"]["skill"] == ["Postgres", "Erlang"], "as they were named"
    keys = keys_of(["PostgreSQL"])
    job_id = await make_job(database, crew, skill_keys=keys)
    await make_job(database, crew, skill_keys=keys, location="Paris")
    await make_job(database, crew, skill_keys=keys_of(["Python"]))
    found = (await client.get(mine["search_url"])).json()["results"]
    assert [job["id"] for job in found] == [str(job_id)]
    seen = await client.get(place, headers=headers)
    assert seen.json() == mine
    stale = {**headers, "If-Match": '"old"'}
    assert (await client.patch(place, json={"name": "x"}, headers=stale)).status_code == 412
    current = {**headers, "If-Match": seen.headers["etag"]}
    changed = await client.patch(place, json={"frequency": "off"}, headers=current)
    assert (changed.json()["frequency"], changed.json()["next_alert_at"]) == ("off", None)
    assert [one["id"] for one in (await client.get(SEARCHES, headers=headers)).json()["results"]]
    assert (await client.delete(place, headers=headers)).status_code == 204
    assert (await client.delete(place, headers=headers)).status_code == 404


async def test_a_slip_of_the_keyboard_is_corrected_when_it_is_saved(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await make_job(database, crew)
    wish = {"name": "x", "query": "postgers"}
    await client.post(SEARCHES, json=wish, headers=crew.candidate.headers)
    async with database.read(Scope.system()) as session:
        kept = (await session.scalars(select(SavedSearch))).one()
    assert "postgresql" in kept.expression


async def test_the_same_request_twice_makes_one(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = {**crew.candidate.headers, "Idempotency-Key": "one"}
    first, second = [await client.post(SEARCHES, json=WISH, headers=headers) for _ in range(2)]
    assert first.json() == second.json()


async def test_so_many_and_no_more(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    one = {"user_id": crew.candidate.id, "name": "x", "frequency": "off", "language": "en"}
    async with database.write(Scope.system()) as session:
        rows = [{**one, "id": new_id()} for _ in range(MOST)]
        await session.execute(insert(SavedSearch).values(rows))
    refused = await client.post(SEARCHES, json=WISH, headers=crew.candidate.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "searches.too_many")


@pytest.mark.parametrize(
    "wish",
    [
        {"name": " "},
        {"name": "x", "frequency": "hourly"},
        {"name": "x", "filters": {"posted_after": "2026-01-01"}},
        {"name": "x", "filters": {"job_type": ["slavery"]}},
        {"name": "x", "filters": {"salary_min": -1}},
        {"name": "x", "filters": {"skill": [" "]}},
        {"name": "x", "filters": {"skill": ["SQL"] * 21}},
        {"name": "x", "user_id": "0193a5b0-7c7e-7000-8000-3f1f6c1e9a01"},
    ],
)
async def test_what_is_no_search(
    client: httpx.AsyncClient, crew: Crew, wish: dict[str, Any]
) -> None:
    refused = await client.post(SEARCHES, json=wish, headers=crew.candidate.headers)
    assert refused.status_code == 422


@pytest.mark.parametrize(
    "scope",
    [
        lambda crew: Scope.tenant(crew.organization_id, crew.employer.id),
        lambda _crew: Scope.public(),
    ],
)
async def test_the_database_shows_them_to_nobody_else(
    database: Database, crew: Crew, scope: Any
) -> None:
    await make_search(database, crew.candidate.id)
    async with database.read(scope(crew)) as session:
        assert (await session.scalar(select(func.count(SavedSearch.id)))) == 0


def link_to(settings: Settings, search_id: UUID, user_id: UUID) -> str:
    return (
        f"{SEARCHES}/unsubscribe?token={UnsubscribeLinks(settings.auth).token(search_id, user_id)}"
    )


async def test_a_link_switches_off_without_signing_in(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    search_id = await make_search(database, crew.candidate.id)
    link = link_to(settings, search_id, crew.candidate.id)
    led = await client.get(link)
    place = led.headers["location"]
    assert (led.status_code, place.partition("#")[0]) == (303, "https://front.example/unsubscribe")
    assert place.partition("#token=")[2] == link.partition("?token=")[2]
    seen = await client.get(f"{SEARCHES}/{search_id}", headers=crew.candidate.headers)
    assert seen.json()["frequency"] == "daily", "looking at a link changes nothing"
    for _ in range(2):
        # As mail programs do (RFC 8058, 3.1).
        done = await client.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (done.status_code, done.json()["frequency"]) == (200, "off")
    await client.delete(f"{SEARCHES}/{search_id}", headers=crew.candidate.headers)
    gone = await client.post(link)
    assert gone.json()["code"] == "searches.unsubscribe_invalid"


async def test_a_link_that_was_tampered_with_does_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    search_id = await make_search(database, crew.candidate.id)
    link = link_to(settings, search_id, crew.candidate.id)
    head, token = link.split("token=")
    foreign = link_to(settings, search_id, crew.stranger.id)
    changed = [
        f"{head}token={token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}"
        for at in (0, 30, 60)
    ]
    for wrong in (*changed, f"{head}token=", f"{head}token={token}AAAA", f"{head}token=é", foreign):
        refused = await client.post(wrong)
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "searches.unsubscribe_invalid",
        )
    seen = await client.get(f"{SEARCHES}/{search_id}", headers=crew.candidate.headers)
    assert seen.json()["frequency"] == "daily"
