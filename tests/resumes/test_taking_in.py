"""What an upload is called, two uploads at the same moment, and an outage that lasts."""

import httpx
import pytest
from sqlalchemy import select, update

from app.core.clock import now
from app.core.db import Database, Scope
from app.resumes import pipeline, queries, service
from app.resumes.models import Resume
from app.resumes.tasks import process
from app.storage import service as storage
from app.storage.models import File
from app.worker.registry import TaskContext
from tests.people import Crew
from tests.resumes.papers import docx, lines, paragraph, pdf
from tests.resumes.samples import RESUMES, hand_in

WORD = docx(paragraph("Jane Smith"))


@pytest.mark.parametrize(
    ("content", "name", "kept"),
    [
        (b"Jane", "C:\\fakepath\\cv.txt", "cv.txt"),
        (b"Jane", "../../etc/passwd", "passwd"),
        (b"Jane", "cv\r\nSet-Cookie: a=b.txt", "cvSet-Cookie: a=b.txt"),
        (b"Jane", "invoice\u202etxt.exe", "invoicetxt.exe"),
        (b"Jane", " Élodie's CV (final).txt ", "Élodie's CV (final).txt"),
        (b"Jane", "", "resume.txt"),
        (b"%PDF-1.7", "\0", "resume.pdf"),
        (WORD, "folder/", "resume.docx"),
        (b"Jane", "n" * 500 + ".txt", "n" * 196 + ".txt"),
    ],
)
def test_a_name_is_kept_for_people_and_leads_nowhere(content: bytes, name: str, kept: str) -> None:
    assert service.receive(content, name).filename == kept


async def test_the_same_bytes_at_the_same_moment_are_one_resume(
    client: httpx.AsyncClient, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looks before the first has come, and writes after it."""
    first = (await hand_in(client, crew.candidate)).json()
    right = queries.by_content

    async def too_early(*_asked: object) -> None:
        monkeypatch.setattr(queries, "by_content", right)

    monkeypatch.setattr(queries, "by_content", too_early)
    second = await hand_in(client, crew.candidate)
    assert (second.status_code, second.json()["id"]) == (201, first["id"])
    async with database.read(Scope.system()) as session:
        states = (await session.execute(select(File.state))).scalars().all()
    assert sorted(states) == ["deleted", "waiting"]


async def test_an_outage_of_the_store_is_never_the_files_fault(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    context: TaskContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often it cannot be fetched, it is read in the end."""
    resume_id = (await hand_in(client, crew.candidate)).json()["id"]
    right = storage.read

    async def away(*_asked: object) -> bytes:
        raise storage.FileAway

    monkeypatch.setattr(storage, "read", away)
    for _ in range(pipeline.MOST_ATTEMPTS + 2):
        await process(context)
        assert await status_of(database) == "uploaded"
        async with database.write(Scope.system()) as session:
            await session.execute(update(Resume).values(lease_until=None))
    monkeypatch.setattr(storage, "read", right)
    await process(context)
    shown = await client.get(f"{RESUMES}/{resume_id}", headers=crew.candidate.headers)
    assert shown.json()["status"] == "skills_extracted"


@pytest.mark.parametrize("dated", ["D:20210315", "D:20990101"], ids=["old", "not yet"])
async def test_present_ends_with_the_documents_own_date(
    client: httpx.AsyncClient, crew: Crew, context: TaskContext, dated: str
) -> None:
    """A résumé of 2021 gains no month later, and a date that is yet to come gives none before it."""
    page = lines("Jane Smith", "Experience", "Engineer, Globex, Jan 2020 - Present", "- Built it.")
    await hand_in(client, crew.candidate, pdf(page, dated=dated))
    await process(context)
    shown = (await client.get(RESUMES, headers=crew.candidate.headers)).json()["results"][0]
    today = now()
    until_today = 12 * (today.year - 2020) + today.month
    [post] = shown["experience"]
    assert (post["end"], post["current"]) == (None, True)
    assert post["months"] == (15 if dated == "D:20210315" else until_today)


async def status_of(database: Database) -> str:
    async with database.read(Scope.system()) as session:
        return str((await session.execute(select(Resume.status))).scalar_one())
