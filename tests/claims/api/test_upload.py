"""Taking a claim file in: what is found out about it, and what is stored."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.claims.models import ClaimJob, ClaimJobEvent, ClaimRow, ClaimUnit
from app.core.db import Database, Scope
from tests.claims.api.samples import API, GOOD, HEADER, send, stored
from tests.people import Crew

JOB_FIELDS = """id, filename, original_filename, file_size, file_sha256, provider, use_batch_query,
start_date, end_date, shape, encoding, delimiter, date_order, status, status_display, status_reason,
total_rows, processed_rows, success_count, failure_count, unprocessed_rows, warnings,
progress_percentage, success_rate, rows_per_second, eta_seconds, failures_by_reason, attempt,
duplicate_of, user, user_email, organization, organization_name, celery_task_id,
processing_started_at, processing_completed_at, processing_duration, created_at, updated_at,
expires_at, can_cancel, can_retry"""


async def test_a_job_right_after_the_upload(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await send(client, crew.staff, fields={"start_date": "2026-01-01"})
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert set(JOB_FIELDS.replace("\n", " ").split(", ")) <= set(job)
    assert answer.headers["location"] == f"{API}/claims/csv-jobs/{job['id']}"
    shown = (await client.get(answer.headers["location"], headers=crew.staff.headers)).json()
    assert shown == job
    assert UUID(job["celery_task_id"]).version == UUID(job["id"]).version == 7
    expected = {
        "status": "PENDING",
        "total_rows": 2,
        "processed_rows": 0,
        "success_count": 0,
        "failure_count": 0,
        "unprocessed_rows": 2,
        "progress_percentage": 0.0,
        "success_rate": None,
        "rows_per_second": None,
        "eta_seconds": None,
        "failures_by_reason": {},
        "attempt": 1,
        "shape": "claim_number",
        "encoding": "utf-8",
        "delimiter": ",",
        "date_order": "ymd",
        "provider": "uhc",
        "use_batch_query": True,
        "start_date": "2026-01-01",
        "end_date": None,
        "file_size": len(GOOD.encode()),
        "duplicate_of": None,
        "user": str(crew.staff.id),
        "user_email": crew.staff.email,
        "organization": str(crew.organization_id),
        "organization_name": "Northwind",
        "processing_started_at": None,
        "processing_completed_at": None,
        "processing_duration": None,
        "can_cancel": True,
        "can_retry": False,
    }
    assert {name: job[name] for name in expected} == expected


BODIES = {
    "claim_number": (
        "claim_number,first_name,last_name,date_of_birth\n"
        "FH0001,Zoë,Ångström,1990-01-31\nFH0002,Ada,Byron,1985-12-10\n"
    ),
    "patient": (
        "patient_first_name,patient_last_name,patient_dob,date_of_service\n"
        "Zoë,Ångström,01/31/1990,10/02/2026\nAda,Byron,12/10/1985,10/03/2026\n"
    ),
    "practice": (
        "First Name,LAST_NAME,dob,first_service_date,last_service_date,practice_id,Extra\n"
        "Zoë,Ångström,1990-01-31,2026-10-02,2026-10-02,1,x\n"
        "Ada,Byron,1985-12-10,2026-10-03,2026-10-04,1,y\n"
    ),
}
FOUND_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16-le",
    "cp1252": "cp1252",
}


@pytest.mark.parametrize("shape", BODIES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", FOUND_ENCODINGS)
async def test_every_shape_delimiter_and_encoding(
    client: httpx.AsyncClient, crew: Crew, shape: str, delimiter: str, encoding: str
) -> None:
    content = BODIES[shape].replace(",", delimiter).encode(encoding)
    answer = await send(client, crew.staff, content)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert (job["shape"], job["delimiter"], job["total_rows"]) == (shape, delimiter, 2)
    assert job["encoding"] == FOUND_ENCODINGS[encoding]
    codes = [warning["code"] for warning in job["warnings"]]
    assert ("encoding_guessed" in codes) == (encoding == "cp1252")
    rows = await client.get(f"{API}/claims/csv-jobs/{job['id']}/rows", headers=crew.staff.headers)
    names = [row["patient_name"] for row in rows.json()["results"]]
    assert names == ["Zoë Ångström", "Ada Byron"]


async def test_a_mapping_names_foreign_columns(client: httpx.AsyncClient, crew: Crew) -> None:
    content = "Ref,Vorname,Nachname,Geburtstag\nFH1,Ada,Byron,31.12.1985\n"
    names = '{"claim_number":"Ref","first_name":"Vorname","last_name":"Nachname","date_of_birth":"Geburtstag"}'
    assert (await send(client, crew.staff, content)).status_code == 422
    answer = await send(client, crew.staff, content, fields={"mapping": names})
    assert answer.status_code == 201, answer.text
    assert answer.json()["shape"] == "claim_number"


@pytest.mark.parametrize(
    ("flag", "sizes"), [("true", [(1, 250)]), ("false", [(1, 100), (101, 200), (201, 250)])]
)
async def test_units_of_work_cover_every_row(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    flag: str,
    sizes: list[tuple[int, int]],
) -> None:
    lines = "".join(f"FH{n},Ada,Byron,1985-12-10\n" for n in range(250))
    answer = await send(client, crew.staff, f"{HEADER}\n{lines}", fields={"use_batch_query": flag})
    assert answer.json()["use_batch_query"] is (flag == "true")
    async with database.read(Scope.system()) as session:
        units = (await session.execute(select(ClaimUnit).order_by(ClaimUnit.id))).scalars().all()
        events = (await session.execute(select(ClaimJobEvent.kind))).scalars().all()
    assert [(unit.kind, unit.state) for unit in units] == [
        ("plan", "READY"),
        *[("rows", "WAITING")] * len(sizes),
    ]
    assert [(unit.lo, unit.hi) for unit in units[1:]] == sizes
    assert events == ["uploaded"]


@pytest.mark.parametrize(
    ("sent", "original", "safe"),
    [
        ("Mai 2026.csv", "Mai 2026.csv", "Mai 2026.csv"),
        ("C:\\fakepath\\a.csv", "a.csv", "a.csv"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("Zoe\u0308's; é.csv", "Zoë's; é.csv", "Zoe_s_ e.csv"),
        ("safe\u202evsc.exe.csv", "safevsc.exe.csv", "safevsc.exe.csv"),
        ("line\u2028break\u200b.csv", "linebreak.csv", "linebreak.csv"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv", "x" * 251 + ".csv"),
        ("\u2167" * 250 + ".csv", "\u2167" * 250 + ".csv", ("VIII" * 63)[-251:] + ".csv"),
        ("...", "...", "claims.csv"),
    ],
)
async def test_names_of_files(
    client: httpx.AsyncClient, crew: Crew, sent: str, original: str, safe: str
) -> None:
    job = (await send(client, crew.staff, name=sent)).json()
    assert job["original_filename"] == original
    assert job["filename"] == safe


async def test_the_same_file_again_is_told(client: httpx.AsyncClient, crew: Crew) -> None:
    first = (await send(client, crew.staff)).json()
    again = (await send(client, crew.admin, name="other.csv")).json()
    assert again["duplicate_of"] == first["id"]
    assert again["id"] != first["id"]
    third = await send(client, crew.staff, fields={"start_date": "2026-01-01"})
    assert third.json()["duplicate_of"] is None
    elsewhere = await send(client, crew.stranger)
    assert elsewhere.json()["duplicate_of"] is None


async def test_a_repeated_upload_is_answered_again(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    key = {"Idempotency-Key": "upload-1"}
    first = await send(client, crew.staff, headers=key)
    second = await send(client, crew.staff, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["location"] == first.headers["location"]
    assert await stored(database, ClaimJob) == 1
    for changes in (
        {"fields": {"end_date": "2026-05-01"}},
        {"content": GOOD + "F,A,B,1985-01-01\n"},
    ):
        other = await send(client, crew.staff, headers=key, **changes)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert await stored(database, ClaimJob) == 1


async def test_bad_rows_come_in_with_the_good_ones(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    content = (
        f"{HEADER}\nFH1,Ada,Byron,1985-12-10\nFH2,,Byron,1985-12-10\nFH3,A,B,1985-12-10,extra\n"
    )
    job = (await send(client, crew.staff, content)).json()
    assert job["total_rows"] == 3
    async with database.read(Scope.system()) as session:
        found = await session.execute(select(ClaimRow).order_by(ClaimRow.row_no))
        rows = found.scalars().all()
    assert [row.fault and row.fault["code"] for row in rows] == [
        None,
        "row.missing_field",
        "row.column_count",
    ]
    assert [row.claim_key is None for row in rows] == [False, True, True]
    assert {row.organization_id for row in rows} == {crew.organization_id}


async def test_more_of_each_claim_may_be_asked_for(client: httpx.AsyncClient, crew: Crew) -> None:
    first = (await send(client, crew.staff)).json()
    assert first["include"] == []
    for word in ("details", "payments", " Payments , details,"):
        job = (await send(client, crew.staff, fields={"include": word, "provider": "optum"})).json()
        assert job["include"] == sorted(
            part.strip().lower() for part in word.split(",") if part.strip()
        )
        assert job["provider"] == "optum"
    again = (await send(client, crew.staff, fields={"include": "details"})).json()
    assert again["duplicate_of"] is None
    refused = await send(client, crew.staff, fields={"include": "everything"})
    assert (refused.status_code, refused.json()["code"]) == (422, "claims.option_invalid")
    assert "details and payments" in refused.json()["detail"]
