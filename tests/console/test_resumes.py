"""Résumés in the console: handed in, shown with their evidence, kept from who does not hire."""

import io

import httpx
import pytest
from PIL import Image
from sqlalchemy import update

from app.core.db import Database, Scope
from app.resumes.models import Resume
from tests.people import Crew
from tests.resumes.papers import pdf
from tests.resumes.samples import TEXT

HERE = {"Sec-Fetch-Site": "same-origin"}
RESUMES = "/console/resumes"


async def hand_in(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    files = {"file": ("<i>Ada.txt", TEXT.encode(), "text/plain")}
    taken = await client.post(RESUMES, files=files, headers={**headers, **HERE})
    assert taken.status_code == 303, taken.text
    return taken.headers["location"]


async def settle(database: Database, place: str, **values: object) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Resume).where(Resume.id == place.rpartition("/")[2]).values(**values)
        )


async def test_a_resume_is_handed_in_and_shown_while_it_is_read(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    empty = await client.get(RESUMES, headers=crew.candidate.headers)
    assert "No résumés yet" in empty.text
    place = await hand_in(client, crew.candidate.headers)
    page = await client.get(place, headers=crew.candidate.headers)
    assert "&lt;i&gt;Ada.txt" in page.text
    assert "<i>Ada" not in page.text
    assert "No text has been read yet." in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert f'hx-sse:connect="{place}/events"' in page.text
    busy = await client.post(f"{place}/again", headers={**crew.candidate.headers, **HERE})
    assert busy.status_code in (303, 409)
    assert place in (await client.get(RESUMES, headers=crew.candidate.headers)).text
    original = await client.get(f"{place}/file", headers=crew.candidate.headers)
    assert original.text == TEXT
    assert "attachment" in original.headers["content-disposition"]
    for actor in (crew.stranger, crew.staff, crew.admin):
        for path in ("", "/file", "/events"):
            assert (await client.get(place + path, headers=actor.headers)).status_code == 404


async def test_the_original_stands_beside_what_was_read(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    content = pdf([(72, 700, "Ada Lovelace")], [(72, 700, "Page two")])
    headers = crew.candidate.headers
    files = {"file": ("Ada.pdf", content, "application/pdf")}
    taken = await client.post(RESUMES, files=files, headers={**headers, **HERE})
    place = taken.headers["location"]
    assert f'src="{place}/pages/1"' in (await client.get(place, headers=headers)).text
    picture = await client.get(f"{place}/pages/2", headers=headers)
    assert picture.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert shown.format == "WEBP"
        assert shown.width == pytest.approx(900, abs=1)
    for number in ("0", "3", "11", "70000"):
        assert (await client.get(f"{place}/pages/{number}", headers=headers)).status_code == 404
    for actor in (crew.stranger, crew.staff, crew.admin):
        assert (await client.get(f"{place}/pages/1", headers=actor.headers)).status_code == 404
    words = await hand_in(client, headers)
    assert "/pages/" not in (await client.get(words, headers=headers)).text
    assert (await client.get(f"{words}/pages/1", headers=headers)).status_code == 404


async def test_each_skill_is_marked_where_it_stands(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = await hand_in(client, crew.candidate.headers)
    at = TEXT.index("Python")
    spot = {"text": "Python", "start": at, "end": at + 6}
    skill = {
        "name": "Python",
        "id": None,
        "label": None,
        "category": "Languages",
        "confidence": 0.9,
        "evidence": [spot, spot],
    }
    read = {"skills": [skill], "experience": [], "education": [], "contact": None}
    await settle(database, place, status="skills_extracted", text=TEXT, understanding=read)
    page = await client.get(place, headers=crew.candidate.headers)
    assert page.text.count('<mark title="Python">Python</mark>') == 1
    assert "Languages" in page.text
    assert "refresh" not in page.text
    assert "hx-sse:connect" not in page.text
    stream = await client.get(f"{place}/events", headers=crew.candidate.headers)
    assert stream.headers["content-type"].startswith("text/event-stream")
    first, last = stream.text.split("\n\n", 1)[1].strip().split("\n\n")
    assert 'data: <ol class="past steps">' in first
    assert "event: over" in last


async def test_a_failure_says_what_to_do_and_is_read_again(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = await hand_in(client, crew.candidate.headers)
    why = {"code": "resume.no_text_layer", "message": "It is a picture.", "hint": "Ask for text."}
    await settle(database, place, status="extraction_failed", error=why)
    page = await client.get(place, headers=crew.candidate.headers)
    assert "Ask for text." in page.text
    assert "Read again" in page.text
    headers = {**crew.candidate.headers, **HERE}
    assert (await client.post(f"{place}/again", headers=headers)).status_code == 303
    other = {**crew.stranger.headers, **HERE}
    assert (await client.post(f"{place}/again", headers=other)).status_code == 404


async def test_what_is_no_resume_is_refused_in_words(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = {**crew.candidate.headers, **HERE}
    refused = await client.post(RESUMES, files={"file": ("a.pdf", b"\x00\x01")}, headers=headers)
    assert refused.status_code == 415
    assert "resumes.type_not_supported" in refused.text
    assert (await client.post(RESUMES, headers=headers)).status_code == 422
