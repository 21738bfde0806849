"""Alerts: of what is new, once, in time, and of nothing to nobody."""

import asyncio
import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.policy import SMTP
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.jobs.models import Job
from app.mail import service as mail_service
from app.mail.message import compose
from app.mail.models import Mail
from app.mail.rendering import render
from app.notifications.models import Notification
from app.searches import alerts, tasks
from app.searches.models import SavedSearch
from app.searches.times import next_alert
from app.skills.keys import keys_of
from tests.conftest import Stage
from tests.jobs.samples import make_job
from tests.mail.reading import Letter, context_of, letters
from tests.people import API, Crew, make_crew
from tests.searches.samples import make_search

PREFERENCES = f"{API}/notifications/preferences"
HOUR = timedelta(hours=1)


async def alerted(database: Database, settings: Settings) -> list[Letter]:
    """Let a worker look twice; every mail in line."""
    for _ in range(2):
        await tasks.alert(context_of(database, settings))
    return await letters(database, settings)


async def post(database: Database, crew: Crew, **changes: Any) -> Any:
    return await make_job(database, crew, **{"posted_at": now() - HOUR, **changes})


async def test_new_jobs_are_one_mail(database: Database, settings: Settings, crew: Crew) -> None:
    await make_search(database, crew.candidate.id, name="Données", expression="'data'")
    for _ in range(12):
        await post(database, crew)
    await post(database, crew, title="Nurse", description="Cares.", skills=[])
    await post(database, crew, status="closed")
    await post(database, crew, expires_at=now() - HOUR)
    await post(database, crew, posted_at=now() - timedelta(days=3))
    (mail,) = await alerted(database, settings)
    assert (mail.to, mail.template) == (crew.candidate.email, "job_alert")
    assert (mail.context["count"], len(mail.context["jobs"])) == (12, 10)
    assert mail.link == ""
    async with database.read(Scope.system()) as session:
        told = (await session.scalars(select(Notification))).one()
    assert (told.kind, told.params["count"], told.mail_at) == ("saved_search.alert", "12", None)


async def test_nothing_new_is_no_mail(database: Database, settings: Settings, crew: Crew) -> None:
    search_id = await make_search(database, crew.candidate.id, expression="'cobol'")
    await post(database, crew)
    assert await alerted(database, settings) == []
    async with database.read(Scope.system()) as session:
        search = (await session.scalars(select(SavedSearch))).one()
    assert search.id == search_id
    assert search.last_alert_at is None
    assert search.next_alert_at is not None
    assert search.next_alert_at > now()


async def test_only_jobs_of_its_skills_are_told(
    database: Database, settings: Settings, crew: Crew
) -> None:
    await make_search(database, crew.candidate.id, filters={"skill": ["k8s"]})
    await make_search(database, crew.employer.id, filters={"location": "Lyon"})
    await post(database, crew, title="Platform", skill_keys=keys_of(["Kubernetes"]))
    await post(database, crew, title="Ward", skill_keys=keys_of(["Nursing"]))
    told = {mail.to: mail.context["jobs"] for mail in await alerted(database, settings)}
    assert [job["title"] for job in told[crew.candidate.email]] == ["Platform"]
    assert len(told[crew.employer.email]) == 2, "saved when there was no such filter"


async def test_what_is_new_after_an_alert_is_told_next_time(
    database: Database, settings: Settings, crew: Crew
) -> None:
    await make_search(database, crew.candidate.id)
    await post(database, crew)
    assert len(await alerted(database, settings)) == 1
    await post(database, crew, posted_at=now() - timedelta(seconds=60), title="Later")
    await come_round(database)
    assert len(await alerted(database, settings)) == 1, "its transaction may still be open"
    await come_round(database, jobs_older_by=HOUR / 12, known_older_by=HOUR / 6)
    (_first, second) = await alerted(database, settings)
    assert [job["title"] for job in second.context["jobs"]] == ["Later"]


async def come_round(
    database: Database,
    *,
    jobs_older_by: timedelta = timedelta(0),
    known_older_by: timedelta = timedelta(0),
) -> None:
    """The searches are due again, and time has gone by."""
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(SavedSearch).values(
                next_alert_at=now() - HOUR,
                alerted_until=SavedSearch.alerted_until - known_older_by,
            )
        )
        await session.execute(
            update(Job).where(Job.title == "Later").values(posted_at=Job.posted_at - jobs_older_by)
        )


async def test_an_instant_search_waits_for_nothing_but_its_pause(
    database: Database, settings: Settings, crew: Crew
) -> None:
    await make_search(database, crew.candidate.id, frequency="instant")
    assert await alerted(database, settings) == []
    await post(database, crew)
    assert len(await alerted(database, settings)) == 1
    async with database.write(Scope.system()) as session:
        then = now() - timedelta(minutes=30)
        await session.execute(update(SavedSearch).values(alerted_until=then))
    await post(database, crew, posted_at=now() - timedelta(minutes=10))
    assert len(await alerted(database, settings)) == 1
    async with database.write(Scope.system()) as session:
        await session.execute(update(SavedSearch).values(last_alert_at=now() - HOUR))
    assert len(await alerted(database, settings)) == 2


