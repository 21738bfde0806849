"""Being told: once, in one's own language, and read by nobody else."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.settings import Settings
from app.notifications import texts
from app.notifications.kinds import KINDS
from app.notifications.models import Notification
from tests.applications.samples import make_application
from tests.jobs.samples import make_job
from tests.notifications.samples import tell
from tests.people import API, Actor, Crew

NOTIFICATIONS = f"{API}/notifications"
PREFERENCES = f"{NOTIFICATIONS}/preferences"


async def listed(client: httpx.AsyncClient, who: Actor, query: str = "") -> list[dict[str, Any]]:
    found = await client.get(f"{NOTIFICATIONS}/{query}", headers=who.headers)
    assert found.status_code == 200, found.text
    rows: list[dict[str, Any]] = found.json()["results"]
    return rows


async def unread(client: httpx.AsyncClient, who: Actor) -> int:
    found = await client.get(f"{NOTIFICATIONS}/unread-count", headers=who.headers)
    return int(found.json()["unread_count"])


async def test_an_application_is_told_to_who_posted_the_job(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    made = await client.post(
        f"{API}/applications/", json={"job_id": str(job_id)}, headers=crew.candidate.headers
    )
    (row,) = await listed(client, crew.employer)
    assert (row["kind"], row["subject_id"]) == ("application.received", made.json()["id"])
    assert row["title"] == "Candidate applied for Data Engineer"
    assert row["params"]["candidate_name"] == "Candidate"
    assert await listed(client, crew.candidate) == await listed(client, crew.admin) == []
    async with database.read(Scope.system()) as session:
        kept = (await session.scalars(select(Notification.params))).one()
    assert "Candidate" not in json.dumps(kept), "names are read when they are shown"


async def test_a_move_is_told_to_the_candidate_without_the_employers_words(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _job_id, application_id = await make_application(database, crew)
    place = f"{API}/applications/{application_id}"
    for _ in range(2):
        await client.put(
            place,
            json={"status": "rejected", "notes": "secret", "rating": 1, "note": "secret"},
            headers=crew.employer.headers,
        )
    (row,) = await listed(client, crew.candidate)
    assert row["title"] == "Your application for Data Engineer was not successful"
    assert "secret" not in json.dumps(row)
    assert "rating" not in row["params"]


async def test_who_withdraws_is_not_told_so(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _job_id, application_id = await make_application(database, crew)
    place = f"{API}/applications/{application_id}"
    await client.put(place, json={"status": "withdrawn"}, headers=crew.candidate.headers)
    assert await listed(client, crew.candidate) == []


async def test_an_event_is_told_once(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    subject_id = new_id()
    for _ in range(3):
        await tell(database, crew, subject_id=subject_id)
    await tell(database, crew, subject_id=subject_id, params={"status": "offer"})
    assert [row["title"] for row in await listed(client, crew.candidate)] == [
        "There is an offer for you: a job",
        "You are on the shortlist for Data Engineer",
    ]


async def test_reading_one_and_all(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    first, *_others = [await tell(database, crew) for _ in range(3)]
    await tell(database, crew, crew.employer.id)
    assert await unread(client, crew.candidate) == 3
    for _ in range(2):
        done = await client.post(f"{NOTIFICATIONS}/{first}/read", headers=crew.candidate.headers)
        assert done.json()["is_read"]
    assert await unread(client, crew.candidate) == 2
    assert len(await listed(client, crew.candidate, "?unread=true")) == 2
    page = await listed(client, crew.candidate, "?unread=true&limit=1")
    assert len(page) == 1
    for marked in (2, 0):
        done = await client.post(f"{NOTIFICATIONS}/read-all", headers=crew.candidate.headers)
        assert done.json() == {"marked": marked}
    assert (await unread(client, crew.candidate), await unread(client, crew.employer)) == (0, 1)
    assert len(await listed(client, crew.candidate)) == 3


async def test_pages_follow_each_other(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    told = [str(await tell(database, crew)) for _ in range(3)]
    seen, place = [], f"{NOTIFICATIONS}/?limit=2&unread=true"
    while place:
        page = (await client.get(place, headers=crew.candidate.headers)).json()
        seen += [row["id"] for row in page["results"]]
        place = page["next"]
    assert seen == told[::-1]


async def test_the_language_is_the_readers(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await tell(database, crew)
    french = {**crew.candidate.headers, "Accept-Language": "fr-CA"}
    found = await client.get(f"{NOTIFICATIONS}/", headers=french)
    assert found.json()["results"][0]["title"] == "Vous êtes présélectionné·e pour Data Engineer"
    await client.put(PREFERENCES, json={"language": "en"}, headers=crew.candidate.headers)
    found = await client.get(f"{NOTIFICATIONS}/", headers=french)
    assert found.json()["results"][0]["title"] == "You are on the shortlist for Data Engineer"


async def test_preferences(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    usual = await client.get(PREFERENCES, headers=crew.candidate.headers)
    assert set(usual.json()["choices"]) == set(KINDS)
    wish = {"timezone": "Europe/Paris", "choices": {"application.moved": "off"}}
    chosen = await client.put(PREFERENCES, json=wish, headers=crew.candidate.headers)
    assert chosen.json()["choices"] == {**usual.json()["choices"], "application.moved": "off"}
    stale = {**crew.candidate.headers, "If-Match": usual.headers["etag"]}
    assert (await client.put(PREFERENCES, json={}, headers=stale)).status_code == 412
    await tell(database, crew)
    assert (await unread(client, crew.candidate), await listed(client, crew.candidate)) == (0, [])
    others = await client.get(PREFERENCES, headers=crew.employer.headers)
    assert others.json() == usual.json()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"timezone": "Mars/Olympus"}, "notifications.time_zone_unknown"),
        ({"choices": {"nothing.happened": "off"}}, "notifications.kind_unknown"),
        ({"choices": {"application.moved": "loud"}}, "http.invalid"),
        ({"language": "de"}, "http.invalid"),
    ],
)
async def test_preferences_that_are_none(
    client: httpx.AsyncClient, crew: Crew, wish: dict[str, Any], code: str
) -> None:
    refused = await client.put(PREFERENCES, json=wish, headers=crew.candidate.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_who_left_an_organization_reads_its_business_no_more(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    kind = {"kind": "application.received", "params": {"candidate_id": str(crew.candidate.id)}}
    await tell(database, crew, crew.stranger.id, **kind)
    await tell(database, crew, crew.stranger.id)
    assert [row["kind"] for row in await listed(client, crew.stranger)] == ["application.moved"]
    assert await unread(client, crew.stranger) == 1


@pytest.mark.parametrize(
    "scope",
    [
        lambda crew: Scope.tenant(crew.other_organization_id, crew.stranger.id),
        lambda crew: Scope.tenant(crew.organization_id, crew.employer.id),
        lambda _crew: Scope.public(),
    ],
)
async def test_the_database_shows_them_to_nobody_else(
    database: Database, crew: Crew, scope: Any
) -> None:
    await tell(database, crew)
    async with database.read(scope(crew)) as session:
        assert (await session.scalar(select(func.count(Notification.id)))) == 0


async def test_the_stream_tells_the_count(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await tell(database, crew)
    found = await client.get(f"{NOTIFICATIONS}/events?seconds=0", headers=crew.candidate.headers)
    assert found.headers["content-type"].startswith("text/event-stream")
    assert found.text.count('data: {"unread_count":1}') == 2
    assert found.text.index("event: unread") < found.text.index("event: done")


async def test_what_is_not_in_the_table_is_refused(database: Database, crew: Crew) -> None:
    for wrong in (
        {"kind": "nothing.happened"},
        {"params": {"candidate_name": "Ada"}},
        {"params": {"job_title": "x" * 301}},
    ):
        with pytest.raises(ValueError, match=r"notification|characters|kinds"):
            await tell(database, crew, **wrong)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_text_in_both_languages(kind: str) -> None:
    english, french = (texts.title(kind, {"status": "?"}, {}, one) for one in ("en", "fr"))
    assert english
    assert english != french
