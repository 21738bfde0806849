"""Claim files in the console: what is shown, what is masked, who may act."""

import re

import httpx
import pytest
from sqlalchemy import select

from app.core.audit_model import AuditEntry
from app.core.db import Database, Scope
from tests.claims.api.samples import GOOD, make_job, make_running_job
from tests.people import Crew

HERE = {"Sec-Fetch-Site": "same-origin"}
CLAIMS = "/console/claims"


async def actions(database: Database) -> list[str]:
    async with database.read(Scope.system()) as session:
        return list((await session.scalars(select(AuditEntry.action))).all())


async def test_an_empty_list_says_what_to_do(client: httpx.AsyncClient, crew: Crew) -> None:
    page = await client.get(CLAIMS, headers=crew.staff.headers)
    assert "No uploads yet" in page.text
    assert "/console/upload" in page.text
    reader = await client.get(CLAIMS, headers=crew.viewer.headers)
    assert "/console/upload" not in reader.text


async def test_the_list_and_its_groups(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    ended = await make_job(database, crew.organization_id, original_filename="<b>é.csv")
    running = await make_running_job(database, crew.organization_id)
    page = await client.get(CLAIMS, headers=crew.viewer.headers)
    assert "&lt;b&gt;é.csv" in page.text
    assert "<b>é.csv" not in page.text
    assert "hx-sse:connect" in page.text
    for group, shown, hidden in (("attention", ended, running), ("running", running, ended)):
        narrowed = await client.get(f"{CLAIMS}?group={group}", headers=crew.viewer.headers)
        assert str(shown) in narrowed.text
        assert str(hidden) not in narrowed.text
    found = await client.get(f"{CLAIMS}?text=nothing-like-it", headers=crew.viewer.headers)
    assert "No file here" in found.text


async def test_names_are_masked_until_somebody_looks(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{CLAIMS}/{await make_job(database, crew.organization_id)}"
    masked = await client.get(place, headers=crew.viewer.headers)
    assert masked.status_code == 200, masked.text
    for name in ("Ångström", "Zoë", "FH0002", "Formula"):
        assert name not in masked.text
    assert "Z•• Å•••••••" in masked.text
    assert "claims.rows_read" not in await actions(database)
    shown = await client.get(f"{place}?reveal=true", headers=crew.viewer.headers)
    assert "Zoë Ångström" in shown.text
    assert "FH0002" in shown.text
    assert (await actions(database)).count("claims.rows_read") == 1
    one = await client.get(f"{place}?reason=row.bad_date", headers=crew.viewer.headers)
    assert len(re.findall(r'<td class="figure state"', one.text)) == 1


async def test_another_organizations_file_is_missing(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{CLAIMS}/{await make_job(database, crew.organization_id)}"
    for path in ("", "/events", "/results", "/errors"):
        page = await client.get(place + path, headers=crew.stranger.headers)
        assert page.status_code == 404, path
        assert page.headers["content-type"].startswith("text/html")
    for action in ("cancel", "retry", "remove"):
        headers = {**crew.stranger.headers, **HERE}
        assert (await client.post(f"{place}/{action}", headers=headers)).status_code == 404
    assert (await client.get(place, headers=crew.employer.headers)).status_code == 403


async def test_who_reads_cannot_act(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{CLAIMS}/{await make_job(database, crew.organization_id)}"
    page = await client.get(place, headers=crew.viewer.headers)
    assert "/retry" not in page.text
    assert "/remove" not in page.text
    headers = {**crew.viewer.headers, **HERE}
    for action in ("cancel", "retry", "remove"):
        assert (await client.post(f"{place}/{action}", headers=headers)).status_code == 403
    assert (await client.get("/console/upload", headers=headers)).status_code == 403


async def test_rows_of_one_reason_are_asked_again(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{CLAIMS}/{await make_job(database, crew.organization_id)}"
    headers = {**crew.staff.headers, **HERE}
    form = {"error_code": "payer.not_found"}
    again = await client.post(f"{place}/retry", data=form, headers=headers)
    assert (again.status_code, again.headers["location"]) == (303, place)
    page = await client.get(place, headers=headers)
    assert "attempt 2" in page.text
    stopped = await client.post(f"{place}/cancel", headers=headers)
    assert stopped.status_code == 303
    twice = await client.post(f"{place}/retry", headers={**headers, "Origin": "x"})
    assert twice.status_code in (303, 409)


async def test_an_ended_file_is_deleted(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{CLAIMS}/{await make_job(database, crew.organization_id)}"
    headers = {**crew.staff.headers, **HERE}
    gone = await client.post(f"{place}/remove", headers=headers)
    assert gone.headers["location"] == CLAIMS
    assert (await client.post(f"{place}/remove", headers=headers)).status_code == 404


async def test_an_upload_is_looked_through_and_taken(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    headers = {**crew.staff.headers, **HERE}
    files = {"file": ("claims.csv", GOOD.encode() + b"FH3,Bad,Date,1990-13-45\n", "text/csv")}
    seen = await client.post("/console/upload/preview", files=files, headers=headers)
    assert "2 rows are ready" in seen.text
    assert "1990-13-45" in seen.text
    assert "A date cannot be read" in seen.text
    piece = await client.post(
        "/console/upload/preview", files=files, headers={**headers, "HX-Request": "true"}
    )
    assert "<html" not in piece.text
    assert (await client.get(CLAIMS, headers=headers)).text.count('id="claim-') == 0
    taken = await client.post(
        "/console/upload", files=files, data={"provider": "uhc"}, headers=headers
    )
    assert taken.status_code == 303
    page = await client.get(taken.headers["location"], headers=headers)
    assert "claims.csv" in page.text
    assert "Queued" in page.text


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "claims.file_empty"), (b"a,b\n1,2\n", "claims.header_unknown")],
)
async def test_a_file_that_is_not_taken_is_explained(
    client: httpx.AsyncClient, crew: Crew, content: bytes, code: str
) -> None:
    headers = {**crew.staff.headers, **HERE}
    files = {"file": ("x.csv", content, "text/csv")}
    shown = await client.post("/console/upload/preview", files=files, headers=headers)
    assert shown.status_code == 200
    assert 'role="alert"' in shown.text
    refused = await client.post("/console/upload", files=files, headers=headers)
    assert refused.status_code in (400, 422)
    assert code in refused.text


async def test_progress_is_pushed_as_pieces_of_the_page(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    stream = await client.get(f"{CLAIMS}/{job_id}/events", headers=crew.viewer.headers)
    assert stream.headers["content-type"].startswith("text/event-stream")
    first, last = stream.text.split("\n\n", 1)[1].strip().split("\n\n")
    assert 'data: <section class="card figures"' in first
    assert "event:" not in first
    assert "event: over" in last
    rows = await client.get(f"{CLAIMS}/events?job={job_id}", headers=crew.viewer.headers)
    assert f'<tr id="claim-{job_id}">' in rows.text
    other = await client.get(f"{CLAIMS}/events?job={job_id}", headers=crew.stranger.headers)
    assert str(job_id) not in other.text


async def test_results_are_taken_from_the_page(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = f"{CLAIMS}/{await make_job(database, crew.organization_id)}"
    for form, kind in (("csv", "text/csv"), ("jsonl", "application/jsonl")):
        taken = await client.get(f"{place}/results?form={form}", headers=crew.viewer.headers)
        assert taken.headers["content-type"].startswith(kind)
        assert "results_" in taken.headers["content-disposition"]
    errors = await client.get(f"{place}/errors", headers=crew.viewer.headers)
    assert "FH0002" in errors.text
    assert {"claims.results_read", "claims.errors_read"} <= set(await actions(database))
