"""What people type, and what they find: shipped questions with the jobs that have to come first."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import now
from app.core.db import Database
from app.jobs import finding, search
from app.jobs.schemas import FoundPage
from app.jobs.search import (
    Meant,
    corrections,
    expression,
    language_of,
    marked,
    readings,
    words_of,
)
from tests.jobs.samples import JOBS, make_job
from tests.people import API, Crew

POSTS: dict[str, dict[str, Any]] = {
    "data": {"title": "Senior Data Engineer", "skills": ["PostgreSQL", "Python", "Airflow"]},
    "dba": {
        "title": "Database Administrator",
        "skills": ["PostgreSQL", "Linux"],
        "description": "You keep our databases fast and our backups rehearsed.",
    },
    "nurse": {
        "title": "Registered Nurse",
        "skills": ["Patient care"],
        "description": "Night shifts in a small clinic. You care for patients and their families.",
        "location": "Québec",
    },
    "dev": {
        "title": "Développeuse web",
        "skills": ["JavaScript", "React"],
        "description": "Vous développez les pages que nos clients aiment, avec une petite équipe.",
        "language": "fr",
    },
    "compta": {
        "title": "Comptable",
        "skills": ["Comptabilité générale"],
        "description": "Vous tenez les comptes des cliniques et préparez les bilans.",
        "language": "fr",
    },
    "front": {
        "title": "Front-end Engineer",
        "skills": ["React", "TypeScript"],
        "description": "You own the design system. A little Python helps.",
    },
    "chef": {"title": "Chef", "skills": [], "description": "Runs the kitchen of <b>our</b> hotel."},
    "billing": {
        "title": "Medical Billing Specialist",
        "skills": ["Claims", "Excel"],
        "description": "Follows up on claims with payers. Engineers of calm.",
    },
}
QUESTIONS = [
    ("data engineer", "data"),
    ("engineering data", "data"),
    ("postgers", "dba data"),
    ("Postgres", "dba data"),
    ("postgr", "dba data"),
    ("databse administrator", "dba"),
    ("nurses", "nurse"),
    ("nusre", "nurse"),
    ("quebec nurse", "nurse"),
    ("developpeuse", "dev"),
    ("développer web", "dev"),
    ("développeur", "dev"),
    ("comptabilite", "compta"),
    ("comptes", "compta"),
    ("react", "dev front"),
    ("front-end", "front"),
    ("python", "data front"),
    ("typescirpt", "front"),
    ("medical claims", "billing"),
    ("claim", "billing"),
    ("care for patients", "nurse"),
    ("chef", "chef"),
    ("welder", ""),
    ("nurse airflow", "nurse data"),
]


@pytest.fixture
async def posts(database: Database, crew: Crew) -> dict[str, str]:
    """The jobs by their short names."""
    plain = {"requirements": "", "description": "A job.", "location": "Lyon"}
    return {
        name: str(await make_job(database, crew, **(plain | job))) for name, job in POSTS.items()
    }


async def test_questions_find_what_was_meant(
    client: httpx.AsyncClient, posts: dict[str, str]
) -> None:
    names = {job_id: name for name, job_id in posts.items()}
    wrong = {}
    for question, meant in QUESTIONS:
        answer = await client.get(f"{JOBS}/search", params={"query": question})
        assert answer.status_code == 200, answer.text
        found = [names[job["id"]] for job in answer.json()["results"]]
        wanted = meant.split()
        if set(found[: len(wanted)]) != set(wanted) or (not wanted and found):
            wrong[question] = found
    assert wrong == {}


async def test_the_passage_is_marked_and_harmless(
    client: httpx.AsyncClient, posts: dict[str, str]
) -> None:
    first = (await client.get(f"{JOBS}/search?query=kitchens")).json()["results"][0]
    assert first["id"] == posts["chef"]
    assert "<mark>kitchen</mark>" in first["headline"]
    assert "<b>" not in first["headline"].replace("&lt;b&gt;", "")
    french = (await client.get(f"{JOBS}/search?query=developpeuse")).json()["results"][0]
    assert "<mark>Développeuse</mark>" in french["headline"]


async def test_what_is_found_is_what_the_document_shows(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """The fields in their order and spelling, and whose applications are told of."""
    applied = await make_job(database, crew, title="Welder", salary_min=None, location="Orléans")
    await make_job(database, crew, title="Welder", expires_at=now() + timedelta(days=2))
    body = {"job_id": str(applied)}
    made = await client.post(f"{API}/applications", json=body, headers=crew.candidate.headers)
    assert made.status_code == 201, made.text
    for question in ("query=welder&facets=true&count=true", "query="):
        for headers, expected in (
            (crew.candidate.headers, {True, False}),
            (crew.stranger.headers, {False}),
            ({}, {None}),
        ):
            answer = await client.get(f"{JOBS}/search?{question}", headers=headers)
            written = FoundPage.model_validate(answer.json()).model_dump_json()
            assert answer.text == json.dumps(
                json.loads(written), ensure_ascii=False, separators=(",", ":")
            )
            seen = {job["id"]: job["has_applied"] for job in answer.json()["results"]}
            assert set(seen.values()) == expected
            assert [job for job, is_applied in seen.items() if is_applied] == (
                [str(applied)] if True in expected else []
            )


async def test_a_question_without_words_shows_the_newest(
    client: httpx.AsyncClient, posts: dict[str, str]
) -> None:
    for question in ("", "  ", "!?", "&|():*'"):
        answer = await client.get(f"{JOBS}/search/", params={"query": question})
        assert answer.status_code == 200, answer.text
        assert [job["id"] for job in answer.json()["results"]] == list(reversed(posts.values()))


@pytest.mark.parametrize(
    "question", ["a' | 'b", "x:*", "\\", "'", "<->", "the", "c++ c# .net", "%_"]
)
async def test_no_question_breaks_it(
    client: httpx.AsyncClient, posts: dict[str, str], question: str
) -> None:
    assert posts
    answer = await client.get(f"{JOBS}/search", params={"query": question})
    assert answer.status_code == 200, answer.text


async def test_pages_keep_the_order(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    for at in range(7):
        await make_job(database, crew, title="Welder", skills=["Steel"] * (at % 3))
    whole = (await client.get(f"{JOBS}/search?query=welder&count=true")).json()
    assert whole["count"] == 7
    seen, place = [], f"{JOBS}/search?query=welder&limit=3"
    while place:
        page = (await client.get(place)).json()
        seen += [job["id"] for job in page["results"]]
        place = page["next"]
    assert seen == [job["id"] for job in whole["results"]]
    assert len(set(seen)) == 7


async def test_words_that_no_job_has_together_are_looked_for_one_by_one(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    for title in (*["Welder"] * 4, "Florist"):
        await make_job(database, crew, title=title)
    seen, place = [], f"{JOBS}/search?query=florist+welder+qwertz&limit=2"
    while place:
        page = (await client.get(place)).json()
        seen += [job["title"] for job in page["results"]]
        place = page["next"]
    assert sorted(seen) == ["Florist", *["Welder"] * 4]


async def test_a_whole_word_is_finished_where_many_jobs_have_it(
    client: httpx.AsyncClient, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("Admin", "Admin", "Administrator"):
        await make_job(database, crew, title=title, description="A job.")
    place = f"{JOBS}/search?query=admin&limit=1"
    found = []
    for enough in (2, 3):
        monkeypatch.setattr(search, "_ENOUGH", enough)
        first = (await client.get(place)).json()
        second = (await client.get(first["next"])).json()
        third = (await client.get(second["next"])).json() if second["next"] else {"results": []}
        found.append(len([*first["results"], *second["results"], *third["results"]]))
    assert found == [2, 3]


async def test_a_begun_word_sifts_what_the_finished_ones_find_where_that_is_little(
    client: httpx.AsyncClient, posts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same jobs in the same order as when all is asked of the index, page by page."""
    found: list[list[str]] = []
    for few in (10**9, -1):
        monkeypatch.setattr(finding, "_FEW", few)
        seen, place = [], f"{JOBS}/search?query=data+eng&limit=1&location=lyon"
        while place:
            page = (await client.get(place)).json()
            seen += [job["id"] for job in page["results"]]
            place = page["next"]
        found.append(seen)
    assert found == [[posts["data"]]] * 2
    sifted, plain = [
        finding._page(finding._Shape(frozenset(), 1, is_sifted), "first", 1).sql
        for is_sifted in (True, False)
    ]
    assert sifted.count("IS true") == 2
    assert "IS true" not in plain


