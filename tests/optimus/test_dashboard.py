"""The dashboard: every number is one that can be counted again by hand."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.applications.moves import STAGES
from app.core.clock import now
from app.core.db import Database
from app.optimus.ranges import Range
from tests.applications.samples import make_application
from tests.claims.api.samples import make_job as make_claim_job
from tests.jobs.samples import JOB, JOBS, make_job
from tests.optimus.samples import Letter, keep, letters
from tests.people import API, Actor, Crew

DASHBOARD = f"{API}/optimus/dashboard"
RESPONSES = ("shortlisted", "interview", "offer", "rejected", "accepted")


async def shown(client: httpx.AsyncClient, actor: Actor, **query: str) -> dict[str, Any]:
    answer = await client.get(DASHBOARD, headers=actor.headers, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_an_organization_without_anything(client: httpx.AsyncClient, crew: Crew) -> None:
    seen = await shown(client, crew.admin)
    assert set(seen["jobs_by_status"]) == {"draft", "active", "closed", "archived"}
    assert sum(seen["jobs_by_status"].values()) == 0
    assert [step["conversion"] for step in seen["funnel"]] == [None] * 6
    assert seen["totals"]["hires"] == {"value": 0, "previous": 0, "change_percent": None}
    nothing = {
        "median_hours": None,
        "ninetieth_hours": None,
        "previous_median_hours": None,
        "count": 0,
    }
    assert (seen["time_to_hire"], seen["time_to_first_response"]) == (nothing, nothing)
    assert (seen["sources"], seen["skills"]) == ([], {"in_demand": [], "applicants_read": 0})
    days = [day["date"] for day in seen["applications_by_day"]]
    assert (len(days), days[-1]) == (30, now().date().isoformat())
    assert (seen["period"]["from"], seen["period"]["to"]) == (days[0], days[-1])
    earlier = seen["previous_period"]
    assert date.fromisoformat(earlier["to"]) + timedelta(days=1) == date.fromisoformat(days[0])


def _hours(
    made: Sequence[Letter], during: Range, moment: Callable[[Letter], datetime | None]
) -> list[float]:
    return [
        (ended - one.at).total_seconds() / 3600
        for one in made
        if (ended := moment(one)) is not None and during.begins <= ended < during.ends
    ]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
async def test_every_number_against_a_count_by_hand(
    client: httpx.AsyncClient, database: Database, crew: Crew, zone: str
) -> None:
    jobs = [await make_job(database, crew) for _ in range(3)]
    made = letters(7, jobs, 200, now())
    await keep(database, crew.organization_id, made)
    today = now().astimezone(ZoneInfo(zone)).date()
    during = Range(today - timedelta(days=20), today, ZoneInfo(zone))
    seen = await shown(client, crew.employer, timezone=zone, **{"from": str(during.first)})
    ours = [one for one in made if during.begins <= one.at < during.ends]
    before = during.previous()
    earlier = [one for one in made if before.begins <= one.at < before.ends]
    assert len(ours) > 10
    assert len(earlier) > 10
    days = Counter(one.at.astimezone(during.zone).date().isoformat() for one in ours)
    assert {day["date"]: day["count"] for day in seen["applications_by_day"]} == {
        str(day): days[str(day)] for day in during.each_day()
    }
    stages = Counter(one.status for one in ours)
    assert {k: v for k, v in seen["applications_by_stage"].items() if v} == dict(stages)
    counts = [sum(one.reached >= at for one in ours) for at in range(6)]
    assert [step["count"] for step in seen["funnel"]] == counts
    assert [step["stage"] for step in seen["funnel"]] == [*STAGES, "accepted"]
    assert seen["funnel"][3]["conversion"] == round(counts[3] / counts[2], 4)
    totals = seen["totals"]["applications"]
    assert (totals["value"], totals["previous"]) == (len(ours), len(earlier))
    assert totals["change_percent"] == round((len(ours) - len(earlier)) / len(earlier) * 100, 1)
    for name, statuses in (("time_to_hire", ("accepted",)), ("time_to_first_response", RESPONSES)):
        took = _hours(made, during, lambda one, to=statuses: one.moment(*to))  # type: ignore[misc]
        assert seen[name]["count"] == len(took) > 0
        assert seen[name]["median_hours"] == pytest.approx(median(took), abs=0.01)
        assert seen[name]["ninetieth_hours"] >= seen[name]["median_hours"]
    sources = Counter(one.source for one in ours)
    assert {one["source"]: one["applications"] for one in seen["sources"]} == dict(sources)
    assert sum(one["hires"] for one in seen["sources"]) == counts[5]


async def test_a_write_is_seen_at_once(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    headers = crew.employer.headers
    first = await client.get(DASHBOARD, headers=headers)
    same = {"If-None-Match": first.headers["etag"], **headers}
    assert (await client.get(DASHBOARD, headers=same)).status_code == 304
    job = (await client.post(JOBS, headers=headers, json=JOB)).json()
    changed = await client.get(DASHBOARD, headers=same)
    assert (changed.status_code, changed.json()["jobs_by_status"][job["status"]]) == (200, 1)
    _, application_id = await make_application(database, crew)
    place = f"{API}/applications/{application_id}"
    for status in ("viewed", "offer", "accepted"):
        moved = await client.put(place, headers=headers, json={"status": status})
        assert moved.status_code == 200, moved.text
        responded = (await shown(client, crew.employer))["time_to_first_response"]["count"]
        assert responded == (status != "viewed")
    seen = await shown(client, crew.employer)
    assert seen["totals"]["hires"]["value"] == 1
    assert [step["count"] for step in seen["funnel"]] == [1] * 6


async def test_a_withdrawal_is_no_response(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    _, application_id = await make_application(database, crew)
    place = f"{API}/applications/{application_id}"
    await client.put(place, headers=crew.candidate.headers, json={"status": "withdrawn"})
    seen = await shown(client, crew.employer)
    assert seen["time_to_first_response"]["count"] == 0
    assert [step["count"] for step in seen["funnel"]] == [1, 0, 0, 0, 0, 0]


async def test_another_organizations_numbers_are_its_own(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await make_application(database, crew)
    other = await shown(client, crew.stranger)
    assert (sum(other["jobs_by_status"].values()), other["totals"]["applications"]["value"]) == (
        0,
        0,
    )
    platform = await shown(client, crew.superuser)
    assert platform["totals"]["applications"]["value"] == 1


async def test_claims_are_for_those_who_may_see_them(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    await make_claim_job(database, crew.organization_id)
    assert (await shown(client, crew.employer))["claims"] is None
    claims = (await shown(client, crew.admin))["claims"]
    assert claims["jobs_by_status"]["COMPLETED"] == 1
    assert claims["rows"] == claims["succeeded"] + claims["failed"] == 4
    assert sum(claims["failures_by_reason"].values()) == claims["failed"] > 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, "optimus.range"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "optimus.range"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "optimus.range"),
        ({"to": "9999-12-31"}, "optimus.range"),
        ({"to": "0001-01-01"}, "optimus.range"),
        ({"timezone": "Europe/Atlantis"}, "optimus.timezone"),
        ({"timezone": "../../etc/passwd"}, "optimus.timezone"),
        ({"timezone": ""}, "optimus.timezone"),
        ({"from": "yesterday"}, "http.invalid"),
    ],
)
async def test_what_is_no_range(
    client: httpx.AsyncClient, crew: Crew, query: dict[str, str], code: str
) -> None:
    refused = await client.get(DASHBOARD, headers=crew.admin.headers, params=query)
    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] == code


async def test_a_past_end_without_a_beginning(client: httpx.AsyncClient, crew: Crew) -> None:
    seen = await shown(client, crew.admin, to="2026-01-31")
    assert seen["period"] == {"from": "2026-01-02", "to": "2026-01-31"}
    later = await shown(client, crew.admin, **{"from": "2026-01-02"})
    assert later["period"]["to"] == now().date().isoformat()