async def test_a_search_that_is_off_is_silent(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    search_id = await make_search(database, crew.candidate.id, frequency="off")
    await post(database, crew)
    assert await alerted(database, settings) == []
    place = f"{API}/saved-searches/{search_id}"
    await client.patch(place, json={"frequency": "daily"}, headers=crew.candidate.headers)
    await come_round(database)
    assert await alerted(database, settings) == [], "what was posted meanwhile is not told"


@pytest.mark.parametrize("choice", ["in_app", "off"])
async def test_who_wants_no_mail_gets_none(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew, choice: str
) -> None:
    wish = {"choices": {"saved_search.alert": choice}}
    await client.put(PREFERENCES, json=wish, headers=crew.candidate.headers)
    await make_search(database, crew.candidate.id)
    await post(database, crew)
    assert await alerted(database, settings) == []
    unread = await client.get(f"{API}/notifications/unread-count", headers=crew.candidate.headers)
    assert unread.json()["unread_count"] == (choice == "in_app")


@pytest.mark.parametrize("changes", [{"is_active": False}, {"email": ""}])
async def test_nobody_writes_to_a_closed_account(
    database: Database, settings: Settings, crew: Crew, changes: Mapping[str, Any]
) -> None:
    async with database.write(Scope.system()) as session:
        chosen = update(User).where(User.id == crew.candidate.id)
        await session.execute(chosen.values(**changes))
    await make_search(database, crew.candidate.id)
    await post(database, crew)
    assert await alerted(database, settings) == []


async def test_a_crash_midway_costs_nothing_and_repeats_nothing(
    database: Database, settings: Settings, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    for actor in (crew.candidate, crew.employer, crew.admin):
        await make_search(database, actor.id)
    await post(database, crew)
    send, sent = mail_service.send, 0

    async def send_two(*args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == 3:
            raise RuntimeError("the process is killed here")
        return await send(*args, **kwargs)

    monkeypatch.setattr(mail_service, "send", send_two)
    with pytest.raises(RuntimeError):
        await tasks.alert(context_of(database, settings))
    assert await letters(database, settings) == []
    monkeypatch.setattr(mail_service, "send", send)
    assert len(await alerted(database, settings)) == 3


async def test_several_workers_alert_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "BATCH", 2)
    crew = await make_crew(stage.database, stage.settings)
    for actor in (crew.candidate, crew.employer, crew.admin, crew.staff, crew.viewer):
        await make_search(stage.database, actor.id)
    await post(stage.database, crew)
    work = context_of(stage.database, stage.settings)
    await asyncio.gather(*(tasks.alert(work) for _ in range(3)))
    found = await letters(stage.database, stage.settings)
    assert len({mail.to for mail in found}) == len(found) == 5


async def test_a_mail_can_be_unsubscribed_from_by_its_program(
    database: Database, settings: Settings, crew: Crew
) -> None:
    server = settings.server.model_copy(update={"public_url": "https://api.intake.example/"})
    search_id = await make_search(database, crew.candidate.id, name="Née à Œuf 🥚")
    await post(database, crew)
    await alerted(database, settings.model_copy(update={"server": server}))
    async with database.read(Scope.system()) as session:
        row = (await session.scalars(select(Mail))).one()
        search = (await session.scalars(select(SavedSearch))).one()
    with_address = settings.model_copy(update={"server": server})
    links = alerts.Addresses.from_settings(with_address).unsubscribe(search)
    values = {**row.context, **links}
    rendered = render("job_alert", cast("Any", "fr"), values)
    raw = copy.deepcopy(compose(row, rendered, settings.mail)).as_bytes(policy=SMTP)
    address = f"<{links[mail_service.ONE_CLICK]}>".encode()
    assert address.startswith(b"<https://api.intake.example/api/v1/saved-searches/unsubscribe?")
    assert address in raw, "whole, neither folded nor encoded"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw
    assert search.id == search_id
    assert links["unsubscribe_link"] in rendered.text
    silent = render("job_alert", "en", {**values, mail_service.ONE_CLICK: ""})
    assert b"List-Unsubscribe" not in compose(row, silent, settings.mail).as_bytes()


AFTER = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)  # A Friday; on Sunday clocks go forward.


@pytest.mark.parametrize(
    ("frequency", "zone", "due"),
    [
        ("daily", None, "2026-03-28T08:00"),
        ("daily", "Europe/Paris", "2026-03-28T07:00"),
        ("weekly", "Europe/Paris", "2026-03-30T06:00"),
        ("weekly", None, "2026-03-30T08:00"),
        ("daily", "Asia/Kolkata", "2026-03-28T02:30"),
        ("daily", "America/Los_Angeles", "2026-03-27T15:00"),
        ("daily", "Pacific/Kiritimati", "2026-03-27T18:00"),
        ("daily", "Gone/Zone", "2026-03-28T08:00"),
    ],
)
def test_alerts_come_at_eight_in_the_morning(frequency: str, zone: str | None, due: str) -> None:
    assert next_alert(frequency, zone, AFTER) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_moment_that_has_come_is_not_due_again() -> None:
    moment = next_alert("daily", "Europe/Paris", AFTER)
    assert moment is not None
    assert next_alert("daily", "Europe/Paris", moment) == moment + timedelta(days=1) - HOUR
    assert next_alert("instant", None, AFTER) is next_alert("off", None, AFTER) is None