async def test_filters_and_facets(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await make_job(database, crew, location="Besançon", salary_min=None, salary_max=None)
    await make_job(database, crew, location_type="remote", salary_max=90_000)
    await make_job(database, crew, job_type="contract", experience_level="junior")
    await make_job(database, crew, status="closed")

    async def shown(query: str) -> int:
        listed = await client.get(f"{JOBS}?{query}")
        found = await client.get(f"{JOBS}/search?query=engineer&{query}")
        assert listed.status_code == found.status_code == 200, listed.text
        assert len(found.json()["results"]) == len(listed.json()["results"])
        return len(listed.json()["results"])

    assert await shown("") == 3
    assert await shown("location=besancon") == 1
    assert await shown("location=%25") == 0
    assert await shown("location_type=REMOTE") == 1
    assert await shown("location_type=remote&location_type=hybrid") == 3
    assert await shown("job_type=contract") == 1
    assert await shown("experience_level=junior&job_type=full_time") == 0
    assert await shown(f"organization_id={crew.organization_id}") == 3
    assert await shown(f"organization_id={crew.other_organization_id}") == 0
    assert await shown("salary_min=70000") == 1
    assert await shown("salary_min=60000") == 2
    assert await shown("posted_after=2020-01-01") == 3
    assert await shown("posted_after=2999-01-01T00:00:00Z") == 0
    answer = await client.get(f"{JOBS}?facets=true&job_type=contract")
    assert answer.json()["facets"] == {
        "location_type": {"hybrid": 1},
        "job_type": {"full_time": 2, "contract": 1},
        "experience_level": {"junior": 1},
    }
    assert (await client.get(f"{JOBS}?job_type=none")).status_code == 422


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("postgers", ["postgres", "poster"], ["postgres"]),
        ("postgers", ["postgresql"], ["postgresql"]),
        ("nusre", ["nurse", "nurses", "purse"], ["nurse", "nurses"]),
        ("java", ["lava", "javascript"], []),
        ("data", ["date", "dates"], ["date", "dates"]),
        ("welder", ["dentist"], []),
        ("nurse", ["nurse", "purse"], []),
    ],
)
def test_corrections(word: str, known: list[str], meant: list[str]) -> None:
    assert corrections(word, known) == meant


