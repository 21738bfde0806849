"""Why a résumé could not be read, in the caller's language."""

import typing

import httpx
import pytest

from app.analysis.tasks import work
from app.core.db import Database
from app.resumes.failures import told
from app.resumes.reading.results import FailureCode, unreadable
from app.resumes.tasks import process
from app.worker.registry import TaskContext
from tests.analysis.samples import ANALYSIS, analyze
from tests.claims.api.test_events import events_of
from tests.jobs.samples import make_job
from tests.people import Crew
from tests.resumes.samples import RESUMES

FRENCH = {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.5"}


@pytest.mark.parametrize("code", typing.get_args(FailureCode))
def test_every_failure_has_its_words_in_french(code: FailureCode) -> None:
    found = unreadable(code)
    stored = {"code": code, "message": found.message, "hint": found.hint}
    french = told(stored, "fr")
    assert french is not None
    assert french["code"] == code
    assert french["message"] not in ("", found.message)
    assert french["hint"] not in ("", found.hint)
    assert told(stored, "en") == stored


def test_what_french_lacks_stays_as_it_is() -> None:
    assert told(None, "fr") is None
    unknown = {"code": "resume.from_the_future", "message": "x", "hint": "y"}
    assert told(unknown, "fr") == unknown


async def test_a_french_caller_reads_french(
    client: httpx.AsyncClient, database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    asked = await analyze(client, crew.candidate, "%PDF-1.7\nnothing", job_id=job_id)
    resume_id = asked.json()["resume_id"]
    await process(context)
    url = f"{RESUMES}/{resume_id}"
    english = await client.get(url, headers=crew.candidate.headers)
    headers = {**crew.candidate.headers, **FRENCH}
    french = await client.get(url, headers=headers)
    assert english.json()["error"]["hint"].startswith("Open it in the program")
    assert french.json()["error"]["hint"].startswith("Ouvrez-le dans le logiciel")
    # Each is its own answer to whoever keeps them.
    assert english.headers["etag"] != french.headers["etag"]
    listed = await client.get(RESUMES, headers=headers)
    watched = events_of((await client.get(f"{url}/events", headers=headers)).text)
    for error in (listed.json()["results"][0]["error"], watched[-1][2]["error"]):
        assert error == french.json()["error"]
    await work(context)
    analysis = await client.get(f"{ANALYSIS}/results/{job_id}", headers=headers)
    assert analysis.json()["error"] == french.json()["error"]
