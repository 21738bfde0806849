"""What the other rooms tell of, and what they do with what people were told."""

import io
import json
import zipfile

import httpx
import pytest
from sqlalchemy import func, select

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.interviews.announcements import Announcer
from app.notifications import privacy as told_privacy
from app.notifications.models import Notification, NotificationSettings
from app.searches import privacy as searched_privacy
from app.searches.models import SavedSearch
from tests.applications.samples import make_application
from tests.interviews.samples import make_interview
from tests.mail.reading import letters
from tests.notifications.samples import tell
from tests.people import API, Crew
from tests.searches.samples import make_search

NOTIFICATIONS = f"{API}/notifications"
PREFERENCES = f"{NOTIFICATIONS}/preferences"


async def test_several_moved_at_once_are_each_told(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    ids = [str((await make_application(database, crew))[1]) for _ in range(2)]
    body = {"ids": ids, "status": "shortlisted"}
    for _ in range(2):
        moved = await client.post(
            f"{API}/applications/bulk-move", json=body, headers=crew.employer.headers
        )
        assert moved.status_code == 200, moved.text
    found = await client.get(NOTIFICATIONS, headers=crew.candidate.headers)
    assert {row["subject_id"] for row in found.json()["results"]} == set(ids)


@pytest.mark.parametrize("choice", ["email", "in_app", "off"])
async def test_an_interview_is_told_to_both_sides(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew, choice: str
) -> None:
    wish = {"choices": {"interview.scheduled": choice}}
    await client.put(PREFERENCES, json=wish, headers=crew.candidate.headers)
    interview_id = await make_interview(database, crew)
    for _ in range(2):
        async with database.write(Scope.system()) as session:
            await Announcer.from_settings(settings).announce(session)
    seen = [
        (await client.get(NOTIFICATIONS, headers=who.headers)).json()["results"]
        for who in (crew.candidate, crew.employer)
    ]
    assert [len(rows) for rows in seen] == [choice != "off", 1]
    assert seen[1][0]["subject_id"] == str(interview_id)
    assert seen[1][0]["title"] == "An interview for Data Engineer is set"
    mailed = {mail.to for mail in await letters(database, settings)}
    expected = {crew.employer.email} | ({crew.candidate.email} if choice == "email" else set())
    assert mailed == expected


async def test_they_belong_to_ones_own_data_and_go_with_it(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await client.put(PREFERENCES, json={"language": "fr"}, headers=crew.candidate.headers)
    await tell(database, crew)
    await tell(database, crew, crew.employer.id)
    await make_search(database, crew.candidate.id, name="Données à Lyon")
    answer = await client.get(f"{API}/users/me/export", headers=crew.candidate.headers)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    told = json.loads(archive.read("notifications.json"))
    assert told["preferences"]["language"] == "fr"
    assert len(told["notifications"]) == 1
    (search,) = json.loads(archive.read("searches.json"))["saved_searches"]
    assert search["name"] == "Données à Lyon"
    async with database.write(Scope.system()) as session:
        for holder in (told_privacy, searched_privacy):
            await holder.erase(session, crew.candidate.id)
    async with database.read(Scope.system()) as session:
        left = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Notification, NotificationSettings, SavedSearch)
        ]
    assert left == [1, 0, 0], "the employer keeps theirs"
