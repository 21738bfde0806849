"""One application's page: who, why the score, what became of it, what the employer notes."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.analysis import sight
from app.analysis.engine.demands import read_job
from app.analysis.engine.profile import read_resume
from app.analysis.pipeline import values_of, with_advice
from app.applications.models import Application
from app.console.phrases import translated
from app.core.db import Database, Scope
from app.resumes.understanding.understand import understand
from tests.analysis.samples import DAY, POST, make_analysis, make_read_resume
from tests.applications.samples import make_application
from tests.console.hiring_samples import HERE
from tests.interviews.samples import make_interview
from tests.jobs.samples import make_job
from tests.people import Crew
from tests.resumes.samples import TEXT


async def scored(database: Database, crew: Crew) -> tuple[UUID, UUID, UUID]:
    """The candidate's application with a résumé that was compared: job, résumé, application."""
    resume_id = await make_read_resume(database, crew.candidate.id)
    answer = values_of(
        with_advice(read_resume(TEXT, understand(TEXT, document_date=DAY)), read_job(POST))
    )
    job_id, _ = await make_analysis(database, crew, resume_id=resume_id, asked_at=None, **answer)
    _, application_id = await make_application(
        database,
        crew,
        job_id,
        resume_id=resume_id,
        cover_letter="<i>Bonjour</i>",
        source="linkedin",
    )
    return job_id, resume_id, application_id


