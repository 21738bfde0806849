"""Jobs in the console: all of the organization's, in groups, and what becomes of one."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.clock import now
from app.core.db import Database
from tests.console.hiring_samples import HERE, make_applicants
from tests.jobs.samples import make_job
from tests.people import Crew

JOBS = "/console/jobs"


async def test_an_empty_list_says_so_in_both_languages(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    page = await client.get(JOBS, headers=crew.admin.headers)
    assert "No jobs yet" in page.text
    french = await client.get(JOBS, headers={**crew.employer.headers, "Accept-Language": "fr"})
    assert "Aucun poste" in french.text


async def test_every_status_is_listed_counted_and_found(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    over = {"expires_at": now() - timedelta(hours=1)}
    names: dict[str, dict[str, Any]] = {
        "active": {"title": "Infirmière de nuit <é>"},
        "draft": {"status": "draft", "posted_at": None, "title": "Quiet plan"},
        "closed": {"status": "closed", "title": "Filled post"},
        "expired": {**over, "title": "Past its time"},
        "archived": {"status": "archived", "title": "Long ago"},
    }
    for changes in names.values():
        await make_job(database, crew, **changes)
    theirs = await make_job(
        database, crew, organization_id=crew.other_organization_id, title="Theirs"
    )
    page = await client.get(JOBS, headers=crew.admin.headers)
    assert "Infirmière de nuit &lt;é&gt;" in page.text
    assert str(theirs) not in page.text
    assert "All <span>5</span>" in page.text
    for group, changes in names.items():
        shown = await client.get(f"{JOBS}?group={group}", headers=crew.admin.headers)
        titles = [one["title"].replace("<é>", "&lt;é&gt;") for one in names.values()]
        mine = changes["title"].replace("<é>", "&lt;é&gt;")
        assert [title for title in titles if title in shown.text] == [mine], group
    found = await client.get(f"{JOBS}?text=infirmiere", headers=crew.admin.headers)
    assert "Infirmière" in found.text
    assert "Filled post" not in found.text
    none = await client.get(f"{JOBS}?text=100%25", headers=crew.admin.headers)
    assert "No job here" in none.text
    mine = await client.get(f"{JOBS}?whose=mine", headers=crew.admin.headers)
    assert "Filled post" not in mine.text


async def test_a_list_shows_where_ones_own_applicants_stand(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    own = await make_job(database, crew)
    colleagues = await make_job(database, crew, posted_by=crew.admin.id)
    for job_id in (own, colleagues):
        await make_applicants(database, crew, job_id, {"Ada": {}, "Bo": {"status": "offer"}})
    page = await client.get(JOBS, headers=crew.employer.headers)
    assert page.text.count("Applied 1 · Offer 1") == 1
    assert "A colleague’s job" in page.text
    everybody = await client.get(JOBS, headers=crew.admin.headers)
    assert everybody.text.count("Applied 1 · Offer 1") == 2


@pytest.mark.parametrize("actor", ["staff", "viewer"])
async def test_who_does_not_hire_sees_none_of_it(
    client: httpx.AsyncClient, database: Database, crew: Crew, actor: str
) -> None:
    job_id = await make_job(database, crew)
    headers = {**crew.headers(actor), **HERE}
    for path in ("", f"/{job_id}", f"/{job_id}/file"):
        assert (await client.get(JOBS + path, headers=headers)).status_code == 403
    for path, form in (
        (f"/{job_id}", {"to": "viewed"}),
        (f"/{job_id}/status", {"status": "closed"}),
    ):
        assert (await client.post(JOBS + path, data=form, headers=headers)).status_code == 403
    start = await client.get("/console", headers=headers)
    assert f'href="{JOBS}"' not in start.text


async def test_a_job_is_published_closed_and_opened_again(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew, status="draft", posted_at=None)
    place, headers = f"{JOBS}/{job_id}", {**crew.employer.headers, **HERE}
    page = await client.get(place, headers=headers)
    assert "Publish" in page.text
    assert "The job is a draft." in page.text
    for status, offered in (("active", "Close"), ("closed", "Open again"), ("active", "Close")):
        done = await client.post(f"{place}/status", data={"status": status}, headers=headers)
        assert (done.status_code, done.headers["location"]) == (303, place)
        assert offered in (await client.get(place, headers=headers)).text
    again = await client.post(f"{place}/status", data={"status": "active"}, headers=headers)
    assert again.status_code == 303
    back = await client.post(f"{place}/status", data={"status": "draft"}, headers=headers)
    assert back.status_code == 422
    other = {**crew.stranger.headers, **HERE}
    refused = await client.post(f"{place}/status", data={"status": "closed"}, headers=other)
    assert refused.status_code == 404


async def test_a_colleagues_job_is_shown_without_its_applicants(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew, posted_by=crew.admin.id)
    made = await make_applicants(database, crew, job_id, {"Ada Hidden": {}})
    place = f"{JOBS}/{job_id}"
    page = await client.get(place, headers=crew.employer.headers)
    assert page.status_code == 200
    assert "Data Engineer" in page.text
    assert "Ada Hidden" not in page.text
    assert "A colleague’s job" in page.text
    headers = {**crew.employer.headers, **HERE}
    form = {"to": "viewed", "pick": f"{made['Ada Hidden']} applied"}
    assert (await client.post(place, data=form, headers=headers)).status_code == 403
    assert (await client.get(f"{place}/file", headers=headers)).status_code == 403
    taken = await client.get(f"{place}/file", headers=crew.admin.headers)
    assert "Ada Hidden" in taken.text
    assert "attachment" in taken.headers["content-disposition"]


async def test_another_organizations_job_is_missing(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    page = await client.get(f"{JOBS}/{job_id}", headers=crew.stranger.headers)
    assert page.status_code == 404
    elsewhere = f"intake_organization={crew.other_organization_id}"
    chosen = {**crew.superuser.headers, "Cookie": elsewhere}
    assert (await client.get(f"{JOBS}/{job_id}", headers=chosen)).status_code == 404
    here = {**crew.superuser.headers, "Cookie": f"intake_organization={crew.organization_id}"}
    assert (await client.get(f"{JOBS}/{job_id}", headers=here)).status_code == 200
