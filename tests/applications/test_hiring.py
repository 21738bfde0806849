"""Many applications at once, scorecards, and the file for spreadsheets."""

import csv
import io
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.applications.export import file_name
from app.applications.models import ApplicationReview, JobScorecard
from app.applications.scorecards import USUAL
from app.core.attachments import attachment
from app.core.audit_model import AuditEntry
from app.core.db import Database, Scope
from app.core.settings import Settings
from tests.applications.samples import make_application
from tests.jobs.samples import JOB, JOBS, make_job
from tests.people import API, Actor, Crew, make_actor

APPLICATIONS = f"{API}/applications"
MISSING = "00000000-0000-7000-8000-000000000000"


async def people(database: Database, settings: Settings, number: int) -> list[Actor]:
    async with database.write(Scope.system()) as session:
        return [await make_actor(session, settings, f"person{at}") for at in range(number)]


async def acts(database: Database, room: str) -> list[tuple[str, dict[str, Any]]]:
    """The entries of the audit log in their order; none holds a word of anybody's."""
    async with database.read(Scope.system()) as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        entries = [entry for entry in found if entry.action.startswith(room)]
    written = json.dumps([entry.detail for entry in entries])
    assert "calm" not in written.lower()
    return [(entry.action.partition(".")[2], dict(entry.detail)) for entry in entries]


async def test_several_move_at_once(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    made = [
        (await make_application(database, crew, job_id, candidate_id=person.id, status=status))[1]
        for person, status in zip(
            await people(database, settings, 4),
            ("applied", "shortlisted", "offer", "withdrawn"),
            strict=True,
        )
    ]
    _, of_another = await make_application(
        database, crew, await make_job(database, crew, posted_by=crew.admin.id)
    )
    ids = [*map(str, made), str(of_another), MISSING, str(made[0])]
    body = {"ids": ids, "status": "interview", "note": "All in one day"}
    place = f"{APPLICATIONS}/bulk-move"
    answer = await client.post(place, json=body, headers=crew.employer.headers)
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["moved"], seen["failed"]) == (2, 4)
    assert [one["id"] for one in seen["results"]] == ids[:-1]
    assert [one["error"] and one["error"]["code"] for one in seen["results"]] == [
        None,
        None,
        "applications.transition",
        "applications.transition",
        "auth.forbidden",
        "applications.not_found",
    ]
    again = await client.post(place, json=body, headers=crew.employer.headers)
    assert again.json() == seen
    first = await client.get(f"{APPLICATIONS}/{made[0]}", headers=crew.employer.headers)
    assert [(step["to"], step["note"]) for step in first.json()["history"]] == [
        ("applied", None),
        ("interview", "All in one day"),
    ]
    written = await acts(database, "applications.")
    assert [(verb, detail["from"], detail["to"]) for verb, detail in written] == [
        ("moved", "applied", "interview"),
        ("moved", "shortlisted", "interview"),
    ]