async def test_the_page_explains_the_score_by_parts_that_add_up(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id, resume_id, application_id = await scored(database, crew)
    place = f"/console/applications/{application_id}"
    page = await client.get(place, headers=crew.employer.headers)
    assert page.status_code == 200, page.text
    for shown in (
        "&lt;i&gt;Bonjour",
        f"/console/resumes/{resume_id}",
        f"/console/jobs/{job_id}",
        "What would raise the score",
        "Show Apache Spark",
        "No interview is planned.",
    ):
        assert shown in page.text, shown
    assert page.text.count('class="earned"') == 1 + 4
    async with database.read(Scope.tenant(crew.organization_id)) as session:
        row = await sight.of_application(session, resume_id=resume_id, job_id=job_id)
    assert row is not None
    parts = row["Analysis"].result["components"]
    assert sum(part["score"] for part in parts) == row["Analysis"].overall_score
    french = await client.get(place, headers={**crew.admin.headers, "Accept-Language": "fr"})
    assert "Montrer Apache Spark" in french.text
    for english in ("The job", "The résumé", "résumé shows", "of experience"):
        assert english not in french.text
    for actor in (crew.admin, crew.employer):
        paper = await client.get(f"/console/resumes/{resume_id}", headers=actor.headers)
        assert "Show Apache Spark" in paper.text
        assert f'href="/console/jobs/{job_id}"' in paper.text
    own = await client.get(f"/console/resumes/{resume_id}", headers=crew.candidate.headers)
    assert "Show Apache Spark" in own.text
    assert "/console/jobs" not in own.text


async def test_an_analysis_is_seen_by_the_jobs_organization_and_no_other(
    database: Database, crew: Crew
) -> None:
    job_id, resume_id, _ = await scored(database, crew)
    foreign = await make_job(
        database, crew, organization_id=crew.other_organization_id, posted_by=crew.stranger.id
    )
    await make_analysis(database, crew, foreign, resume_id=resume_id)
    seen = {}
    for name, scope in {
        "ours": Scope.tenant(crew.organization_id),
        "theirs": Scope.tenant(crew.other_organization_id),
        "owner": Scope.person(crew.candidate.id),
        "nobody": Scope.public(),
    }.items():
        async with database.read(scope) as session:
            rows = await sight.of_resume(session, resume_id=resume_id, most=9)
            seen[name] = {row["Analysis"].job_id for row in rows}
    assert seen == {"ours": {job_id}, "theirs": set(), "owner": {job_id, foreign}, "nobody": set()}


async def test_without_a_resume_the_page_says_so(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place = f"/console/applications/{application_id}"
    page = await client.get(place, headers=crew.admin.headers)
    assert "came without a résumé" in page.text
    assert "came without a letter" in page.text
    await make_interview(database, crew, application_id, meeting_url="https://meet.example/1")
    await make_interview(database, crew, application_id, status="cancelled", remind_at=None)
    planned = await client.get(place, headers=crew.admin.headers)
    assert planned.text.count("First talk") == 2
    assert planned.text.count("https://meet.example/1") == 1
    assert "Europe/Paris" in planned.text


async def test_only_the_employer_opens_it(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place = f"/console/applications/{application_id}"
    expected = {"stranger": 404, "staff": 403, "viewer": 403}
    forms = {
        "": {"to": "viewed", "seen": "applied"},
        "/notes": {"notes": "x"},
        "/review": {"criterion": "motivation", "score": "5"},
        "/review/remove": {},
    }
    for actor, status in expected.items():
        headers = {**crew.headers(actor), **HERE}
        assert (await client.get(place, headers=headers)).status_code == status
        for path, form in forms.items():
            answer = await client.post(place + path, data=form, headers=headers)
            assert answer.status_code == status, (actor, path)
    candidate = await client.get(place, headers=crew.candidate.headers)
    assert (candidate.status_code, candidate.headers["location"]) == (303, "/console/organization")


async def test_it_is_moved_once_and_a_conflict_is_told(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place, headers = f"/console/applications/{application_id}", {**crew.employer.headers, **HERE}
    form = {"to": "shortlisted", "seen": "applied", "note": "Strong"}
    moved = await client.post(place, data=form, headers=headers)
    assert (moved.status_code, moved.headers["location"]) == (303, place)
    page = await client.get(place, headers=headers)
    assert "One application moved to Shortlisted." in page.text
    assert "Strong" in page.text
    assert "Employer" in page.text
    late = await client.post(place, data={**form, "to": "interview"}, headers=headers)
    assert late.status_code == 409
    assert "somebody else has moved this application to Shortlisted meanwhile" in late.text


async def test_notes_rating_and_tags_are_the_employers(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place, headers = f"/console/applications/{application_id}", {**crew.admin.headers, **HERE}
    form = {"rating": "4", "tags": " night shift, bilingue ,, night shift", "notes": "Ask <b>."}
    saved = await client.post(f"{place}/notes", data=form, headers=headers)
    assert saved.headers["location"] == place
    async with database.read(Scope.system()) as session:
        query = select(Application).where(Application.id == application_id)
        kept = (await session.scalars(query)).one()
        assert (kept.rating, kept.tags, kept.notes) == (4, ["night shift", "bilingue"], "Ask <b>.")
    page = await client.get(place, headers=headers)
    assert "Ask &lt;b&gt;." in page.text
    emptied = await client.post(f"{place}/notes", data={"rating": ""}, headers=headers)
    assert emptied.status_code == 303
    for wrong in ({"rating": "6"}, {"tags": "x" * 41}, {"tags": ",".join(map(str, range(21)))}):
        refused = await client.post(f"{place}/notes", data=wrong, headers=headers)
        assert refused.status_code == 422, wrong


async def test_a_review_is_written_and_taken_back(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place, headers = f"/console/applications/{application_id}", {**crew.employer.headers, **HERE}
    form = {
        "criterion": ["technical_skills", "motivation"],
        "score": ["5", ""],
        "comment": "Calm <b>",
    }
    saved = await client.post(f"{place}/review", data=form, headers=headers)
    assert saved.headers["location"] == f"{place}#scorecard"
    page = await client.get(place, headers=crew.admin.headers)
    assert "Calm &lt;b&gt;" in page.text
    assert "Technical skills 5" in page.text
    assert "Take it back" not in page.text
    unknown = {"criterion": ["astrology"], "score": ["5"]}
    assert (await client.post(f"{place}/review", data=unknown, headers=headers)).status_code == 422
    await client.post(f"{place}/review/remove", headers=headers)
    assert "Calm" not in (await client.get(place, headers=headers)).text


@pytest.mark.parametrize(
    ("english", "french"),
    [
        (
            "The job asks for 5 years of experience; the résumé shows 1 year and 2 months, of which"
            " 7 months count for this job.",
            "Le poste demande 5 ans d’expérience\u202f; le CV en montre 1 an et 2 mois, dont 7 mois"
            " comptent pour ce poste.",
        ),
        ("Show C. and more", "Montrer C. and more"),
        (
            "The résumé shows 1 of 4 needed skills. 1 of them counted in part, concluded from a"
            " related skill.",
            "Le CV montre 1 des 4 compétences requises. Compté en partie, déduit d’une compétence"
            " voisine\u00a0: 1.",
        ),
        (
            "Something new. The job asks for no degree.",
            "Something new. Le poste ne demande aucun diplôme.",
        ),
    ],
)
def test_the_engines_sentences_are_spoken_in_french(english: str, french: str) -> None:
    assert translated("fr", english) == french
    assert translated("en", english) == english
