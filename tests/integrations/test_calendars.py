"""Interviews in calendars: made once, refreshed tokens, moved, called off, tried again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from loguru import logger
from redis.asyncio import Redis
from sqlalchemy import text

from app.accounts.identity import SignedIn
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.http import open_client
from app.dev.bridges.asgi import Fault
from app.integrations import tasks
from app.interviews import service as interviews
from app.organizations.deps import Viewer
from app.worker.registry import TaskContext
from tests.applications.samples import make_application
from tests.integrations.stage import CALENDARS, INTEGRATIONS, NAMES, WORDS, Bridges
from tests.interviews.samples import in_days
from tests.people import Actor, Crew

BOTH = pytest.mark.parametrize("name", CALENDARS)


@pytest.fixture
async def application_id(database: Database, crew: Crew) -> UUID:
    """The candidate's application to the employer's job."""
    return (await make_application(database, crew))[1]


@pytest.fixture
async def worker(bridges: Bridges, database: Database) -> AsyncIterator[TaskContext]:
    """What a worker process lends to the room's tasks."""
    settings = bridges.settings
    async with (
        Redis.from_url(settings.redis.url.get_secret_value()) as redis,
        open_client(timeout_seconds=2, connections=2) as http,
    ):
        yield TaskContext(settings, database, redis, http)


def event(application_id: UUID, **changes: Any) -> dict[str, Any]:
    starts_at = in_days(3)
    return {
        "application_id": str(application_id),
        "title": "First talk",
        "description": "Bring questions.",
        "start_time": starts_at.isoformat(),
        "end_time": (starts_at + timedelta(hours=1)).isoformat(),
        "timezone": "Europe/Paris",
        "attendees": ["grace@northwind.example"],
        "create_meeting_link": True,
        **changes,
    }


async def create(
    bridges: Bridges, who: Actor, name: str, body: dict[str, Any], **headers: str
) -> httpx.Response:
    path = f"{INTEGRATIONS}/{WORDS[name]}/create-event"
    return await bridges.client.post(path, json=body, headers={**who.headers, **headers})


async def one(database: Database, statement: str) -> dict[str, Any]:
    async with database.read(Scope.system()) as session:
        found = (await session.execute(text(statement))).mappings().one()
        return dict(found)


async def do(database: Database, statement: str) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(text(statement))


def events_of(bridges: Bridges, name: str) -> list[dict[str, Any]]:
    api = bridges.google if name == "google" else bridges.graph
    return list(api.events.values())


@BOTH
async def test_an_event_is_the_interview(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID, name: str
) -> None:
    """Attendees and applicant, zone, reminder, link; kept as the application's interview."""
    await bridges.connect(crew.employer, name)
    body = event(application_id)
    answer = await create(bridges, crew.employer, name, body)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    (there,) = events_of(bridges, name)
    assert made["event_id"] == there["id"]
    assert made["event_url"] == there["htmlLink" if name == "google" else "webLink"]
    link = made["meet_link" if name == "google" else "teams_link"]
    assert link.startswith("https://meet." if name == "google" else "https://teams.")
    assert made["teams_link" if name == "google" else "meet_link"] is None
    invited = ["grace@northwind.example", crew.candidate.email]
    assert there["start"]["timeZone"] == "Europe/Paris"
    if name == "google":
        assert [each["email"] for each in there["attendees"]] == invited
        assert there["start"]["dateTime"][-6:] in ("+01:00", "+02:00")
        assert (there["summary"], there["reminders"]["useDefault"]) == ("First talk", False)
    else:
        assert [each["emailAddress"]["address"] for each in there["attendees"]] == invited
        assert (there["subject"], there["isReminderOn"]) == ("First talk", True)
    kept = await one(database, "SELECT * FROM interviews")
    assert str(kept["id"]) == made["interview_id"]
    assert kept["application_id"] == application_id
    assert kept["calendar_provider"] == NAMES[name]
    assert kept["meeting_url"] == link
    assert (await bridges.standing(crew.employer, name))["last_used_at"] is not None
    entry = await one(
        database, "SELECT * FROM audit_entries WHERE action = 'integrations.event_created'"
    )
    assert entry["subject_id"] == made["interview_id"]


