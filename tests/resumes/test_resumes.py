"""A résumé's way over the API and through the worker: taken, read, understood, shown, deleted."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text, update

from app.core.db import Database, Scope
from app.resumes import pipeline, queries
from app.resumes.models import Resume
from app.resumes.tasks import process
from app.storage.models import File, FilePiece
from app.worker.registry import TaskContext
from tests.applications.samples import make_application
from tests.claims.api.test_events import events_of
from tests.people import Crew
from tests.resumes.samples import RESUMES, TEXT, hand_in

OWN = ("instance", "request_id")


async def test_a_resume(client: httpx.AsyncClient, crew: Crew, context: TaskContext) -> None:
    made = await hand_in(client, crew.candidate)
    assert made.status_code == 201, made.text
    resume = made.json()
    place = f"{RESUMES}/{resume['id']}"
    assert made.headers["location"] == place
    assert (resume["status"], resume["error"], resume["text"]) == ("uploaded", None, None)
    assert (resume["filename"], resume["content_type"]) == ("Résumé d'Ada.txt", "text/plain")
    assert (resume["size"], resume["file_url"]) == (len(TEXT.encode()), f"{place}/file")
    assert [step["status"] for step in resume["status_history"]] == ["uploaded"]
    for _ in range(2):
        await process(context)
    read = (await client.get(f"{place}/", headers=crew.candidate.headers)).json()
    assert [step["status"] for step in read["status_history"]] == [
        "uploaded",
        "text_extracted",
        "skills_extracted",
    ]
    assert read["status_history"] == sorted(read["status_history"], key=lambda step: step["at"])
    assert "Analytical Engines" in read["text"]
    assert (read["contact"]["name"], read["contact"]["email"]) == (
        "Ada Byron",
        "ada.byron@example.com",
    )
    names = {skill["name"].lower() for skill in read["skills"]}
    assert {"python", "postgresql", "docker", "kubernetes"} <= names
    for skill in read["skills"]:
        for seen in skill["evidence"]:
            assert read["text"][seen["start"] : seen["end"]] == seen["text"]
    post = read["experience"][0]
    assert (post["start"], post["end"], post["months"]) == ("2020-01", "2023-03", 39)
    assert read["total_experience_months"] == 39
    assert read["language"] == "en"
    listed = (await client.get(RESUMES, headers=crew.candidate.headers)).json()["results"]
    assert [(one["id"], one["text"]) for one in listed] == [(resume["id"], None)]


async def test_the_same_bytes_are_the_same_resume(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    first = (await hand_in(client, crew.candidate)).json()
    await process(context)
    again = await hand_in(client, crew.candidate, name="other.txt")
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert again.json()["status"] == "skills_extracted"
    other = (await hand_in(client, crew.stranger)).json()
    assert other["id"] != first["id"]
    async with database.read(Scope.system()) as session:
        assert (await session.execute(select(func.count()).select_from(File))).scalar_one() == 2


async def test_the_original_comes_back(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    resume = (await hand_in(client, crew.candidate)).json()
    answer = await client.get(resume["file_url"], headers=crew.candidate.headers)
    assert answer.content == TEXT.encode()
    assert answer.headers["content-type"].startswith("text/plain")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="R_sum_ d')
    assert "filename*=UTF-8''R%C3%A9sum%C3%A9%20d%27Ada.txt" in disposition
    async with database.write(Scope.system()) as session:
        await session.execute(FilePiece.__table__.delete())  # type: ignore[attr-defined]
    lost = await client.get(resume["file_url"], headers=crew.candidate.headers)
    assert (lost.status_code, lost.json()["code"]) == (503, "storage.unavailable")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "resumes.file_missing"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), 415, "resumes.type_not_supported"),
        (b"MZ" + bytes(200), 415, "resumes.type_not_supported"),
        (bytes(11 * 1024 * 1024), 413, "resumes.too_large"),
    ],
)
async def test_what_is_not_taken(
    client: httpx.AsyncClient, crew: Crew, content: bytes, status: int, code: str
) -> None:
    refused = await hand_in(client, crew.candidate, content, "cv.pdf")
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert (await client.get(RESUMES, headers=crew.candidate.headers)).json()["results"] == []


async def test_a_form_without_a_file(client: httpx.AsyncClient, crew: Crew) -> None:
    refused = await client.post(RESUMES, data={"file": "cv.pdf"}, headers=crew.candidate.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "resumes.file_missing")


async def test_a_damaged_pdf_fails_with_its_reason_and_can_be_read_again(
    client: httpx.AsyncClient, crew: Crew, context: TaskContext
) -> None:
    resume = (await hand_in(client, crew.candidate, b"%PDF-1.7\nnothing", "cv.pdf")).json()
    place, headers = f"{RESUMES}/{resume['id']}", crew.candidate.headers
    await process(context)
    failed = (await client.get(place, headers=headers)).json()
    assert failed["status"] == "extraction_failed"
    assert failed["error"]["code"] == "resume.damaged"
    assert failed["error"]["hint"]
    again = await client.post(f"{place}/reprocess/", headers=headers)
    assert (again.status_code, again.json()["status"], again.json()["error"]) == (
        202,
        "uploaded",
        None,
    )
    busy = await client.post(f"{place}/reprocess", headers=headers)
    assert (busy.status_code, busy.json()["code"]) == (409, "resumes.being_read")
    await process(context)
    history = (await client.get(place, headers=headers)).json()["status_history"]
    assert [step["status"] for step in history] == ["uploaded", "extraction_failed"] * 2


async def test_events_end_with_the_end(
    client: httpx.AsyncClient, crew: Crew, context: TaskContext
) -> None:
    resume = (await hand_in(client, crew.candidate)).json()
    await process(context)
    answer = await client.get(f"{RESUMES}/{resume['id']}/events", headers=crew.candidate.headers)
    events = events_of(answer.text)
    assert [name for _, name, _ in events] == ["progress", "done"]
    assert events[-1][2]["status"] == "skills_extracted"
    assert "text" not in events[-1][2]


async def test_deleting_leaves_nothing(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    resume = (await hand_in(client, crew.candidate)).json()
    place, headers = f"{RESUMES}/{resume['id']}", crew.candidate.headers
    _, application_id = await make_application(database, crew, resume_id=UUID(resume["id"]))
    await process(context)
    assert (await client.delete(place, headers=headers)).status_code == 204
    for url in (place, f"{place}/file", f"{place}/events"):
        assert (await client.get(url, headers=headers)).status_code == 404
    assert (await client.delete(place, headers=headers)).status_code == 404
    async with database.read(Scope.system()) as session:
        assert (await session.execute(select(FilePiece))).all() == []
    seen = await client.get(f"/api/v1/applications/{application_id}", headers=crew.employer.headers)
    assert seen.json()["resume_id"] is None


async def test_an_employer_sees_what_came_with_an_application(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    resume = (await hand_in(client, crew.candidate)).json()
    place = f"{RESUMES}/{resume['id']}"
    missing = f"{RESUMES}/00000000-0000-7000-8000-000000000000"
    people: dict[str, Any] = {
        name: getattr(crew, name) for name in ("employer", "admin", "stranger")
    }
    for actor in people.values():
        hidden, absent = [
            (await client.get(url, headers=actor.headers)).json() for url in (place, missing)
        ]
        assert {k: v for k, v in hidden.items() if k not in OWN} == {
            k: v for k, v in absent.items() if k not in OWN
        }
    await make_application(database, crew, resume_id=UUID(resume["id"]))
    for name, status in (("employer", 200), ("admin", 200), ("staff", 404), ("stranger", 404)):
        headers = getattr(crew, name).headers
        listed = (await client.get(RESUMES, headers=headers)).json()["results"]
        assert [one["id"] for one in listed] == [resume["id"]] * (status == 200), name
        for url in (place, f"{place}/file"):
            assert (await client.get(url, headers=headers)).status_code == status, (name, url)
        assert (await client.delete(place, headers=headers)).status_code == 404
        assert (await client.post(f"{place}/reprocess", headers=headers)).status_code == 404


async def test_an_application_takes_only_ones_own_resume(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    from_another = (await hand_in(client, crew.stranger)).json()["id"]
    own = (await hand_in(client, crew.candidate)).json()["id"]
    for resume_id, status in ((from_another, 422), (own, 201)):
        job_id, _ = await make_application(database, crew, candidate_id=crew.stranger.id)
        body = {"job_id": str(job_id), "resume_id": resume_id}
        answer = await client.post(
            "/api/v1/applications", json=body, headers=crew.candidate.headers
        )
        assert answer.status_code == status, answer.text


async def test_a_worker_that_lost_its_lease_writes_nothing(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    await hand_in(client, crew.candidate)
    async with database.write(Scope.system()) as session:
        slow = await queries.claim(session)
        assert slow is not None
        assert await queries.claim(session) is None
        await session.execute(update(Resume).values(lease_until=text("now() - interval '1 s'")))
    await process(context)
    async with database.write(Scope.system()) as session:
        assert not await queries.advance(session, slow, "text_extracted", {"text": "late"})
    listed = (await client.get(RESUMES, headers=crew.candidate.headers)).json()["results"]
    assert listed[0]["status"] == "skills_extracted"


async def test_a_file_that_kills_its_workers_ends(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    await hand_in(client, crew.candidate)
    for _ in range(pipeline.MOST_ATTEMPTS):
        async with database.write(Scope.system()) as session:
            assert await queries.claim(session) is not None
            await session.execute(update(Resume).values(lease_until=text("now() - interval '1 s'")))
    await process(context)
    found = (await client.get(RESUMES, headers=crew.candidate.headers)).json()["results"][0]
    assert (found["status"], found["error"]["code"]) == (
        "extraction_failed",
        "resume.too_demanding",
    )


async def test_a_file_that_cannot_be_fetched_is_tried_again(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    await hand_in(client, crew.candidate)
    async with database.write(Scope.system()) as session:
        kept = (await session.execute(select(FilePiece.file_id, FilePiece.content))).one()
        await session.execute(FilePiece.__table__.delete())  # type: ignore[attr-defined]
    await asyncio.wait_for(process(context), 30)
    async with database.write(Scope.system()) as session:
        await session.execute(
            FilePiece.__table__.insert().values(  # type: ignore[attr-defined]
                file_id=kept.file_id, number=0, content=kept.content
            )
        )
        await session.execute(update(Resume).values(lease_until=None))
    await process(context)
    found = (await client.get(RESUMES, headers=crew.candidate.headers)).json()["results"][0]
    assert found["status"] == "skills_extracted"
