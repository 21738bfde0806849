"""Scanned pages wait until no other résumé does, and end in a word where nothing can read them."""

import httpx
import pytest

from app.resumes import pipeline
from app.resumes.reading.readers import Readers
from app.resumes.reading.results import Reading, Unreadable, unreadable
from app.resumes.tasks import process
from app.worker.registry import TaskContext
from tests.people import Crew
from tests.resumes.papers import lines, pdf, scanned
from tests.resumes.samples import RESUMES, TEXT, hand_in

PICTURES = scanned(pdf(lines("Jane Smith", "Engineer at Globex")))


async def of(client: httpx.AsyncClient, crew: Crew, resume_id: str) -> dict[str, object]:
    answer = await client.get(f"{RESUMES}/{resume_id}", headers=crew.candidate.headers)
    return dict(answer.json())


async def test_scanned_pages_are_recognized_after_all_others(
    client: httpx.AsyncClient,
    crew: Crew,
    context: TaskContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = (await hand_in(client, crew.candidate, PICTURES)).json()["id"]
    second = (await hand_in(client, crew.candidate)).json()["id"]
    seen = []

    async def recognise(_readers: Readers, content: bytes) -> Reading | Unreadable:
        assert content == PICTURES
        seen.append((await of(client, crew, second))["status"])
        return Reading(kind="pdf", text=TEXT, reader="tesseract", cautions=("text.recognized",))

    monkeypatch.setattr(pipeline, "tesseract", lambda: "tesseract")
    monkeypatch.setattr(Readers, "recognise", recognise)
    await process(context)
    read = await of(client, crew, first)
    assert seen == ["skills_extracted"]
    assert (read["status"], read["warnings"]) == ("skills_extracted", ["text.recognized"])
    assert [step["status"] for step in read["status_history"]] == [  # type: ignore[attr-defined]
        "uploaded",
        "text_extracted",
        "skills_extracted",
    ]


@pytest.mark.parametrize("program", [None, "tesseract"])
async def test_scanned_pages_that_nothing_reads_say_so(
    client: httpx.AsyncClient,
    crew: Crew,
    context: TaskContext,
    monkeypatch: pytest.MonkeyPatch,
    program: str | None,
) -> None:
    async def recognise(_readers: Readers, _content: bytes) -> Reading | Unreadable:
        assert program is not None
        return unreadable("resume.no_text_layer")

    monkeypatch.setattr(pipeline, "tesseract", lambda: program)
    monkeypatch.setattr(Readers, "recognise", recognise)
    resume_id = (await hand_in(client, crew.candidate, PICTURES)).json()["id"]
    await process(context)
    read = await of(client, crew, resume_id)
    error = read["error"]
    assert isinstance(error, dict)
    assert (read["status"], error["code"]) == ("extraction_failed", "resume.no_text_layer")
    assert "scan" in error["hint"]
