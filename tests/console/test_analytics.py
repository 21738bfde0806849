"""Numbers in pictures: the range in the address, nulls in words, each picture with its table."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from app.console import analytics as view
from app.console.language import Speech
from app.core.clock import now
from app.core.db import Database
from app.optimus.schemas import DayOut
from tests.console.hiring_samples import HERE, make_applicants
from tests.jobs.samples import make_job
from tests.people import Crew

ANALYTICS = "/console/analytics"


async def test_nothing_is_said_to_be_nothing_in_both_languages(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    page = await client.get(ANALYTICS, headers=crew.admin.headers)
    assert page.status_code == 200, page.text
    assert page.text.count("no data") >= 4
    assert "Nobody applied in this time." in page.text
    french = await client.get(ANALYTICS, headers={**crew.employer.headers, "Accept-Language": "fr"})
    assert "pas de données" in french.text
    assert "no data" not in french.text


async def test_the_range_stands_in_the_address(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    people: dict[str, dict[str, Any]] = {
        "Ada": {"source": "<b>fair", "created_at": now() - timedelta(days=2)},
        "Bo": {"created_at": now() - timedelta(days=40)},
        "Cy": {"created_at": now() - timedelta(days=200)},
    }
    await make_applicants(database, crew, job_id, people)
    today = now().date()
    for asked, total, before in (
        ("", 1, 1),
        ("?days=90&from=&to=&job=", 2, 0),
        ("?days=365", 3, 0),
        (f"?from={today - timedelta(days=41)}&to={today - timedelta(days=39)}", 1, 0),
        ("?from=2001-01-01&to=2001-01-02", 0, 0),
    ):
        page = await client.get(ANALYTICS + asked, headers=crew.admin.headers)
        assert page.status_code == 200, page.text
        assert f"<dt>Applications</dt><dd>{total}</dd>" in page.text, asked
        assert f"before: {before}</small>" in page.text, asked
        assert ('aria-current="page">30 days' in page.text) is (asked == "")
    shown = await client.get(ANALYTICS, headers=crew.admin.headers)
    assert "&lt;b&gt;fair" in shown.text
    assert "<b>fair" not in shown.text
    for wrong in ("?days=31", "?from=2026-02-30", "?from=2026-03-01&to=2026-02-01", "?job=x"):
        refused = await client.get(ANALYTICS + wrong, headers=crew.admin.headers)
        assert refused.status_code == 422, wrong


async def test_every_picture_has_a_table_and_a_name(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    people = {
        "Ada": {"score": 71.0, "source": "fair"},
        "Bo": {"status": "accepted", "score": 100.0},
    }
    await make_applicants(database, crew, job_id, people)
    one = f"{ANALYTICS}?job={job_id}"
    pages = {at: await client.get(at, headers=crew.employer.headers) for at in (ANALYTICS, one)}
    for page in pages.values():
        assert page.status_code == 200, page.text
        assert page.text.count("As a table") == page.text.count("<caption") == 5
    page = pages[one]
    assert "2 scored, 0 without a score" in page.text
    assert f'href="/console/jobs/{job_id}"' in page.text


async def test_who_sees_whose_numbers(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    await make_applicants(database, crew, job_id, {"Ada": {}})
    for actor in (crew.staff, crew.viewer):
        assert (await client.get(ANALYTICS, headers=actor.headers)).status_code == 403
        start = await client.get("/console", headers=actor.headers)
        assert f'href="{ANALYTICS}"' not in start.text
    candidate = await client.get(ANALYTICS, headers=crew.candidate.headers)
    assert candidate.status_code in (303, 403)
    theirs = await client.get(ANALYTICS, headers=crew.stranger.headers)
    assert "<dt>Applications</dt><dd>0</dd>" in theirs.text
    missing = await client.get(f"{ANALYTICS}?job={job_id}", headers=crew.stranger.headers)
    assert missing.status_code == 404
    platform = await client.get(ANALYTICS, headers=crew.superuser.headers)
    assert "<dt>Applications</dt><dd>1</dd>" in platform.text
    elsewhere = {"Cookie": f"intake_organization={crew.other_organization_id}"}
    chosen = await client.get(ANALYTICS, headers={**crew.superuser.headers, **elsewhere})
    assert "<dt>Applications</dt><dd>0</dd>" in chosen.text


async def test_the_start_page_tells_who_hires_what_waits(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    quiet = await client.get("/console", headers=crew.employer.headers)
    assert "All good" in quiet.text
    assert "Hiring in the last 30 days" in quiet.text
    ends = {"expires_at": now() + timedelta(hours=40)}
    own = await make_job(database, crew, title="Own <post>", **ends)
    colleagues = await make_job(database, crew, title="Other post", posted_by=crew.admin.id)
    long_ago = {"created_at": now() - timedelta(days=12)}
    for job_id in (own, colleagues):
        waiting = {"Ada": long_ago, "Bo": long_ago, "Cy": {}}
        seen = {"Di": {**long_ago, "status": "viewed"}}
        await make_applicants(database, crew, job_id, {**waiting, **seen})
    page = await client.get("/console", headers=crew.employer.headers)
    assert "2 things need you" in page.text
    assert "2 applicants wait for a first look: Own &lt;post&gt;" in page.text
    assert "The longest waits for 12 days." in page.text
    assert "A job ends in 2 days: Own &lt;post&gt;" in page.text
    assert f"/console/jobs/{own}?stage=applied" in page.text
    assert "Other post" not in page.text
    everything = await client.get("/console", headers=crew.admin.headers)
    assert "3 things need you" in everything.text
    other = await client.get("/console", headers=crew.stranger.headers)
    assert "All good" in other.text
    looked = {**crew.employer.headers, **HERE}
    assert "Hiring in" not in (await client.get("/console", headers=crew.staff.headers)).text
    await client.get(f"/console/jobs/{own}?stage=applied&sort=newest", headers=looked)


def test_many_days_are_shown_by_weeks() -> None:
    days = [DayOut(date=date(2026, 1, 1) + timedelta(days=at), count=1) for at in range(100)]
    weeks = view.over_time(days)
    assert (weeks.step, len(weeks.counts), weeks.total, weeks.counts[-1]) == (7, 15, 100, 2)
    assert view.over_time(days[:92]).step == 1
    assert view.over_time([]).most == 2


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (3, 4), (5, 6), (9, 10), (11, 20), (24, 30), (99, 100), (700, 800)],
)
def test_scales_end_at_round_numbers(most: int, top: int) -> None:
    assert view.round_top(most) == top


@pytest.mark.parametrize(
    ("hours", "shown"), [(None, None), (0.25, "15 min 0 s"), (30.5, "30 h 30 min"), (62.4, "2.6 d")]
)
def test_hours_are_told_as_people_say_them(hours: float | None, shown: str | None) -> None:
    assert view.in_time(hours, Speech("en")) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(None, None), (0.0, "0 %"), (0.016, "1,6 %"), (0.444, "44 %")]
)
def test_shares_are_per_cent(share: float | None, shown: str | None) -> None:
    assert view.share_text(share, Speech("fr")) == (shown and shown.replace(" ", "\u00a0"))