def test_ways_to_read_a_question() -> None:
    known, unknown = (readings(["data", "ward"], {}, [], is_known=known) for known in (True, False))
    assert [(way.expression, way.enough) for way in known] == [
        ("('data') & ('ward')", 100),
        ("('data') & ('ward':*)", 1),
        ("('data') | ('ward':*)", 0),
    ]
    assert known[1:] == unknown
    assert [way.finished for way in known] == ["", "('data')", ""]
    assert unknown[-1].sought == ("('data')", "('ward':*)")
    assert len(readings(["ward"], {}, [], is_known=False)) == 1


@given(st.text(max_size=60))
def test_any_question_becomes_balanced_text(question: str) -> None:
    words = words_of(question)
    named = [Meant(0, len(words), question)] if words else []
    text = expression(words, {word: [word] for word in words}, named)
    assert text.replace("''", "").count("'") % 2 == 0
    assert text.count("(") - text.count(")") == sum(word.count("(") for word in words) == 0


def test_languages_and_marks() -> None:
    assert language_of("Vous travaillez avec une équipe dans les Alpes") == "fr"
    assert language_of("You work with a team in the Alps") == "en"
    assert language_of("") == "en"
    assert marked("a < \ue000b\ue001") == "a &lt; <mark>b</mark>"
