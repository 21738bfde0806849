"""What people are told by mail: when it is scheduled, changed, off, and about to begin."""

import json
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import delete, func, select, update

from app.core.clock import now
from app.core.crypto import KeyRing
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.interviews.announcements import Announcer
from app.interviews.models import Interview
from app.interviews.plans import next_reminder
from app.mail.message import compose
from app.mail.models import Mail
from app.mail.rendering import render
from app.mail.service import CALENDAR, SEALED_FOR
from tests.applications.samples import make_application
from tests.interviews.samples import in_days, make_interview
from tests.jobs.samples import make_job
from tests.mail.reading import Letter, letters
from tests.people import Crew

COLLEAGUE = "lena@example.com"


async def change(database: Database, interview_id: UUID, **values: Any) -> None:
    """What the service does, without its checks."""
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Interview)
            .where(Interview.id == interview_id)
            .values(sequence=Interview.sequence + 1, announce_at=func.now(), **values)
        )


async def told(database: Database, settings: Settings) -> list[Letter]:
    """The mails that a worker writes now, twice asked."""
    async with database.write(Scope.system()) as session:
        await session.execute(delete(Mail))
    announcer = Announcer.from_settings(settings)
    for _ in range(2):
        async with database.write(Scope.system()) as session:
            await announcer.announce(session)
    return await letters(database, settings)


async def reminded(database: Database, settings: Settings) -> list[Letter]:
    """The reminders that a worker writes now, twice asked."""
    async with database.write(Scope.system()) as session:
        await session.execute(delete(Mail))
    for _ in range(2):
        async with database.write(Scope.system()) as session:
            await Announcer.from_settings(settings).remind(session)
    return await letters(database, settings)


async def objects(database: Database, settings: Settings) -> dict[str, Calendar]:
    """The iCalendar object of each mail, by whom it goes to."""
    keys = KeyRing.from_settings(settings.auth)
    found = {}
    async with database.read(Scope.system()) as session:
        for mail in await session.scalars(select(Mail)):
            assert mail.secrets is not None
            plain = keys.open(mail.secrets, purpose=SEALED_FOR, bound_to=(str(mail.id),))
            text = json.loads(plain).get(CALENDAR)
            if text:
                found[mail.recipient] = Calendar.from_ical(text)
    return found


async def test_the_life_of_an_interview(database: Database, settings: Settings, crew: Crew) -> None:
    job_id = await make_job(database, crew, language="fr")
    _, application_id = await make_application(database, crew, job_id)
    interview_id = await make_interview(
        database, crew, application_id, attendees=[COLLEAGUE, crew.candidate.email]
    )
    first = await told(database, settings)
    assert [(one.template, one.to, one.language) for one in first] == [
        ("interview_scheduled", crew.candidate.email, "fr"),
        ("interview_scheduled", crew.employer.email, "fr"),
        ("interview_scheduled", COLLEAGUE, "fr"),
    ]
    assert "/interview-response#token=" in first[0].link
    assert [one.link for one in first[1:]] == ["", ""]
    found = await objects(database, settings)
    assert {person: one.events[0]["sequence"] for person, one in found.items()} == dict.fromkeys(
        (crew.candidate.email, crew.employer.email, COLLEAGUE), 0
    )
    invited = {person: str(one.events[0].get("attendee")) for person, one in found.items()}
    assert COLLEAGUE not in invited[crew.candidate.email]
    assert COLLEAGUE in invited[COLLEAGUE]
    assert await told(database, settings) == []

    later = in_days(6)
    await change(database, interview_id, starts_at=later, ends_at=later + timedelta(hours=1))
    second = await told(database, settings)
    assert {one.template for one in second} == {"interview_moved"}
    assert second[0].context["was"]
    found = await objects(database, settings)
    assert found[COLLEAGUE].events[0]["sequence"] == 1

    await change(database, interview_id, status="cancelled", remind_at=None)
    third = await told(database, settings)
    assert [one.template for one in third] == ["interview_cancelled"] * 3
    found = await objects(database, settings)
    assert {one["method"] for one in found.values()} == {"CANCEL"}
    assert {one.events[0]["uid"] for one in found.values()} == {str(interview_id)}