@BOTH
async def test_two_clicks_make_one_event(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID, name: str
) -> None:
    await bridges.connect(crew.employer, name)
    body = event(application_id)
    first, second = [await create(bridges, crew.employer, name, body) for _ in range(2)]
    assert first.json() == second.json()
    path = f"/{name}{'/calendar/v3/calendars/primary/events' if name == 'google' else '/v1.0/me/events'}"
    assert len(bridges.asked(path)) == 1
    await one(database, "SELECT * FROM interviews")


@BOTH
async def test_an_answer_that_was_lost_makes_no_second_event(
    bridges: Bridges, crew: Crew, application_id: UUID, name: str
) -> None:
    """The event was made and the answer did not arrive: asked again, the provider tells of it."""
    await bridges.connect(crew.employer, name)
    path = f"/{name}{'/calendar/v3/calendars/primary/events' if name == 'google' else '/v1.0/me/events'}"
    bridges.providers.faults[path] = Fault(502, after=True)
    answer = await create(bridges, crew.employer, name, event(application_id))
    assert answer.status_code == 200, answer.text
    (there,) = events_of(bridges, name)
    assert answer.json()["event_id"] == there["id"]


async def test_a_key_gives_the_first_answer_again(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    await bridges.connect(crew.employer, "google")
    body, key = event(application_id), {"Idempotency-Key": "k-1"}
    first = await create(bridges, crew.employer, "google", body, **key)
    again = await create(bridges, crew.employer, "google", body, **key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await create(bridges, crew.employer, "google", {**body, "title": "Other"}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert len(bridges.google.events) == 1


@BOTH
async def test_without_a_connection_there_is_no_interview(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID, name: str
) -> None:
    answer = await create(bridges, crew.employer, name, event(application_id))
    assert (answer.status_code, answer.json()["code"]) == (403, "integrations.not_connected")
    found = await one(database, "SELECT count(*) AS n FROM interviews")
    assert found["n"] == 0


async def test_linkedin_keeps_no_calendar(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    answer = await create(bridges, crew.employer, "linkedin", event(application_id))
    assert (answer.status_code, answer.json()["code"]) == (404, "integrations.provider_unknown")


async def test_who_may_not_interview_makes_no_event(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    """A stranger's application is not there; a colleague who did not post the job may not."""
    for who, status in ((crew.stranger, 404), (crew.staff, 403)):
        await bridges.connect(who, "google")
        answer = await create(bridges, who, "google", event(application_id))
        assert answer.status_code == status
    assert bridges.google.events == {}


NONSENSE: list[dict[str, Any]] = [
    {"end_time": "2020-01-01T00:00:00Z"},
    {"timezone": "Mars/Olympus"},
    {"attendees": ["nobody"]},
    {"title": " "},
    {"attendees": ["a@b.example"] * 51},
    {"start_time": "tomorrow"},
    {"status": "cancelled"},
]


async def test_what_makes_no_sense_is_refused(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    await bridges.connect(crew.employer, "google")
    for changes in NONSENSE:
        answer = await create(bridges, crew.employer, "google", event(application_id, **changes))
        assert answer.status_code == 422, changes
    assert bridges.google.events == {}


async def test_times_of_the_wall_clock(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID
) -> None:
    """Without an offset the times are those that the clocks in `timezone` show."""
    await bridges.connect(crew.employer, "microsoft")
    day = in_days(3).date()
    body = event(
        application_id,
        start_time=f"{day}T10:00:00",
        end_time=f"{day}T11:00:00",
        timezone="Romance Standard Time",
    )
    assert (await create(bridges, crew.employer, "microsoft", body)).status_code == 200
    (there,) = bridges.graph.events.values()
    assert there["start"] == {"dateTime": f"{day}T10:00:00", "timeZone": "Europe/Paris"}
    kept = await one(database, "SELECT starts_at FROM interviews")
    assert kept["starts_at"].hour in (8, 9)


async def test_a_link_that_takes_a_while(
    bridges: Bridges, crew: Crew, application_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.integrations.engine.google._LOOK_SECONDS", 0.0)
    await bridges.connect(crew.employer, "google")
    bridges.google.slow_links = 2
    answer = await create(bridges, crew.employer, "google", event(application_id))
    assert answer.json()["meet_link"].startswith("https://meet.google.com/")


async def test_no_link_where_none_is_wanted_or_to_be_had(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    await bridges.connect(crew.employer, "google")
    body = event(application_id, create_meeting_link=False, location="Room 3")
    answer = await create(bridges, crew.employer, "google", body)
    assert answer.json()["meet_link"] is None
    (there,) = bridges.google.events.values()
    assert "conferenceData" not in there
    assert there["location"] == "Room 3"
    bridges.graph.is_personal = True
    await bridges.connect(crew.employer, "microsoft")
    at = in_days(4)
    body = event(
        application_id,
        start_time=at.isoformat(),
        end_time=(at + timedelta(hours=1)).isoformat(),
    )
    answer = await create(bridges, crew.employer, "microsoft", body)
    assert answer.json()["teams_link"] is None


@BOTH
async def test_a_token_near_its_end_is_refreshed(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID, name: str
) -> None:
    """Also where the provider refused it before its time; the newest refresh token is kept."""
    grants = bridges.place(name).grants
    grants.access_seconds = 60
    await bridges.connect(crew.employer, name)
    grants.access_seconds = None
    (old,) = grants.access
    answer = await create(bridges, crew.employer, name, event(application_id))
    assert answer.status_code == 200
    assert len(bridges.asked(f"/{name}{bridges.place(name).token}")) == 2
    # The provider forgets its access tokens before their time.
    grants.access.clear()
    at = in_days(4)
    body = event(
        application_id,
        start_time=at.isoformat(),
        end_time=(at + timedelta(hours=1)).isoformat(),
    )
    assert (await create(bridges, crew.employer, name, body)).status_code == 200
    assert old not in grants.access
    row = await one(database, "SELECT * FROM connections")
    assert (row["grants"], row["state"], row["lease_token"]) == (3, "connected", None)


async def test_many_who_find_a_token_at_its_end_refresh_it_once(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    grants = bridges.place("google").grants
    grants.access_seconds = 0
    await bridges.connect(crew.employer, "google")
    grants.access_seconds = None
    day = in_days(3)
    path = f"{INTEGRATIONS}/google-calendar/free-busy"
    span = {"starts_at": day.isoformat(), "ends_at": (day + timedelta(days=1)).isoformat()}
    # One after the other: the stage has a single connection, the lease is tested on a real one.
    for _ in range(3):
        answer = await bridges.client.get(path, params=span, headers=crew.employer.headers)
        assert answer.json() == {"provider": "google_calendar", "busy": []}
    assert len(bridges.asked("/google/token")) == 2


OVER: list[dict[str, Any]] = [
    {"error": "invalid_grant"},
    {"error": "invalid_grant", "error_codes": [700082]},
    {"error": "invalid_grant", "error_codes": [50173]},
    {"error": "interaction_required", "error_codes": [50076]},
    {"error": "consent_required", "error_codes": [65001]},
]


async def test_a_grant_that_is_over_needs_a_reconnect(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID
) -> None:
    """Told once for each grant; connecting again heals it."""
    grants, token = bridges.place("microsoft").grants, "/microsoft/common/oauth2/v2.0/token"
    for told, body in enumerate(OVER, 1):
        grants.access_seconds = 60
        await bridges.connect(crew.employer, "microsoft")
        bridges.providers.faults[token] = Fault(400, body)
        for _ in range(2):
            answer = await create(bridges, crew.employer, "microsoft", event(application_id))
            assert answer.json()["code"] == "integrations.not_connected"
            assert answer.status_code == 403
        standing = await bridges.standing(crew.employer, "microsoft")
        assert (standing["needs_reconnect"], standing["is_connected"]) == (True, False)
        assert standing["last_error"] == body["error"]
        counted = "SELECT count(*) AS n FROM audit_entries WHERE action LIKE '%needs_reconnect'"
        assert (await one(database, counted))["n"] == told
    assert (await one(database, "SELECT count(*) AS n FROM interviews"))["n"] == 0
    grants.access_seconds = None
    await bridges.connect(crew.employer, "microsoft")
    answer = await create(bridges, crew.employer, "microsoft", event(application_id))
    assert answer.status_code == 200


async def test_our_own_credentials_are_nobody_elses_fault(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    grants = bridges.place("google").grants
    grants.access_seconds = 0
    await bridges.connect(crew.employer, "google")
    bridges.providers.faults["/google/token"] = Fault(401, {"error": "invalid_client"})
    answer = await create(bridges, crew.employer, "google", event(application_id))
    assert (answer.status_code, answer.json()["code"]) == (503, "integrations.misconfigured")
    assert not (await bridges.standing(crew.employer, "google"))["needs_reconnect"]


async def test_a_connection_without_a_refresh_token_ends(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    grants = bridges.place("google").grants
    grants.without_refresh, grants.access_seconds = True, 0
    await bridges.connect(crew.employer, "google")
    answer = await create(bridges, crew.employer, "google", event(application_id))
    assert (answer.status_code, answer.json()["code"]) == (403, "integrations.not_connected")
    assert (await bridges.standing(crew.employer, "google"))["needs_reconnect"]


def _google(status: int, reason: str) -> Fault:
    return Fault(status, {"error": {"code": status, "errors": [{"reason": reason}]}}, times=9)


def _graph(status: int, code: str) -> Fault:
    return Fault(status, {"error": {"code": code}}, times=9)


REFUSALS = [
    ("google", _google(403, "insufficientPermissions"), (403, "permission_missing")),
    ("google", _google(403, "accessNotConfigured"), (503, "misconfigured")),
    ("google", _google(400, "invalidAttendeeEmail"), (502, "provider_refused")),
    ("google", Fault(404), (502, "provider_refused")),
    ("google", Fault(200, "<html>"), (502, "provider_refused")),
    ("google", Fault(200, {"error": None}), (502, "provider_refused")),
    ("microsoft", _graph(403, "ErrorAccessDenied"), (403, "permission_missing")),
    ("microsoft", _graph(400, "ErrorPropertyValidationFailure"), (502, "provider_refused")),
]


async def test_a_refusal_leaves_no_interview(
    bridges: Bridges, crew: Crew, database: Database, application_id: UUID
) -> None:
    """What was wrong is put right, and the same request works."""
    paths = {
        "google": "/google/calendar/v3/calendars/primary/events",
        "microsoft": "/microsoft/v1.0/me/events",
    }
    for name in paths:
        await bridges.connect(crew.employer, name)
    for name, fault, (status, code) in REFUSALS:
        bridges.providers.faults[paths[name]] = replace(fault, times=9)
        answer = await create(bridges, crew.employer, name, event(application_id))
        assert (answer.status_code, answer.json()["code"]) == (status, f"integrations.{code}")
        assert answer.json()["type"].endswith(f"integrations.{code}")
        standing = "SELECT count(*) AS n FROM interviews WHERE status = 'scheduled'"
        assert (await one(database, standing))["n"] == 0
    bridges.providers.faults.clear()
    for name in paths:
        at = in_days(4 if name == "google" else 5)
        body = event(
            application_id,
            start_time=at.isoformat(),
            end_time=(at + timedelta(hours=1)).isoformat(),
        )
        assert (await create(bridges, crew.employer, name, body)).status_code == 200


OVER_LIMIT = [
    ("google", _google(403, "rateLimitExceeded"), {}),
    ("google", Fault(429), {"Retry-After": "120"}),
    ("microsoft", Fault(429, {"error": {"code": "ApplicationThrottled"}}), {"Retry-After": "120"}),
    ("microsoft", Fault(503), {"Retry-After": "120"}),
]


@pytest.mark.parametrize("case", OVER_LIMIT)
async def test_what_does_not_answer_is_tried_again_by_a_worker(
    bridges: Bridges,
    crew: Crew,
    database: Database,
    worker: TaskContext,
    case: tuple[str, Fault, dict[str, str]],
) -> None:
    """The person is told when to come back; the interview stands, and its event follows."""
    name, fault, headers = case
    _, application_id = await make_application(database, crew)
    await bridges.connect(crew.employer, name)
    path = "/calendar/v3/calendars/primary/events" if name == "google" else "/v1.0/me/events"
    bridges.providers.faults[f"/{name}{path}"] = Fault(
        fault.status, fault.body, headers, times=1 if headers else 9
    )
    answer = await create(bridges, crew.employer, name, event(application_id))
    assert answer.status_code == 503
    assert answer.json()["code"] in (
        "integrations.provider_busy",
        "integrations.provider_unavailable",
    )
    assert answer.headers["retry-after"] == headers.get("Retry-After", "30")
    bridges.providers.faults.clear()
    await do(database, "UPDATE calendar_events SET run_after = now()")
    await tasks.sync_interview(worker)
    (there,) = events_of(bridges, name)
    row = await one(database, "SELECT * FROM calendar_events")
    assert (row["state"], row["event_id"]) == ("kept", there["id"])
    kept = await one(database, "SELECT * FROM interviews")
    assert kept["calendar_provider"] == NAMES[name]
    answer = await create(bridges, crew.employer, name, event(application_id))
    assert answer.json()["event_id"] == there["id"]


async def test_a_provider_that_is_down_is_left_alone(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    """After some failures in a row nobody calls it for a while, and nobody waits for it."""
    await bridges.connect(crew.employer, "google")
    path = "/google/calendar/v3/calendars/primary/events"
    bridges.providers.faults[path] = Fault(500, times=99)
    answers = [
        await create(bridges, crew.employer, "google", event(application_id)) for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [503] * 4
    assert len(bridges.asked(path)) == 5
    assert int(answers[-1].headers["retry-after"]) <= 15


async def _viewer(crew: Crew) -> Viewer:
    actor = crew.employer
    at = now()
    person = SignedIn(
        id=actor.id,
        email=actor.email,
        full_name="Employer",
        role="employer",
        organization_id=crew.organization_id,
        organization_name="Northwind",
        is_active=True,
        is_superuser=False,
        auth_provider="local",
        created_at=at,
        updated_at=at,
        affiliations=(),
        session=None,
    )
    return Viewer(person, crew.organization_id, "employer")


@BOTH
async def test_a_move_and_a_cancellation_reach_the_calendar(
    bridges: Bridges,
    crew: Crew,
    database: Database,
    worker: TaskContext,
    application_id: UUID,
    name: str,
) -> None:
    await bridges.connect(crew.employer, name)
    made = (await create(bridges, crew.employer, name, event(application_id))).json()
    interview_id, viewer = UUID(made["interview_id"]), await _viewer(crew)
    at = in_days(5)
    async with database.write(viewer.scope) as session:
        await interviews.reschedule(
            session,
            viewer=viewer,
            interview_id=interview_id,
            starts_at=at,
            ends_at=at + timedelta(hours=2),
            title="Second talk",
        )
    await tasks.sync_interview(worker, interview_id=str(interview_id))
    (there,) = events_of(bridges, name)
    assert str(at.date()) in there["start"]["dateTime"]
    assert there["summary" if name == "google" else "subject"] == "Second talk"
    row = await one(database, "SELECT * FROM calendar_events")
    assert (row["state"], row["synced_sequence"]) == ("kept", 1)
    async with database.write(viewer.scope) as session:
        await interviews.cancel(session, viewer=viewer, interview_id=interview_id)
    # Nobody heard the ring.
    await tasks.find_behind(worker)
    await tasks.sync_interview(worker)
    api = bridges.google if name == "google" else bridges.graph
    assert api.told == [(act, made["event_id"]) for act in ("invited", "changed", "cancelled")]
    before = len(bridges.providers.asked)
    await tasks.sync_interview(worker)
    assert len(bridges.providers.asked) == before
    assert (await one(database, "SELECT state FROM calendar_events"))["state"] == "removed"


@BOTH
async def test_an_event_that_was_deleted_by_hand_is_made_anew_by_a_move(
    bridges: Bridges,
    crew: Crew,
    database: Database,
    worker: TaskContext,
    application_id: UUID,
    name: str,
) -> None:
    await bridges.connect(crew.employer, name)
    made = (await create(bridges, crew.employer, name, event(application_id))).json()
    if name == "google":
        bridges.google.events[made["event_id"]]["status"] = "cancelled"
    else:
        bridges.graph.events.clear()
    viewer, at = await _viewer(crew), in_days(5)
    async with database.write(viewer.scope) as session:
        await interviews.reschedule(
            session,
            viewer=viewer,
            interview_id=UUID(made["interview_id"]),
            starts_at=at,
            ends_at=at + timedelta(hours=1),
        )
    for _ in range(2):
        await tasks.sync_interview(worker, interview_id=made["interview_id"])
    living = [each for each in events_of(bridges, name) if each.get("status") != "cancelled"]
    assert [str(at.date()) in each["start"]["dateTime"] for each in living] == [True]
    assert living[0]["id"] != made["event_id"]


async def test_what_waits_for_a_connection_goes_on_once_there_is_one(
    bridges: Bridges, crew: Crew, database: Database, worker: TaskContext, application_id: UUID
) -> None:
    await bridges.connect(crew.employer, "google")
    made = (await create(bridges, crew.employer, "google", event(application_id))).json()
    bridges.place("google").grants.forget()
    viewer = await _viewer(crew)
    async with database.write(viewer.scope) as session:
        await interviews.cancel(session, viewer=viewer, interview_id=UUID(made["interview_id"]))
    await tasks.sync_interview(worker, interview_id=made["interview_id"])
    assert (await bridges.standing(crew.employer, "google"))["needs_reconnect"]
    assert (await one(database, "SELECT state FROM calendar_events"))["state"] == "stuck"
    await bridges.connect(crew.employer, "google")
    await tasks.sync_interview(worker)
    assert bridges.google.events[made["event_id"]]["status"] == "cancelled"


async def test_an_interview_has_one_calendar(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    for name in CALENDARS:
        await bridges.connect(crew.employer, name)
    body = event(application_id)
    assert (await create(bridges, crew.employer, "google", body)).status_code == 200
    answer = await create(bridges, crew.employer, "microsoft", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "integrations.event_elsewhere")


@BOTH
async def test_free_and_busy(bridges: Bridges, crew: Crew, application_id: UUID, name: str) -> None:
    await bridges.connect(crew.employer, name)
    body = event(application_id)
    await create(bridges, crew.employer, name, body)
    day = in_days(3)
    path = f"{INTEGRATIONS}/{WORDS[name]}/free-busy"
    span = {
        "starts_at": (day - timedelta(hours=2)).isoformat(),
        "ends_at": (day + timedelta(days=1)).isoformat(),
    }
    answer = await bridges.client.get(path, params=span, headers=crew.employer.headers)
    assert answer.status_code == 200, answer.text
    (busy,) = answer.json()["busy"]
    assert busy["starts_at"] == body["start_time"].replace("+00:00", "Z")
    for wrong in ({**span, "ends_at": span["starts_at"]}, {**span, "ends_at": "2090-01-01T00:00Z"}):
        answer = await bridges.client.get(path, params=wrong, headers=crew.employer.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "integrations.span_invalid")


async def test_nothing_personal_is_logged(
    bridges: Bridges, crew: Crew, application_id: UUID
) -> None:
    """No token, code, secret or address, whatever happens; and none in an address of ours."""
    lines: list[str] = []
    sink = logger.add(lines.append, level=0, serialize=True)
    await bridges.connect(crew.employer, "google")
    grants = bridges.place("google").grants
    kept = [*grants.access, *grants.refresh]
    await create(bridges, crew.employer, "google", event(application_id))
    bridges.providers.faults["/google/calendar/v3/freeBusy"] = _google(403, "rateLimitExceeded")
    span = {"starts_at": in_days(1).isoformat(), "ends_at": in_days(2).isoformat()}
    path = f"{INTEGRATIONS}/google-calendar/free-busy"
    await bridges.client.get(path, params=span, headers=crew.employer.headers)
    await bridges.client.delete(
        f"{INTEGRATIONS}/google-calendar/disconnect", headers=crew.employer.headers
    )
    logger.remove(sink)
    written = "".join(lines)
    assert "integrations.event_created" in written
    hidden = [*kept, "@northwind.example", "@example.com", "local-secret"]
    assert not [one for one in hidden if one in written]
    assert not any("at-" in each.path or "rt-" in each.path for each in bridges.providers.asked)
