"""Jobs' skills by all their names: what is stored, what is found, and what keeps it true."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from app.analysis.inputs import digest_of, post_of
from app.core.db import Database, Scope
from app.jobs.models import Job
from app.jobs.search import Meant
from app.jobs.skills import columns_of
from app.jobs.synonyms import meant_by
from app.jobs.tasks import name_skills
from app.skills.keys import key_of
from app.skills.taxonomy import version
from app.worker.registry import TaskContext
from tests.jobs.samples import JOB, JOBS, make_job
from tests.people import Crew

NAMES = ["JS", "k8s", "Quilting of maps"]
KEYS = [key_of("JavaScript"), key_of("Kubernetes"), "quilting of maps"]


async def post(client: httpx.AsyncClient, crew: Crew, **changes: Any) -> dict[str, Any]:
    """A job as its employer posts it."""
    made = await client.post(JOBS, json={**JOB, **changes}, headers=crew.employer.headers)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def titles(client: httpx.AsyncClient, query: str) -> set[str]:
    """What a list or a search shows."""
    answer = await client.get(f"{JOBS}{query}")
    assert answer.status_code == 200, answer.text
    return {job["title"] for job in answer.json()["results"]}


async def stored(database: Database, job_id: UUID) -> tuple[list[str], str | None]:
    """The keys that a job holds, and of which taxonomy they are."""
    async with database.read(Scope.system()) as session:
        found = await session.execute(
            select(Job.skill_keys, Job.skills_version).where(Job.id == job_id)
        )
        keys, of = found.one()
        return keys, of


async def test_names_and_keys(client: httpx.AsyncClient, crew: Crew) -> None:
    made = await post(client, crew, skills=NAMES)
    assert (made["skills"], made["skill_keys"]) == (NAMES, KEYS)
    changed = await client.patch(
        f"{JOBS}/{made['id']}", json={"skills": ["Postgres"]}, headers=crew.employer.headers
    )
    assert changed.json()["skill_keys"] == [key_of("PostgreSQL")]
    same = await client.patch(
        f"{JOBS}/{made['id']}", json={"salary_max": 90000}, headers=crew.employer.headers
    )
    assert same.json()["skill_keys"] == [key_of("PostgreSQL")]
    none = await client.patch(
        f"{JOBS}/{made['id']}", json={"skills": []}, headers=crew.employer.headers
    )
    assert (none.json()["skills"], none.json()["skill_keys"]) == ([], [])


async def test_a_skill_is_found_by_any_of_its_names(client: httpx.AsyncClient, crew: Crew) -> None:
    await post(client, crew, title="Short", skills=["JS", "k8s"], requirements="")
    await post(client, crew, title="Long", skills=["JavaScript", "Kubernetes"], requirements="")
    await post(client, crew, title="Told", skills=[], requirements="You know Kubernetes well.")
    await post(client, crew, title="Other", skills=["Sewing"], requirements="")
    assert await titles(client, "?skill=javascript") == {"Short", "Long"}
    assert await titles(client, "?skill=K8S&skill=couture") >= {"Short", "Long"}
    assert await titles(client, "?skill=Fortran") == set()
    assert await titles(client, "/search?query=js") == {"Short", "Long"}
    assert await titles(client, "/search?query=JavaScript") == {"Short", "Long"}
    assert await titles(client, "/search?query=k8s") == {"Short", "Long", "Told"}
    assert await titles(client, "/search?query=kubernetes js") == {"Short", "Long"}
    assert await titles(client, "/search?query=k8s&skill=js") == {"Short", "Long"}
    counted = await client.get(f"{JOBS}?skill=js&facets=true&count=true")
    assert (counted.json()["count"], counted.json()["facets"]["location_type"]) == (
        2,
        {"hybrid": 2},
    )


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["k8s"], [Meant(0, 1, "Kubernetes")]),
        (["senior", "js", "developer"], [Meant(1, 2, "JavaScript")]),
        (["node", "js"], [Meant(0, 2, "Node.js")]),
        # Of a wider circle than a name: who looks for tea means no script.
        (["mocha"], []),
        (["golang"], []),
        (["javascript"], []),
        (["nurse"], []),
    ],
)
async def test_what_words_mean(words: list[str], meant: list[Meant]) -> None:
    assert await meant_by(words) == meant


async def test_keys_are_found_for_whoever_wrote_none(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew, skills=NAMES)
    bare = await make_job(database, crew, skills=[])
    assert await stored(database, job_id) == ([], None)
    async with database.read(Scope.system()) as session:
        before = (await session.execute(select(Job).where(Job.id == job_id))).scalar_one()
        moment, wording, digest = before.updated_at, before.wording, digest_of(post_of(before))
    await name_skills(context)
    assert await stored(database, job_id) == (KEYS, version())
    assert await stored(database, bare) == ([], None)
    async with database.read(Scope.system()) as session:
        found = await session.execute(
            select(Job).where(Job.id == job_id).execution_options(populate_existing=True)
        )
        after = found.scalar_one()
        # For whoever holds a résumé against it nothing has changed.
        assert (after.updated_at, after.wording) == (moment, wording)
        assert digest_of(post_of(after)) == digest
    async with database.write(Scope.system()) as session:
        await session.execute(update(Job).where(Job.id == job_id).values(skills=["COBOL"]))
    # As the release before writes: the names alone.
    assert (await stored(database, job_id))[1] is None
    await name_skills(context)
    assert await stored(database, job_id) == ([key_of("Cobol")], version())
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Job).where(Job.id == job_id).values(skills_version="older", skill_keys=["x"])
        )
    await name_skills(context)
    assert await stored(database, job_id) == ([key_of("Cobol")], version())


def test_what_is_searched_has_the_taxonomys_names_once() -> None:
    assert (
        columns_of(["JS", "JavaScript", "k8s"])["skills_text"] == "JS, JavaScript, k8s, Kubernetes"
    )
    assert columns_of([]) == {"skill_keys": [], "skills_text": "", "skills_version": version()}
