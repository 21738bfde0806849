"""Scheduling, moving and cancelling as other rooms do it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.identity import Affiliation, SignedIn
from app.applications import service as applications
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.problems import Forbidden, Problem
from app.interviews import errors, service
from app.interviews.plans import Plan
from app.interviews.zones import moment_in, zone_name
from app.organizations.deps import Viewer
from tests.applications.samples import make_application
from tests.interviews.samples import in_days, make_interview
from tests.people import Actor, Crew


def viewer_of(actor: Actor, role: str) -> Viewer:
    """The actor as routes know them."""
    places: tuple[Affiliation, ...] = ()
    if actor.organization_id is not None:
        places = (Affiliation(actor.organization_id, frozenset(), role),)
    person = SignedIn(
        id=actor.id,
        email=actor.email,
        full_name="Somebody",
        role=role,
        organization_id=actor.organization_id,
        organization_name=None,
        is_active=True,
        is_superuser=False,
        auth_provider="local",
        created_at=now(),
        updated_at=now(),
        affiliations=places,
        session=None,
    )
    return Viewer(person, actor.organization_id, role)


def a_plan(**changes: Any) -> Plan:
    starts_at = in_days(3)
    plan: Plan = {
        "title": "First talk",
        "description": "",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "timezone": "Romance Standard Time",
        "attendees": ["Bo@Example.com", "bo@example.com"],
        "location": "Room 4",
        "meeting_url": None,
    }
    return plan | changes  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("Romance Standard Time", "Europe/Paris"),
        ("UTC", "UTC"),
        ("Pacific Standard Time", "America/Los_Angeles"),
    ],
)
def test_names_of_zones(name: str, iana: str) -> None:
    assert zone_name(name) == iana


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "Europe", "../etc/passwd", "Europe/Paris\x00"]
)
def test_names_of_no_zone(name: str) -> None:
    with pytest.raises(errors.TimezoneUnknown):
        zone_name(name)


def test_the_wall_clock() -> None:
    summer = moment_in("Europe/Paris", datetime.fromisoformat("2027-07-01T09:00"))
    winter = moment_in("Europe/Paris", datetime.fromisoformat("2027-12-01T09:00"))
    assert (summer.hour, winter.hour) == (7, 8)
    # 2:30 comes twice on that Sunday of October; the first one is in summer time.
    assert moment_in("Europe/Paris", datetime.fromisoformat("2027-10-31T02:30")).hour == 0
    with pytest.raises(errors.TimeSkipped):
        moment_in("Europe/Paris", datetime.fromisoformat("2027-03-28T02:30"))


async def test_schedule_moves_the_application(database: Database, crew: Crew) -> None:
    _, application_id = await make_application(database, crew)
    employer = viewer_of(crew.employer, "employer")
    async with database.write(employer.scope) as session:
        plan = a_plan()
        made = await service.schedule(
            session, viewer=employer, application_id=application_id, **plan
        )
        again = await service.schedule(
            session, viewer=employer, application_id=application_id, **plan
        )
        moved = await applications.get(session, application_id=application_id)
    assert again.id == made.id
    assert (made.timezone, made.attendees) == ("Europe/Paris", ["bo@example.com"])
    assert made.candidate_id == crew.candidate.id
    assert moved["status"] == "interview"
    assert [step["to_status"] for step in moved["history"]] == ["applied", "interview"]


async def test_an_offer_stays_an_offer(database: Database, crew: Crew) -> None:
    _, application_id = await make_application(database, crew, status="offer")
    admin = viewer_of(crew.admin, "admin")
    async with database.write(admin.scope) as session:
        await service.schedule(session, viewer=admin, application_id=application_id, **a_plan())
        stays = await applications.get(session, application_id=application_id)
    assert stays["status"] == "offer"


SENSELESS = [
    ({"starts_at": in_days(-1)}, errors.InterviewPast),
    ({"starts_at": in_days(1000), "ends_at": in_days(1001)}, errors.InterviewTooFar),
    ({"starts_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, errors.InterviewTooFar),
    ({"ends_at": in_days(2)}, errors.InterviewEndBeforeStart),
    ({"ends_at": in_days(5)}, errors.InterviewTooLong),
    ({"timezone": "Mars"}, errors.TimezoneUnknown),
]


@pytest.mark.parametrize(("changes", "refusal"), SENSELESS)
async def test_plans_without_sense(
    database: Database, crew: Crew, changes: dict[str, Any], refusal: type[Problem]
) -> None:
    _, application_id = await make_application(database, crew)
    employer = viewer_of(crew.employer, "employer")
    async with database.write(employer.scope) as session:
        with pytest.raises(refusal):
            await service.schedule(
                session, viewer=employer, application_id=application_id, **a_plan(**changes)
            )


async def test_who_may_not(database: Database, crew: Crew) -> None:
    _, application_id = await make_application(database, crew)
    for actor, role in ((crew.candidate, "candidate"), (crew.staff, "staff")):
        viewer = viewer_of(actor, role)
        async with database.write(viewer.scope) as session:
            with pytest.raises(Forbidden):
                await service.schedule(
                    session, viewer=viewer, application_id=application_id, **a_plan()
                )
    interview_id = await make_interview(database, crew, application_id)
    stranger = viewer_of(crew.stranger, "admin")
    async with database.write(stranger.scope) as session:
        with pytest.raises(errors.InterviewNotFound):
            await service.get(session, viewer=stranger, interview_id=interview_id)
        with pytest.raises(errors.InterviewNotFound):
            await service.cancel(session, viewer=stranger, interview_id=interview_id)


async def test_an_application_that_has_ended(database: Database, crew: Crew) -> None:
    _, application_id = await make_application(database, crew, status="withdrawn")
    admin = viewer_of(crew.admin, "admin")
    async with database.write(admin.scope) as session:
        with pytest.raises(errors.InterviewApplicationEnded):
            await service.schedule(session, viewer=admin, application_id=application_id, **a_plan())


async def test_moving_and_cancelling(database: Database, crew: Crew) -> None:
    interview_id = await make_interview(database, crew, response="confirmed")
    admin = viewer_of(crew.admin, "admin")
    later = in_days(4)
    async with database.write(admin.scope) as session:
        named: Any = {"viewer": admin, "interview_id": interview_id}
        same = await service.reschedule(session, **named)
        assert (same.sequence, same.response) == (0, "confirmed")
        renamed = await service.reschedule(session, **named, title="Second talk")
        assert (renamed.sequence, renamed.response) == (1, "confirmed")
        moved = await service.reschedule(
            session, **named, starts_at=later, ends_at=later + timedelta(minutes=30)
        )
        assert (moved.sequence, moved.response) == (2, "pending")
        assert moved.remind_at == later - timedelta(hours=24)
        attached = await service.attach_calendar(
            session, interview_id, "google_calendar", "https://meet.example/abc"
        )
        assert (attached.sequence, attached.meeting_url) == (2, "https://meet.example/abc")
        cancelled = await service.cancel(session, **named, reason="The post is filled")
        assert (cancelled.sequence, cancelled.remind_at) == (3, None)
        again = await service.cancel(session, **named)
        assert (again.sequence, again.cancel_reason) == (3, "The post is filled")
        with pytest.raises(errors.InterviewCancelled):
            await service.reschedule(session, **named, title="Third talk")


async def test_two_at_the_same_time(database: Database, crew: Crew) -> None:
    interview_id = await make_interview(database, crew)
    admin = viewer_of(crew.admin, "admin")
    async with database.read(Scope.system()) as session:
        there = await service.get(session, viewer=admin, interview_id=interview_id)
    other = await make_interview(
        database, crew, there.application_id, starts_at=there.starts_at + timedelta(hours=2)
    )
    async with database.write(admin.scope) as session:
        with pytest.raises(errors.InterviewDuplicate):
            await service.reschedule(
                session, viewer=admin, interview_id=other, starts_at=there.starts_at
            )


async def test_what_has_begun(database: Database, crew: Crew) -> None:
    interview_id = await make_interview(database, crew, starts_at=in_days(-0.01), remind_at=None)
    admin = viewer_of(crew.admin, "admin")
    async with database.write(admin.scope) as session:
        with pytest.raises(errors.InterviewOver):
            await service.cancel(session, viewer=admin, interview_id=interview_id)
        with pytest.raises(errors.InterviewOver):
            await service.reschedule(session, viewer=admin, interview_id=interview_id, title="x")
