"""Reading jobs: lists, one job, its counters, its rows."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from app.claims.models import ClaimJob, ClaimUnit
from app.core.clock import now
from app.core.db import Database, Scope, driver
from app.core.ids import new_id
from tests.claims.api.samples import API, FOUND, make_job, make_running_job, send
from tests.people import Crew

JOBS = f"{API}/claims/csv-jobs"
COUNTERS = ("total_rows", "processed_rows", "success_count", "failure_count", "unprocessed_rows")


async def ids(client: httpx.AsyncClient, crew: Crew, **filters: Any) -> list[str]:
    """The ids of the jobs that a list with these filters shows."""
    answer = await client.get(f"{JOBS}/", params=filters, headers=crew.viewer.headers)
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["results"]]


async def page_at(client: httpx.AsyncClient, crew: Crew, address: str) -> dict[str, Any]:
    """One page of a list."""
    page: dict[str, Any] = (await client.get(address, headers=crew.viewer.headers)).json()
    return page


async def test_the_newest_comes_first_page_by_page(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    made = [str(await make_job(database, crew.organization_id)) for _ in range(5)]
    await make_job(database, crew.other_organization_id)
    assert await ids(client, crew) == made[::-1]
    pages = [await page_at(client, crew, f"{JOBS}?limit=2&count=true&status=COMPLETED")]
    while pages[-1]["next"]:
        pages.append(await page_at(client, crew, pages[-1]["next"]))
    assert [job["id"] for page in pages for job in page["results"]] == made[::-1]
    assert [(len(page["results"]), page["count"]) for page in pages] == [
        (2, 5),
        (2, None),
        (1, None),
    ]
    back = await page_at(client, crew, pages[-1]["previous"])
    assert [job["id"] for job in back["results"]] == made[::-1][2:4]


async def test_a_changed_cursor_is_refused(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    for _ in range(2):
        await make_job(database, crew.organization_id)
    page = (await client.get(f"{JOBS}?limit=1", headers=crew.viewer.headers)).json()
    for address in (page["next"][:-2] + "AA", page["next"] + "&status=FAILED"):
        answer = await client.get(address, headers=crew.viewer.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "page.cursor_invalid")


async def test_filters(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    here = crew.organization_id
    failed = str(await make_job(database, here, original_filename="100%_March.csv"))
    clean = str(await make_job(database, here, failure_count=0, original_filename="1000 March.csv"))
    running = str(await make_running_job(database, here))
    assert await ids(client, crew, status="PROCESSING") == [running]
    assert await ids(client, crew, status="FAILED") == []
    assert await ids(client, crew, provider="uhc") == [running, clean, failed]
    assert await ids(client, crew, provider="other") == []
    assert await ids(client, crew, filename="0%_m") == [failed]
    assert await ids(client, crew, filename="march") == [clean, failed]
    assert await ids(client, crew, has_errors="true") == [running, failed]
    assert await ids(client, crew, has_errors="false") == [clean]
    later = (now() + timedelta(hours=1)).isoformat()
    assert await ids(client, crew, created_after=later) == []
    assert len(await ids(client, crew, created_after="2026-01-01T00:00:00")) == 3
    for filters in ({"status": "DONE"}, {"created_after": "yesterday"}, {"has_errors": "some"}):
        answer = await client.get(JOBS, params=filters, headers=crew.viewer.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "http.invalid")


async def test_an_ended_job(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew.organization_id)
    job = (await client.get(f"{JOBS}/{job_id}/", headers=crew.viewer.headers)).json()
    assert [job[name] for name in COUNTERS] == [4, 4, 1, 3, 0]
    assert (job["progress_percentage"], job["success_rate"]) == (100.0, 25.0)
    assert job["processing_duration"] == pytest.approx(2.0)
    assert (job["rows_per_second"], job["eta_seconds"]) == (2.0, None)
    assert job["failures_by_reason"] == {"payer.not_found": 2, "row.bad_date": 1}
    assert (job["status_display"], job["can_cancel"], job["can_retry"]) == (
        "Completed",
        False,
        True,
    )
    assert (job["user"], job["user_email"]) == (None, None)


async def test_a_running_job_counts_its_units(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    job = (await client.get(f"{JOBS}/{job_id}", headers=crew.viewer.headers)).json()
    assert [job[name] for name in COUNTERS] == [10, 4, 1, 3, 6]
    assert (job["status"], job["can_cancel"], job["can_retry"]) == ("PROCESSING", True, False)
    assert job["failures_by_reason"] == {"payer.not_found": 2, "row.bad_date": 1}
    assert job["rows_per_second"] == pytest.approx(2.0, abs=0.5)
    assert job["eta_seconds"] == pytest.approx(3, abs=1)


async def test_progress_is_not_rounded_up(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    async with database.write(Scope.system()) as session:
        await session.execute(update(ClaimJob).values(total_rows=100_000))
        await session.execute(
            update(ClaimUnit).where(ClaimUnit.state == "DONE").values(succeeded=99_990, failed=9)
        )
    job = (await client.get(f"{JOBS}/{job_id}/progress", headers=crew.viewer.headers)).json()
    assert (job["unprocessed_rows"], job["progress_percentage"]) == (1, 99.9)


async def test_progress_of_a_running_job(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    answer = await client.get(f"{JOBS}/{job_id}/progress/", headers=crew.viewer.headers)
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["retry-after"]) > 0
    progress = answer.json()
    assert progress["job_id"] == str(job_id)
    assert [progress[name] for name in COUNTERS] == [10, 4, 1, 3, 6]
    assert progress["celery_status"] == "PROGRESS"
    assert progress["celery_info"] == {"current": 4, "total": 10, "percent": 40.0}
    assert not {"filename", "header", "user_email"} & set(progress)


@pytest.mark.parametrize(
    ("status", "word"),
    [("COMPLETED", "SUCCESS"), ("FAILED", "FAILURE"), ("CANCELLED", "REVOKED")],
)
async def test_progress_of_an_ended_job(
    client: httpx.AsyncClient, database: Database, crew: Crew, status: str, word: str
) -> None:
    job_id = await make_job(database, crew.organization_id, status=status)
    answer = await client.get(f"{JOBS}/{job_id}/progress", headers=crew.viewer.headers)
    assert answer.json()["celery_status"] == word
    assert "retry-after" not in answer.headers


async def test_an_unchanged_job_is_not_sent_again(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    address = f"{JOBS}/{await make_job(database, crew.organization_id)}"
    tag = (await client.get(address, headers=crew.viewer.headers)).headers["etag"]
    headers = {**crew.viewer.headers, "If-None-Match": tag}
    assert (await client.get(address, headers=headers)).status_code == 304
    await client.post(f"{address}/retry", headers=crew.staff.headers)
    assert (await client.get(address, headers=headers)).status_code == 200


async def test_rows_with_their_answers_and_evidence(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await client.get(f"{JOBS}/{job_id}/rows/", headers=crew.viewer.headers)
    found, missing, bad, _ = answer.json()["results"]
    searched = found["evidence"]["searched"]
    assert found == {
        "row": 1,
        "status": "succeeded",
        "claim_number": "FH0001",
        "patient_name": "Ada Byron",
        "result": FOUND,
        "results": [FOUND],
        "error": None,
        "warnings": [],
        "attempts": 1,
        "evidence": {"searched": searched},
    }
    today = now().date().isoformat()
    assert searched == missing["evidence"]["searched"]
    (search,) = searched
    assert search.pop("at").endswith("Z")
    assert search == {
        "tin": "471000001",
        "payer_id": "87726",
        "from": today,
        "to": today,
        "pages": 1,
        "claims": 7,
        "complete": True,
    }
    assert (missing["status"], missing["result"], missing["results"]) == ("failed", None, [])
    assert missing["error"]["code"] == "payer.not_found"
    assert missing["error"]["retriable"] is False
    assert missing["error"]["hint"]
    assert bad["error"]["message"] == "13 is no month."
    assert bad["error"]["field"] == "date_of_birth"
    assert bad["evidence"] is None


async def test_rows_of_one_kind(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew.organization_id)

    async def numbers(**filters: Any) -> list[int]:
        answer = await client.get(
            f"{JOBS}/{job_id}/rows", params=filters, headers=crew.viewer.headers
        )
        assert answer.status_code == 200, answer.text
        return [row["row"] for row in answer.json()["results"]]

    assert await numbers() == [1, 2, 3, 4]
    assert await numbers(status="succeeded") == [1]
    assert await numbers(status="failed") == [2, 3, 4]
    assert await numbers(status="pending") == []
    assert await numbers(error_code="payer.not_found") == [2, 4]
    assert await numbers(status="failed", error_code="row.bad_date") == [3]
    assert await numbers(status="succeeded", error_code="row.bad_date") == []
    assert await numbers(status="pending", error_code="row.bad_date") == []
    assert await numbers(error_code="nonsense") == []


@pytest.mark.parametrize("status", [None, "failed", "pending"])
async def test_rows_page_by_page(
    client: httpx.AsyncClient, database: Database, crew: Crew, status: str | None
) -> None:
    if status == "pending":
        job_id = (
            await send(
                client,
                crew.staff,
                "claim_number,first_name,last_name,dob\n" + "F1,A,B,1985-01-01\n" * 4,
            )
        ).json()["id"]
    else:
        job_id = await make_job(database, crew.organization_id)
    filters = f"&status={status}" if status else ""
    seen, address = [], f"{JOBS}/{job_id}/rows?limit=2{filters}"
    while address:
        page = (await client.get(address, headers=crew.viewer.headers)).json()
        seen += [row["row"] for row in page["results"]]
        address = page["next"]
    assert seen == ([2, 3, 4] if status == "failed" else [1, 2, 3, 4])


ROUTES = [
    ("GET", ""),
    ("GET", "/progress"),
    ("GET", "/events"),
    ("GET", "/rows"),
    ("GET", "/results"),
    ("GET", "/download_results"),
    ("GET", "/errors"),
    ("POST", "/cancel"),
    ("POST", "/retry"),
    ("DELETE", ""),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_anothers_job_answers_like_none(
    client: httpx.AsyncClient, database: Database, crew: Crew, method: str, path: str
) -> None:
    foreign = await make_job(database, crew.other_organization_id)

    async def answer(job_id: UUID) -> tuple[int, dict[str, Any], set[str]]:
        got = await client.request(method, f"{JOBS}/{job_id}{path}", headers=crew.admin.headers)
        body = got.json()
        del body["instance"], body["request_id"]
        return got.status_code, body, set(got.headers)

    theirs, nobodys = await answer(foreign), await answer(new_id())
    assert theirs == nobodys
    assert theirs[0] == 404
    assert theirs[1]["code"] == "claims.job_not_found"


@pytest.mark.parametrize("status", ["PENDING", "PROCESSING"])
async def test_a_job_that_nobody_works_on_says_so(
    client: httpx.AsyncClient, database: Database, crew: Crew, status: str
) -> None:
    job_id = (await send(client, crew.staff)).json()["id"]

    async def reason(waited: str, lease: str | None = None) -> str | None:
        async with database.write(Scope.system()) as session:
            connection = await driver(session)
            await connection.execute(
                "UPDATE claim_jobs SET status = $2, processing_started_at = now() WHERE id = $1",
                UUID(job_id),
                status,
            )
            await connection.execute(
                "UPDATE claim_units SET run_after = clock_timestamp() - $1::text::interval,"
                " state = CASE WHEN $2::text IS NULL THEN 'READY' ELSE 'LEASED' END,"
                " lease_until = clock_timestamp() - $2::text::interval",
                waited,
                lease,
            )
        answers = [
            (await client.get(f"{JOBS}/{job_id}{path}", headers=crew.viewer.headers)).json()
            for path in ("", "/progress")
        ]
        names = ("status_reason", "status_reason_code", "status_reason_at")
        assert [answers[0][name] for name in names] == [answers[1][name] for name in names]
        code = "file.no_worker" if answers[0]["status_reason"] else None
        assert answers[0]["status_reason_code"] == code
        found: str | None = answers[0]["status_reason"]
        return found

    assert await reason("0 seconds") is None
    assert await reason("25 seconds") is None
    assert "No worker has taken this up since" in str(await reason("35 seconds"))
    assert await reason("1 hour", lease="-10 seconds") is None
    assert await reason("1 hour", lease="25 seconds") is None
    assert "No worker" in str(await reason("1 hour", lease="35 seconds"))
