"""Interviews over HTTP: who does what, answers with and without signing in, what each side sees."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from app.applications.models import ApplicationMove
from app.core.audit_model import AuditEntry
from app.core.db import Database, Scope
from app.core.settings import AuthSettings, Settings
from app.interviews.errors import ResponseLinkInvalid
from app.interviews.links import ResponseClaim, ResponseLinks
from app.interviews.models import Interview
from app.main import create_app
from tests.applications.samples import make_application
from tests.conftest import Stage, running
from tests.interviews.samples import INTERVIEWS, in_days, make_interview, plan
from tests.jobs.samples import make_job
from tests.mail.reading import newest
from tests.people import API, Crew, make_crew

EMPLOYERS = {"attendees", "candidate_email", "calendar_provider", "warnings", "interviewer_id"}


async def schedule(client: httpx.AsyncClient, crew: Crew, **fields: Any) -> httpx.Response:
    return await client.post(INTERVIEWS, json=plan(**fields), headers=crew.employer.headers)


async def test_an_interview(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    _, application_id = await make_application(database, crew)
    fields: dict[str, Any] = {
        "application_id": str(application_id),
        "timezone": "Romance Standard Time",
        "attendees": ["lena@example.com"],
        "meeting_url": "https://meet.example/abc",
    }
    made = await schedule(client, crew, **fields)
    assert made.status_code == 201, made.text
    seen = made.json()
    assert made.headers["location"] == f"{INTERVIEWS}/{seen['id']}"
    assert (seen["timezone"], seen["status"], seen["response"], seen["warnings"]) == (
        "Europe/Paris",
        "scheduled",
        "pending",
        [],
    )
    assert (seen["job_title"], seen["interviewer_name"]) == ("Data Engineer", "Employer")
    again = await schedule(client, crew, **fields)
    assert (again.status_code, again.json()["id"]) == (201, seen["id"])
    application = await client.get(
        f"{API}/applications/{application_id}", headers=crew.candidate.headers
    )
    assert [step["to"] for step in application.json()["history"]] == ["applied", "interview"]
    own = await client.get(made.headers["location"], headers=crew.candidate.headers)
    assert own.status_code == 200
    assert not EMPLOYERS & own.json().keys()
    assert (await client.get(f"{INTERVIEWS}/mine", headers=crew.candidate.headers)).json()[
        "results"
    ] == [own.json()]


async def test_the_wall_clock_of_the_zone(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    year = datetime.now(UTC).year + 1
    made = await schedule(
        client,
        crew,
        application_id=str(application_id),
        starts_at=datetime.fromisoformat(f"{year}-07-01T09:00"),
    )
    assert made.json()["starts_at"] == f"{year}-07-01T07:00:00Z"
    for body, code in (
        ({"timezone": "Mars"}, "interviews.timezone_unknown"),
        ({"starts_at": "2020-01-01T09:00:00Z"}, "interviews.in_the_past"),
        ({"ends_at": f"{year}-07-01T07:00:00Z"}, "interviews.end_before_start"),
        ({"ends_at": f"{year}-07-02T07:00:01Z"}, "interviews.too_long"),
        ({"starts_at": "9990-12-31T23:59:59-12:00"}, "interviews.too_far_ahead"),
        # There is no such moment: in UTC it lies behind the last year.
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "http.invalid"),
    ):
        refused = await client.patch(
            made.headers["location"], json=body, headers=crew.employer.headers
        )
        assert (refused.status_code, refused.json()["code"]) == (422, code), body
    for url in ("javascript:alert(1)", "http://meet.example", "https://a:b@meet.example", "x"):
        odd = await client.patch(
            made.headers["location"], json={"meeting_url": url}, headers=crew.employer.headers
        )
        assert odd.status_code == 422, url


async def test_two_at_once_are_a_warning(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    first = await make_interview(database, crew)
    async with database.write(Scope.system()) as session:
        person = (await session.execute(select(Interview.candidate_id))).scalar_one()
    assert person == crew.candidate.id
    job_id = await make_job(database, crew)
    _, other = await make_application(database, crew, job_id)
    made = await schedule(client, crew, application_id=str(other))
    assert made.status_code == 201
    assert [one["interview_id"] for one in made.json()["warnings"]] == [str(first)]
    later = in_days(3) + timedelta(hours=1)
    moved = await client.patch(
        made.headers["location"],
        json={"starts_at": later.isoformat()},
        headers=crew.employer.headers,
    )
    assert moved.json()["warnings"] == []
    ends_at = datetime.fromisoformat(moved.json()["ends_at"])
    assert ends_at - datetime.fromisoformat(moved.json()["starts_at"]) == timedelta(hours=1)


async def test_two_clicks_at_once_make_one(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)
    _, application_id = await make_application(stage.database, crew)
    body = plan(application_id=str(application_id))
    async with running(create_app(stage.settings)) as client:
        answers = await asyncio.gather(
            *(client.post(INTERVIEWS, json=body, headers=crew.employer.headers) for _ in range(4))
        )
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(set(made)) == 1
    # On a machine with much else to do, whoever waits too long for the first one is asked to repeat.
    assert {answer.status_code for answer in answers} <= {201, 503}
    async with stage.database.read(Scope.system()) as session:
        moves = await session.scalars(select(ApplicationMove.to_status))
    assert sorted(moves) == ["applied", "interview"]


async def test_lists(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    _, application_id = await make_application(database, crew, status="interview")
    ids = [
        await make_interview(database, crew, application_id, starts_at=in_days(day))
        for day in (4, 1, 3)
    ]
    late, early, middle = map(str, ids)
    of_admin = await make_interview(
        database,
        crew,
        (await make_application(database, crew, await make_job(database, crew, posted_by=None)))[1],
        interviewer_id=crew.admin.id,
        starts_at=in_days(2),
    )

    async def listed(who: dict[str, str], query: str = "", place: str = INTERVIEWS) -> list[str]:
        answer = await client.get(f"{place}?{query}", headers=who)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["results"]]

    employer, admin = crew.employer.headers, crew.admin.headers
    assert await listed(employer) == [early, middle, late]
    assert await listed(admin) == [early, str(of_admin), middle, late]
    assert await listed(admin, place=f"{INTERVIEWS}/mine") == [str(of_admin)]
    assert await listed(crew.superuser.headers, "limit=1") == [early]
    assert await listed(crew.stranger.headers) == []
    assert await listed(crew.staff.headers) == []
    assert await listed(admin, f"application_id={application_id}") == [early, middle, late]
    assert await listed(crew.stranger.headers, f"application_id={application_id}") == []
    since = in_days(2.5).strftime("%Y-%m-%dT%H:%M:%SZ")
    until = in_days(3.5).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await listed(employer, f"from={since}&to={until}") == [middle]
    first = await client.get(f"{INTERVIEWS}?limit=2&count=true", headers=employer)
    assert first.json()["count"] == 3
    rest = await client.get(first.json()["next"], headers=employer)
    assert [one["id"] for one in rest.json()["results"]] == [late]
    gone = await client.post(f"{INTERVIEWS}/{late}/cancel", json={}, headers=employer)
    assert gone.status_code == 200
    assert await listed(employer, "status=cancelled") == [late]


async def test_who_is_signed_in_answers(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    job_id = await make_job(database, crew, language="fr")
    _, application_id = await make_application(database, crew, job_id, status="interview")
    interview_id = await make_interview(database, crew, application_id)
    place, headers = f"{INTERVIEWS}/{interview_id}", crew.candidate.headers
    body = {"response": "declined", "note": "Plutôt vendredi ?"}
    answer = await client.post(f"{place}/response", json=body, headers=headers)
    assert (answer.status_code, answer.json()["response"]) == (200, "declined")
    letter = await newest(database, settings, "interview_answered")
    assert (letter.to, letter.language) == (crew.employer.email, "fr")
    assert letter.context["reason"] == "Plutôt vendredi ?"
    again = await client.post(f"{place}/response", json=body, headers=headers)
    assert again.json() == answer.json()
    async with database.read(Scope.system()) as session:
        mails = await session.execute(
            select(func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "interviews.answered")
        )
        silent = await session.execute(select(Interview.remind_at))
    assert mails.scalar_one() == 1
    assert silent.scalar_one() is None
    changed = await client.post(
        f"{place}/response", json={"response": "confirmed"}, headers=headers
    )
    assert changed.json()["response_note"] is None
    async with database.read(Scope.system()) as session:
        assert (await session.execute(select(Interview.remind_at))).scalar_one() is not None
    await client.post(f"{place}/cancel", json={"reason": "Sorry"}, headers=crew.employer.headers)
    late = await client.post(f"{place}/response", json=body, headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "interviews.cancelled")


def token_of(settings: Settings, crew: Crew, interview_id: UUID, **changes: Any) -> str:
    starts_at = changes.get("starts_at", in_days(3))
    claim = ResponseClaim(interview_id, crew.candidate.id, starts_at)
    return ResponseLinks(settings.auth).token(
        claim, expires_at=changes.get("expires_at", starts_at + timedelta(hours=1))
    )


async def test_a_link_answers_without_signing_in(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    interview_id = await make_interview(database, crew, attendees=["lena@example.com"])
    token = token_of(settings, crew, interview_id)
    shown = await client.post(f"{INTERVIEWS}/preview", json={"token": token})
    assert (shown.status_code, shown.json()["job_title"]) == (200, "Data Engineer")
    assert "lena" not in shown.text
    assert crew.candidate.email not in shown.text
    for _ in range(2):
        answer = await client.post(
            f"{INTERVIEWS}/respond", json={"token": token, "response": "confirmed"}
        )
        assert (answer.status_code, answer.json()["response"]) == (200, "confirmed")
    later = in_days(5)
    body = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=1)).isoformat()}
    moved = await client.patch(
        f"{INTERVIEWS}/{interview_id}", json=body, headers=crew.employer.headers
    )
    assert moved.json()["response"] == "pending"
    for name, fields in (("preview", {}), ("respond", {"response": "confirmed"})):
        old = await client.post(f"{INTERVIEWS}/{name}", json={"token": token, **fields})
        assert (old.status_code, old.json()["code"]) == (409, "interviews.link_outdated")
    fresh = token_of(settings, crew, interview_id, starts_at=later)
    await client.post(f"{INTERVIEWS}/{interview_id}/cancel", json={}, headers=crew.admin.headers)
    shown = await client.post(f"{INTERVIEWS}/preview", json={"token": fresh})
    assert (shown.status_code, shown.json()["status"]) == (200, "cancelled")
    late = await client.post(
        f"{INTERVIEWS}/respond", json={"token": fresh, "response": "confirmed"}
    )
    assert (late.status_code, late.json()["code"]) == (409, "interviews.cancelled")


async def test_links_that_open_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    interview_id = await make_interview(database, crew)
    good = token_of(settings, crew, interview_id)
    other = ResponseLinks(AuthSettings(secret_key=settings.auth.secret_key))
    assert other.read(good, now=datetime.now(UTC)).interview_id == interview_id
    others = settings.model_copy(update={"auth": AuthSettings(secret_key="another" * 8)})
    somebody = ResponseClaim(interview_id, crew.staff.id, in_days(3))
    for bad in (
        "",
        "é",
        good[:-1],
        good[:-4] + "AAAA",
        "B" + good[1:],
        good[:-1] + chr(ord(good[-1]) + 1),
        token_of(others, crew, interview_id),
        token_of(settings, crew, interview_id, expires_at=in_days(-1)),
        token_of(settings, crew, crew.organization_id),
        ResponseLinks(settings.auth).token(somebody, expires_at=in_days(4)),
    ):
        refused = await client.post(
            f"{INTERVIEWS}/respond", json={"token": bad, "response": "declined"}
        )
        assert (refused.status_code, refused.json()["code"]) == (400, "interviews.link_invalid")


def test_a_former_secret_still_reads() -> None:
    claim = ResponseClaim(UUID(int=1), UUID(int=2), datetime(2027, 1, 1, tzinfo=UTC))
    now = datetime(2026, 12, 1, tzinfo=UTC)
    old = ResponseLinks(AuthSettings(secret_key="old" * 20))
    token = old.token(claim, expires_at=claim.starts_at)
    new = ResponseLinks(AuthSettings(secret_key="new" * 20, secret_key_previous="old" * 20))
    assert new.read(token, now=now) == claim
    with pytest.raises(ResponseLinkInvalid):
        ResponseLinks(AuthSettings(secret_key="new" * 20)).read(token, now=now)


async def test_the_file(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    interview_id = await make_interview(database, crew, attendees=["lena@example.com"])
    place = f"{INTERVIEWS}/{interview_id}/calendar.ics"
    mine = await client.get(place, headers=crew.candidate.headers)
    assert mine.headers["content-type"] == "text/calendar; charset=utf-8"
    assert f"UID:{interview_id}" in mine.text
    assert "lena" not in mine.text
    theirs = await client.get(place, headers=crew.employer.headers)
    assert "mailto:lena@example.com" in theirs.text.replace("\r\n ", "")
    await client.post(f"{INTERVIEWS}/{interview_id}/cancel", json={}, headers=crew.admin.headers)
    gone = await client.get(place, headers=crew.candidate.headers)
    assert "METHOD:CANCEL" in gone.text
    assert "SEQUENCE:1" in gone.text


async def test_a_stale_change_is_refused(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{INTERVIEWS}/{await make_interview(database, crew)}"
    seen = await client.get(place, headers=crew.employer.headers)
    headers = crew.employer.headers | {"If-Match": seen.headers["etag"]}
    assert (await client.patch(place, json={"title": "A"}, headers=headers)).status_code == 200
    assert (await client.patch(place, json={"title": "B"}, headers=headers)).status_code == 412


async def test_another_organization_sees_no_row(database: Database, crew: Crew) -> None:
    interview_id = await make_interview(database, crew)
    for scope, number in (
        (Scope.tenant(crew.organization_id), 1),
        (Scope.person(crew.candidate.id), 1),
        (Scope.tenant(crew.other_organization_id, crew.stranger.id), 0),
        (Scope.public(), 0),
    ):
        async with database.write(scope) as session:
            found = await session.execute(
                update(Interview)
                .where(Interview.id == interview_id)
                .values(title="Seen")
                .returning(Interview.id)
            )
            assert len(found.all()) == number
