"""The users' own story, from the upload to every reader: delivery is blocked, and each 401 kept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.main import create_app
from app.resumes.tasks import process
from app.storage import queries
from app.storage.move import Step, move_one
from app.storage.tasks import move
from app.worker.registry import TaskContext
from tests.applications.samples import make_application
from tests.conftest import running
from tests.people import Crew
from tests.resumes.papers import lines, pdf
from tests.resumes.samples import RESUMES, TEXT, hand_in
from tests.storage.conftest import Cloud
from tests.storage.test_files import due_again

PDF = pdf(lines(*TEXT.splitlines()))


@pytest.fixture
def house(settings: Settings, cloud: Cloud) -> Settings:
    """Everything goes to a new account, which blocks the delivery of PDFs."""
    return settings.model_copy(update={"files": cloud.settings()})


@pytest.fixture
async def front(house: Settings, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with running(create_app(house, database=database)) as front:
        yield front


async def brought(database: Database, house: Settings) -> None:
    """The store has it, and the spool does not any more."""
    assert await move_one(database, house) is Step.MOVED
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE files SET stored_at = now() - interval '2 hours'"))
        assert await queries.empty_spool(session) == 1


async def test_every_reader_gets_the_resume_of_a_blocked_account(
    front: httpx.AsyncClient,
    house: Settings,
    database: Database,
    crew: Crew,
    context: TaskContext,
    cloud: Cloud,
) -> None:
    resume = (await hand_in(front, crew.candidate, PDF, "Ada Byron.pdf")).json()
    await make_application(database, crew, resume_id=UUID(resume["id"]))
    await brought(database, house)
    [asset] = cloud.standin.shelf.assets.values()
    direct = cloud.standin.shelf.describe(asset)["secure_url"]
    async with httpx.AsyncClient() as browser:
        refused = [(await browser.get(direct)).status_code for _ in range(2)]
        assert refused == [401, 401], "as the users saw it"
    # The worst case: what the worker reads is no longer in the spool either.
    for _ in range(2):
        await process(replace(context, settings=house))
    cloud.standin.asked.clear()
    for reader in (crew.candidate, crew.employer, crew.admin):
        shown = await front.get(f"{RESUMES}/{resume['id']}/", headers=reader.headers)
        assert shown.json()["status"] == "skills_extracted", shown.text
        original = await front.get(resume["file_url"], headers=reader.headers)
        assert (original.status_code, original.content) == (200, PDF)
        assert original.headers["content-type"] == "application/pdf"
    assert set(cloud.standin.asked) == {"GET /v1_1/sandbox/raw/download"}, "nobody asks the CDN"
    health = (await front.get("/health")).json()
    assert health["cloudinary_401_fix"] == "active"
    assert health["checks"]["storage"]["status"] == "healthy"


async def test_an_outage_while_it_is_read_says_so_and_ends_by_itself(
    front: httpx.AsyncClient, house: Settings, database: Database, crew: Crew, cloud: Cloud
) -> None:
    resume = (await hand_in(front, crew.candidate, PDF, "cv.pdf")).json()
    await brought(database, house)
    for trouble in (401, 503):
        cloud.spoil(download_status=trouble)
        away = await front.get(resume["file_url"], headers=crew.candidate.headers)
        assert (away.status_code, away.json()["code"]) == (503, "storage.unavailable")
        assert away.headers["retry-after"] == "30"
    cloud.spoil()
    again = await front.get(resume["file_url"], headers=crew.candidate.headers)
    assert (again.status_code, again.content) == (200, PDF)


async def test_a_store_that_refuses_holds_up_no_reader_and_heals_by_itself(
    front: httpx.AsyncClient,
    house: Settings,
    database: Database,
    crew: Crew,
    context: TaskContext,
    cloud: Cloud,
) -> None:
    """Uploads are taken, read and served all the while; afterwards each is there once, or gone."""
    work = replace(context, settings=house)
    cloud.spoil(api_status=401)
    resumes = []
    for person in (crew.candidate, crew.stranger):
        resumes.append((await hand_in(front, person, PDF, "cv.pdf")).json())
        await move(work)
        await process(work)
        shown = await front.get(f"{RESUMES}/{resumes[-1]['id']}", headers=person.headers)
        steps = [step["status"] for step in shown.json()["status_history"]]
        assert steps == ["uploaded", "text_extracted", "skills_extracted"]
        original = await front.get(resumes[-1]["file_url"], headers=person.headers)
        assert original.content == PDF
    health = (await front.get("/health")).json()
    assert health["checks"]["storage"]["status"] == "degraded"
    assert "2 files wait for it" in health["checks"]["storage"]["detail"]
    assert cloud.standin.shelf.assets == {}
    cloud.spoil()
    await due_again(database)
    await move(work)
    assert [asset.content for asset in cloud.standin.shelf.assets.values()] == [PDF, PDF]
    own = f"{RESUMES}/{resumes[0]['id']}"
    assert (await front.delete(own, headers=crew.candidate.headers)).status_code == 204
    await move(work)
    assert len(cloud.standin.shelf.assets) == 1, "the other person's stays"
    kept = await front.get(resumes[1]["file_url"], headers=crew.stranger.headers)
    assert kept.content == PDF
