"""All of one's own data as an archive, and none of it any more."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select, text, update

from app.accounts.models import AddressProof, ExternalIdentity, RefreshFamily, User
from app.applications.models import Application
from app.auth.clerk import principal as clerk_principal
from app.auth.keycloak import principal as keycloak_principal
from app.core.audit_model import AuditEntry
from app.core.clock import now
from app.core.crypto import KeyRing
from app.core.db import Database, Scope, as_owner, driver
from app.core.ids import new_id
from app.core.personal import ERASED
from app.core.settings import Settings
from app.interviews.models import Interview
from app.mail import service as mail
from app.mail.service import Secrets
from app.main import create_app
from app.organizations.models import Invite
from app.privacy.archive import safe_name
from app.resumes.models import Resume
from app.storage.models import File
from tests.applications.samples import make_application
from tests.conftest import Stage, running
from tests.interviews.samples import in_days, make_interview
from tests.people import API, PASSWORD, Crew, bearer, make_crew, register

ME = f"{API}/users/me"
NAME = "Zoë Quixotinelli"
LETTER = "I have built such pipelines for three years."


async def hand_in(client: httpx.AsyncClient, headers: dict[str, str], words: str) -> str:
    content = f"{NAME}\nzoe.q@example.com\n\nSkills\nPython, SQL\n{words}\n".encode()
    answer = await client.post(
        f"{API}/resumes",
        files={"file": ('../Zoë\'s "CV".txt', content, "text/plain")},
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    resume_id: str = answer.json()["id"]
    return resume_id


async def opened(client: httpx.AsyncClient, headers: dict[str, str]) -> zipfile.ZipFile:
    answer = await client.get(f"{ME}/export", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


async def test_everything_in_one_archive(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    headers = crew.candidate.headers
    await client.put(f"{API}/profile/me", json={"headline": "Éditrice"}, headers=headers)
    resume_ids = [await hand_in(client, headers, words) for words in ("one", "two")]
    _, application_id = await make_application(
        database,
        crew,
        status="interview",
        cover_letter=LETTER,
        notes="a secret of the employer",
        rating=2,
        resume_id=UUID(resume_ids[0]),
    )
    await make_interview(database, crew, application_id, attendees=["lena@example.com"])
    archive = await opened(client, headers)
    names = archive.namelist()
    facts = {name: json.loads(archive.read(name)) for name in names if name.endswith(".json")}
    assert facts["accounts.json"]["account"]["headline"] == "Éditrice"
    assert len(facts["accounts.json"]["sign_ins"]) == 1
    assert "password_hash" not in archive.read("accounts.json").decode()
    assert facts["applications.json"]["applications"][0]["cover_letter"] == LETTER
    assert facts["interviews.json"]["interviews"][0]["application_id"] == str(application_id)
    assert [one["id"] for one in facts["resumes.json"]["resumes"]] == resume_ids
    assert facts["organizations.json"] == {"memberships": []}
    assert facts["about.json"]["files_missing_or_cut"] == []
    everything = b"".join(archive.read(name) for name in names).decode()
    assert "a secret of the employer" not in everything
    assert "lena@example.com" not in everything
    files = [name for name in names if name.startswith("files/resumes/")]
    assert len(files) == 2
    assert NAME in archive.read(files[0]).decode()
    assert all(".." not in name and '"' not in name for name in files)
    async with database.read(Scope.system()) as session:
        noted = await session.scalars(
            select(AuditEntry).where(AuditEntry.action == "privacy.exported")
        )
        assert [entry.actor_id for entry in noted] == [crew.candidate.id]


async def test_a_file_that_nobody_gives(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await hand_in(client, crew.candidate.headers, "one")
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE file_pieces SET content = ''::bytea"))
    archive = await opened(client, crew.candidate.headers)
    about = json.loads(archive.read("about.json"))
    assert len(about["files_missing_or_cut"]) == 1


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("CV.pdf", "CV.pdf"),
        ("../../etc/passwd", "etc_passwd"),
        ("Élodie d'Arc.pdf", "Élodie_d_Arc.pdf"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_names_inside_the_archive(name: str, safe: str) -> None:
    assert safe_name(name) == safe


async def whole_database(database: Database) -> str:
    """Every row of every table as text, but for the mails of employers."""
    async with database.write(Scope.system()) as session, as_owner(session):
        connection = await driver(session)
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        found = []
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t")  # noqa: S608
            found += [f"{table}: {row['row']}" for row in rows]
    return "\n".join(found).lower()


async def furnish(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> tuple[dict[str, Any], dict[str, str], UUID, UUID]:
    """Somebody with a password and traces in every room: account, headers, application, interview."""
    account = (await register(client, "zoe.q@example.com")).json()
    headers = {"Authorization": f"Bearer {account['access_token']}"}
    person = UUID(account["user"]["id"])
    await client.put(
        f"{API}/profile/me",
        json={"headline": NAME, "phone": "+33 6 11 22 33 44"},
        headers=headers,
    )
    resume_id = await hand_in(client, headers | {"Idempotency-Key": "x"}, "one")
    _, application_id = await make_application(
        database,
        crew,
        candidate_id=person,
        status="interview",
        cover_letter=f"{LETTER} {NAME}",
        notes=f"{NAME} was calm",
        tags=[NAME],
        rating=4,
        resume_id=UUID(resume_id),
    )
    employer = crew.employer.headers
    place = f"{API}/applications/{application_id}"
    move = {"status": "offer", "note": f"{NAME} it is"}
    assert (await client.put(place, json=move, headers=employer)).status_code == 200
    review = {"scores": {"experience": 4}, "comment": f"{NAME} is kind"}
    assert (
        await client.put(f"{place}/scorecard", json=review, headers=employer)
    ).status_code == 200
    interview_id = await make_interview(
        database,
        crew,
        application_id,
        candidate_id=person,
        title=f"Talk with {NAME}",
        description=f"{NAME} brings a portfolio",
        attendees=["lena@example.com", "zoe.q@example.com"],
        announced_sequence=0,
    )
    async with database.write(Scope.system()) as session:
        await session.execute(
            insert(ExternalIdentity).values(
                issuer="https://issuer.example",
                subject=NAME,
                provider="keycloak",
                user_id=person,
                claims_digest=b"",
                claims_at=now(),
            )
        )
        await session.execute(
            insert(Invite).values(
                id=new_id(),
                organization_id=crew.organization_id,
                email="Zoe.Q@example.com",
                role="staff",
                token_hash=b"x",
                expires_at=now() + timedelta(days=1),
            )
        )
        keys = KeyRing.from_settings(settings.auth)
        await mail.send(
            session,
            template="password_reset",
            to="zoe.q@example.com",
            language="en",
            context={"minutes": "60"},
            secrets=Secrets(keys, {"link": "x"}),
        )
    return account, headers, application_id, interview_id


async def test_nothing_is_left_of_who_leaves(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    account, headers, application_id, interview_id = await furnish(client, database, settings, crew)
    person = UUID(account["user"]["id"])
    assert "quixotinelli" in await whole_database(database)
    wrong = await client.request(
        "DELETE", ME, json={"current_password": "not it at all"}, headers=headers
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "accounts.password_wrong")
    assert (await client.delete(ME, headers=headers)).status_code == 422
    gone = await client.request("DELETE", ME, json={"current_password": PASSWORD}, headers=headers)
    assert gone.status_code == 204, gone.text

    await nothing_names_them(database)
    await only_numbers_stay(database, person, application_id, interview_id)
    seen = await client.get(f"{API}/applications/{application_id}", headers=crew.admin.headers)
    assert (seen.json()["candidate_name"], seen.json()["candidate_email"]) == (ERASED, "")
    again = await client.request("DELETE", ME, json={"current_password": PASSWORD}, headers=headers)
    assert again.status_code == 401
    refreshed = await client.post(
        f"{API}/login/refresh-token", json={"refresh_token": account["refresh_token"]}
    )
    assert refreshed.status_code == 401
    anew = await register(client, "zoe.q@example.com")
    assert anew.status_code == 201
    assert anew.json()["user"]["id"] != str(person)
    mine = await client.get(f"{API}/applications/my-applications", headers=bearer(anew))
    assert mine.json()["results"] == []


async def nothing_names_them(database: Database) -> None:
    left = await whole_database(database)
    for trace in ("quixotinelli", "zoe.q@", "11 22 33 44", LETTER.lower(), "python, sql"):
        lines = [line for line in left.splitlines() if trace in line]
        assert lines == [], trace


async def only_numbers_stay(
    database: Database, person: UUID, application_id: UUID, interview_id: UUID
) -> None:
    async with database.read(Scope.system()) as session:
        files = (await session.scalars(select(File))).all()
        assert {file.state for file in files} <= {"deleted"}
        assert (await session.scalars(select(Resume))).all() == []
        application = await session.get(Application, application_id)
        assert application is not None
        assert (application.status, application.rating, application.reached) == (
            "withdrawn",
            4,
            4,
        )
        interview = await session.get(Interview, interview_id)
        assert interview is not None
        assert (interview.status, interview.attendees) == ("cancelled", ["lena@example.com"])
        for table in (RefreshFamily, AddressProof, ExternalIdentity):
            of_person = select(table).where(table.user_id == person)
            assert (await session.scalars(of_person)).all() == []
        actions = select(AuditEntry.action).where(AuditEntry.actor_id == person)
        assert {"privacy.erased", "applications.withdrawn", "interviews.cancelled"} <= set(
            await session.scalars(actions)
        )


async def test_two_clicks_at_once(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)
    async with running(create_app(stage.settings)) as client:
        answers = await asyncio.gather(
            *(client.delete(ME, headers=crew.candidate.headers) for _ in range(3))
        )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(204) == 1
    # On a machine with much else to do, whoever waits too long for the first one is asked to repeat.
    assert set(statuses) <= {204, 401, 503}
    async with stage.database.read(Scope.system()) as session:
        noted = await session.scalars(
            select(AuditEntry).where(AuditEntry.action == "privacy.erased")
        )
        assert len(noted.all()) == 1


async def test_the_last_admin_stays(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    refused = await client.delete(ME, headers=crew.admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "organization.last_admin")
    seen = await client.get(ME, headers=crew.admin.headers)
    assert seen.json()["full_name"] == "Admin"
    promoted = await client.patch(
        f"{API}/organizations/me/members/{crew.staff.id}",
        json={"role": "admin"},
        headers=crew.admin.headers,
    )
    assert promoted.status_code == 200
    assert (await client.delete(ME, headers=crew.admin.headers)).status_code == 204


async def test_an_employer_leaves_their_work(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id, application_id = await make_application(database, crew, status="interview")
    await make_interview(database, crew, application_id, starts_at=in_days(2))
    place = f"{API}/applications/{application_id}"
    await client.put(place, json={"notes": "calm"}, headers=crew.employer.headers)
    assert (await client.delete(ME, headers=crew.employer.headers)).status_code == 204
    seen = await client.get(place, headers=crew.admin.headers)
    assert (seen.status_code, seen.json()["notes"]) == (200, "calm")
    listed = await client.get(f"{API}/interviews", headers=crew.admin.headers)
    only = listed.json()["results"][0]
    assert (only["status"], only["interviewer_name"]) == ("scheduled", ERASED)
    file = await client.get(
        f"{API}/interviews/{only['id']}/calendar.ics", headers=crew.candidate.headers
    )
    assert "ORGANIZER;CN=" in file.text
    assert (await client.get(f"{API}/jobs/{job_id}")).status_code == 200


async def test_without_a_password_a_fresh_sign_in(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(RefreshFamily)
            .where(RefreshFamily.user_id == crew.candidate.id)
            .values(created_at=now() - timedelta(minutes=11))
        )
    stale = await client.delete(ME, headers=crew.candidate.headers)
    assert (stale.status_code, stale.json()["code"]) == (403, "accounts.sign_in_again")
    async with database.read(Scope.system()) as session:
        assert (await session.get_one(User, crew.candidate.id)).erased_at is None


CLAIMS: dict[str, Any] = {"sub": "user_1", "iss": "https://x.example", "iat": 9_000, "exp": 9_999}


@pytest.mark.parametrize(
    ("claims", "moment"),
    [
        ({}, 9_000),
        ({"auth_time": 5_000}, 5_000),
        ({"auth_time": "5000"}, 9_000),
        ({"auth_time": True}, 9_000),
    ],
)
def test_when_a_person_has_signed_in_at_keycloak(claims: dict[str, Any], moment: int) -> None:
    assert keycloak_principal(CLAIMS | claims).authenticated_at == moment


@pytest.mark.parametrize(
    ("claims", "moment"),
    [
        ({}, 9_000),
        ({"fva": [10, -1]}, 8_400),
        ({"fva": [-1, -1]}, 0),
        ({"fva": []}, 9_000),
        ({"fva": "x"}, 9_000),
        ({"fva": [True]}, 9_000),
    ],
)
def test_when_a_person_has_signed_in_at_clerk(claims: dict[str, Any], moment: int) -> None:
    assert clerk_principal(CLAIMS | claims).authenticated_at == moment