async def test_an_applicant_moves_nothing_in_bulk(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    for who, code in (
        (crew.candidate, "auth.forbidden"),
        (crew.stranger, "applications.not_found"),
    ):
        answer = await client.post(
            f"{APPLICATIONS}/bulk-move",
            json={"ids": [str(application_id)], "status": "accepted"},
            headers=who.headers,
        )
        assert [one["error"]["code"] for one in answer.json()["results"]] == [code]
        assert answer.json()["results"][0]["status"] is None
    for ids in ([], [MISSING] * 201):
        refused = await client.post(
            f"{APPLICATIONS}/bulk-move",
            json={"ids": ids, "status": "viewed"},
            headers=crew.admin.headers,
        )
        assert refused.status_code == 422


async def test_a_scorecard(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id, application_id = await make_application(database, crew)
    criteria = f"{APPLICATIONS}/job/{job_id}/criteria"
    usual = await client.get(criteria, headers=crew.employer.headers)
    assert usual.json() == {"criteria": list(USUAL)}
    chosen = {"criteria": ["SQL", "Esprit d’équipe", "SQL"]}
    put = await client.put(criteria, json=chosen, headers=crew.employer.headers)
    assert put.json() == {"criteria": ["SQL", "Esprit d’équipe"]}
    place = f"{APPLICATIONS}/{application_id}/scorecard"
    empty = await client.get(place, headers=crew.employer.headers)
    assert (empty.json()["average"], empty.json()["reviews"]) == (None, [])
    first = {"scores": {"SQL": 5, "Esprit d’équipe": 2}, "comment": "Calm"}
    await client.put(place, json={"scores": {"SQL": 1}}, headers=crew.employer.headers)
    await client.put(place, json=first, headers=crew.employer.headers)
    both = await client.put(place, json={"scores": {"SQL": 4}}, headers=crew.admin.headers)
    assert both.status_code == 200, both.text
    card = both.json()
    assert card["averages"] == {"SQL": 4.5, "Esprit d’équipe": 2.0}
    assert card["average"] == 3.25
    assert [(one["reviewer_name"], one["average"], one["comment"]) for one in card["reviews"]] == [
        ("Employer", 3.5, "Calm"),
        ("Admin", 4.0, None),
    ]
    for _ in range(2):
        gone = await client.delete(place, headers=crew.employer.headers)
        assert gone.status_code == 204
    left = (await client.get(place, headers=crew.admin.headers)).json()
    assert [one["reviewer_name"] for one in left["reviews"]] == ["Admin"]
    verbs = [verb for verb, _ in await acts(database, "applications.")]
    assert verbs.count("review_removed") == 1


async def test_other_criteria(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id, application_id = await make_application(database, crew)
    criteria = f"{APPLICATIONS}/job/{job_id}/criteria"
    place = f"{APPLICATIONS}/{application_id}/scorecard"
    both = {"criteria": ["SQL", "Esprit d’équipe"]}
    await client.put(criteria, json=both, headers=crew.admin.headers)
    scores = {"scores": {"SQL": 5, "Esprit d’équipe": 2}}
    await client.put(place, json=scores, headers=crew.employer.headers)
    fewer = {"criteria": ["Esprit d’équipe"]}
    await client.put(criteria, json=fewer, headers=crew.admin.headers)
    less = (await client.get(place, headers=crew.admin.headers)).json()
    assert (less["average"], [one["scores"] for one in less["reviews"]]) == (
        2.0,
        [{"Esprit d’équipe": 2}],
    )
    unknown = await client.put(place, json={"scores": {"SQL": 4}}, headers=crew.admin.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (
        422,
        "applications.criterion_unknown",
    )
    for score in (0, 6, 2.5, "x"):
        odd = await client.put(
            place, json={"scores": {"Esprit d’équipe": score}}, headers=crew.admin.headers
        )
        assert odd.status_code == 422, score
    await client.put(criteria, json=both, headers=crew.admin.headers)
    back = (await client.get(place, headers=crew.admin.headers)).json()
    assert back["average"] == 3.5


async def test_an_applicant_never_sees_a_scorecard(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id, application_id = await make_application(database, crew)
    place = f"{APPLICATIONS}/{application_id}/scorecard"
    await client.put(place, json={"scores": {"experience": 1}}, headers=crew.employer.headers)
    await client.put(
        f"{APPLICATIONS}/job/{job_id}/criteria",
        json={"criteria": ["experience"]},
        headers=crew.employer.headers,
    )
    assert (await client.get(place, headers=crew.candidate.headers)).status_code == 403
    own = await client.get(f"{APPLICATIONS}/{application_id}", headers=crew.candidate.headers)
    assert "score" not in own.text
    for table in (ApplicationReview, JobScorecard):
        for scope, number in (
            (Scope.tenant(crew.organization_id), 1),
            (Scope.person(crew.candidate.id), 0),
            (Scope.tenant(crew.other_organization_id, crew.stranger.id), 0),
        ):
            async with database.read(scope) as session:
                found = await session.execute(select(table.organization_id))
                assert len(found.all()) == number, (table, scope)


async def test_the_file(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    job_id = await make_job(database, crew, title='Ingénieur "données" / Lyon\\é')
    rows_of: tuple[dict[str, Any], ...] = (
        {"notes": "=1+1", "tags": ["sql", "calm"]},
        {"rating": 4, "score": 90.5},
    )
    made = [
        (await make_application(database, crew, job_id, candidate_id=person.id, **values))[1]
        for person, values in zip(
            await people(database, settings, 2),
            rows_of,
            strict=True,
        )
    ]
    answer = await client.get(f"{APPLICATIONS}/job/{job_id}/export", headers=crew.employer.headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in rows] == list(map(str, made))
    assert (rows[0]["notes"], rows[0]["tags"]) == ("'=1+1", "sql, calm")
    assert (rows[1]["rating"], rows[1]["score"], rows[1]["status"]) == ("4", "90.5", "applied")
    assert await acts(database, "applications.exported") == [("exported", {"format": "csv"})]


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Data Engineer", "applications_Data-Engineer.csv"),
        ('a"b\\c/../d\r\ne', "applications_a-b-c-..-d-e.csv"),
        ("...", "applications_job.csv"),
        ("Développeur", "applications_D_veloppeur.csv"),
        ("長い" * 100, f"applications_{'_' * 80}.csv"),
    ],
)
def test_names_of_files(title: str, plain: str) -> None:
    header = attachment(file_name(title))["Content-Disposition"]
    assert header.partition(";")[2].partition(";")[0] == f' filename="{plain}"'
    header.encode("latin-1")


async def test_tags_and_etags_of_lists(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    tagged, plain = [
        (await make_application(database, crew, job_id, candidate_id=person.id, tags=tags))[1]
        for person, tags in zip(
            await people(database, settings, 2), (["sql", "calm"], []), strict=True
        )
    ]
    for place in (f"{APPLICATIONS}/job/{job_id}?", f"{APPLICATIONS}?job_id={job_id}&"):
        with_tag = await client.get(f"{place}tag=sql", headers=crew.admin.headers)
        assert [one["id"] for one in with_tag.json()["results"]] == [str(tagged)]
        everything = await client.get(place, headers=crew.admin.headers)
        assert len(everything.json()["results"]) == 2
        headers = crew.admin.headers | {"If-None-Match": everything.headers["etag"]}
        assert (await client.get(place, headers=headers)).status_code == 304
        changed = await client.put(
            f"{APPLICATIONS}/{plain}",
            json={"rating": 1 if "job/" in place else 2},
            headers=crew.admin.headers,
        )
        assert changed.status_code == 200
        assert (await client.get(place, headers=headers)).status_code == 200


async def test_what_is_written_of_jobs_and_applications(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    made = await client.post(JOBS, json=JOB | {"status": "draft"}, headers=crew.employer.headers)
    job = f"{JOBS}/{made.json()['id']}"
    await client.patch(job, json={"status": "active"}, headers=crew.employer.headers)
    await client.patch(job, json={"title": JOB["title"]}, headers=crew.employer.headers)
    body = {"job_id": made.json()["id"], "cover_letter": "Calm"}
    applied = await client.post(APPLICATIONS, json=body, headers=crew.candidate.headers)
    application = f"{APPLICATIONS}/{applied.json()['id']}"
    await client.put(application, json={"notes": "calm"}, headers=crew.employer.headers)
    await client.put(application, json={"status": "withdrawn"}, headers=crew.candidate.headers)
    for _ in range(2):
        await client.delete(job, headers=crew.admin.headers)
    assert [verb for verb, _ in await acts(database, "jobs.")] == [
        "created",
        "changed",
        "archived",
    ]
    changed = (await acts(database, "jobs."))[1][1]
    assert (changed["from"], changed["to"]) == ("draft", "active")
    assert [verb for verb, _ in await acts(database, "applications.")] == [
        "applied",
        "changed",
        "withdrawn",
    ]
    async with database.read(Scope.system()) as session:
        actors = await session.execute(
            select(AuditEntry.actor_id).where(AuditEntry.action.like("applications.%"))
        )
        assert set(actors.scalars()) == {crew.candidate.id, crew.employer.id}