async def test_nobody_hears_of_what_was_off_at_once(
    database: Database, settings: Settings, crew: Crew
) -> None:
    interview_id = await make_interview(database, crew)
    await change(database, interview_id, status="cancelled", remind_at=None)
    assert await told(database, settings) == []


async def test_a_calendar_that_invites_by_itself(
    database: Database, settings: Settings, crew: Crew
) -> None:
    interview_id = await make_interview(database, crew, announce_at=now() + timedelta(minutes=1))
    assert await told(database, settings) == []
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Interview)
            .where(Interview.id == interview_id)
            .values(calendar_provider="google_calendar", announce_at=func.now())
        )
    assert len(await told(database, settings)) == 2
    assert await objects(database, settings) == {}


async def due(database: Database, interview_id: UUID, **values: Any) -> None:
    """Let time pass until the next reminder."""
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Interview)
            .where(Interview.id == interview_id)
            .values(remind_at=func.now(), **values)
        )


async def remind_at(database: Database) -> Any:
    async with database.read(Scope.system()) as session:
        return (await session.execute(select(Interview.remind_at))).scalar_one()


async def test_reminders(database: Database, settings: Settings, crew: Crew) -> None:
    starts_at = in_days(3)
    interview_id = await make_interview(database, crew, starts_at=starts_at)
    assert await remind_at(database) == starts_at - timedelta(hours=24)
    assert await reminded(database, settings) == []
    soon = in_days(0.9)
    await due(database, interview_id, starts_at=soon, ends_at=soon + timedelta(hours=1))
    day = await reminded(database, settings)
    assert [one.template for one in day] == ["interview_reminder"] * 2
    assert day[0].link
    assert await remind_at(database) == soon - timedelta(hours=1)
    very_soon = in_days(0.03)
    await due(database, interview_id, starts_at=very_soon, ends_at=very_soon + timedelta(hours=1))
    assert len(await reminded(database, settings)) == 2
    assert await remind_at(database) is None
    # A worker that comes back after the beginning says nothing any more.
    past = in_days(-0.01)
    await due(database, interview_id, starts_at=past, ends_at=past + timedelta(hours=1))
    assert await reminded(database, settings) == []
    assert await remind_at(database) is None


@pytest.mark.parametrize(("hours", "before"), [(48, 24), (24, 1), (23, 1), (1, None), (0.5, None)])
def test_the_next_reminder(hours: float, before: int | None) -> None:
    moment = now()
    starts_at = moment + timedelta(hours=hours)
    expected = None if before is None else starts_at - timedelta(hours=before)
    assert next_reminder(starts_at, moment) == expected


async def test_the_message_brings_the_invitation(
    database: Database, settings: Settings, crew: Crew
) -> None:
    await make_interview(database, crew, title="Entretien à Besançon")
    await told(database, settings)
    found = await objects(database, settings)
    async with database.read(Scope.system()) as session:
        mail = (await session.scalars(select(Mail).order_by(Mail.id))).first()
    assert mail is not None
    calendar = found[mail.recipient].to_ical().decode()
    rendered = render(mail.template, "en", {**mail.context, "link": "https://front.example/#x"})
    whole = compose(mail, rendered, settings.mail, calendar)
    read = message_from_bytes(whole.as_bytes(), policy=policy.SMTP)
    parts = [part for part in read.walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_filename() for part in parts] == [None, "invite.ics"]
    for part in parts:
        assert part["content-type"].params["method"] == "REQUEST"
        assert part["content-type"].params["charset"] == "utf-8"
        again = Calendar.from_ical(part.get_content())
        assert again.events[0]["summary"] == "Entretien à Besançon (Northwind)"
    assert read.get_content_type() == "multipart/mixed"
