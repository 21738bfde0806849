"""Answers as files: what stands in them to the letter, and that they can be used again."""

import csv
import gc
import gzip
import io
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, update

from app.claims.models import ClaimAnswer, ClaimJob, ClaimRow
from app.claims.schemas import ResultFormat, Scope
from app.claims.service import jobs
from app.claims.service.downloads import Download
from app.core.db import Database
from app.core.db import Scope as DatabaseScope
from tests.claims.api.samples import API, FOUND, make_job, make_running_job, send
from tests.people import Crew

JOBS = f"{API}/claims/csv-jobs"
NOT_FOUND = "The payer has no such claim"
GOLDEN = f"""\
row,claim_number,status,patient_name,total_charged,total_paid,processed_date,success,error,error_code,claim_number,first_name,last_name,date_of_birth,note
1,FH0001,PAID,Ada Byron,120.00,-20.50,2026-10-01,True,,,FH0001,Ada,Byron,1985-12-10,-5.20
2,FH0002,,Zoë Ångström,,,,False,{NOT_FOUND},payer.not_found,FH0002,Zoë,Ångström,1990-01-31,'@home
3,FH0003,,Bad Date,,,,False,13 is no month.,row.bad_date,FH0003,Bad,Date,1990-13-45,
4,FH0004,,'=1+1 Formula,,,,False,{NOT_FOUND},payer.not_found,FH0004,'=1+1,Formula,1990-01-01,+49
"""


async def download(
    client: httpx.AsyncClient, crew: Crew, job_id: UUID, path: str = "results", **query: str
) -> httpx.Response:
    """A file of a job."""
    answer = await client.get(f"{JOBS}/{job_id}/{path}/", params=query, headers=crew.viewer.headers)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(answer: httpx.Response) -> list[int]:
    """The row numbers in a CSV of results."""
    reader = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    return [int(line["row"]) for line in reader]


@pytest.mark.parametrize("path", ["results", "download_results"])
async def test_the_whole_file(
    client: httpx.AsyncClient, database: Database, crew: Crew, path: str
) -> None:
    answer = await download(client, crew, await make_job(database, crew.organization_id), path)
    assert answer.content.decode("utf-8-sig") == GOLDEN.replace("\n", "\r\n")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"results_ol'd _.csv\"; filename*=UTF-8''results_ol%27d%20%C3%A9.csv"
    )


@pytest.mark.parametrize(
    ("scope", "rows"),
    [("all", [1, 2, 3, 4]), ("succeeded", [1]), ("failed", [2, 3, 4]), ("unprocessed", [])],
)
async def test_scopes(
    client: httpx.AsyncClient, database: Database, crew: Crew, scope: str, rows: list[int]
) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await download(client, crew, job_id, scope=scope)
    assert rows_of(answer) == rows
    assert answer.text.count("row,claim_number,status") == 1


async def test_a_job_that_has_not_begun_has_results_too(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    job = (await send(client, crew.staff)).json()
    for scope in ("all", "unprocessed"):
        answer = await download(client, crew, job["id"], scope=scope)
        assert rows_of(answer) == [1, 2]
        assert ",Zoë Ångström,,,,,,,FH0002,Zoë," in answer.text
    assert rows_of(await download(client, crew, job["id"], scope="failed")) == []


async def test_several_claims_of_one_row_are_several_lines(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    async with database.write(DatabaseScope.system()) as session:
        await session.execute(
            update(ClaimAnswer)
            .where(ClaimAnswer.row_no == 1)
            .values(results=[FOUND, {**FOUND, "claim_number": "FH0001B", "total_paid": "0"}])
        )
    assert rows_of(await download(client, crew, job_id)) == [1, 1, 2, 3, 4]


async def test_json_lines(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await download(client, crew, job_id, format="jsonl")
    assert answer.headers["content-type"] == "application/jsonl"
    assert "%C3%A9.csv.jsonl" in answer.headers["content-disposition"]
    listed = await client.get(f"{JOBS}/{job_id}/rows", headers=crew.viewer.headers)
    assert [json.loads(line) for line in answer.text.splitlines()] == listed.json()["results"]
    nothing = await download(client, crew, job_id, format="jsonl", scope="unprocessed")
    assert nothing.content == b""


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, br", True),
        ("br;q=1.0, GZIP ; q=0.8", True),
        ("identity", False),
        ("", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
    ],
)
async def test_json_lines_are_packed_for_whoever_takes_it(
    client: httpx.AsyncClient, database: Database, crew: Crew, accepted: str, is_packed: bool
) -> None:
    job_id = await make_job(database, crew.organization_id)
    headers = {**crew.viewer.headers, "accept-encoding": accepted}
    path = f"{JOBS}/{job_id}/results/"
    async with client.stream("GET", path, params={"format": "jsonl"}, headers=headers) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert "Accept-Encoding" in answer.headers["vary"]
    assert (answer.headers.get("content-encoding") == "gzip") is is_packed
    plain = gzip.decompress(raw) if is_packed else raw
    assert [json.loads(line)["row"] for line in plain.splitlines()] == [1, 2, 3, 4]


async def test_a_workbook(client: httpx.AsyncClient, database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await download(client, crew, job_id, format="xlsx")
    assert "%C3%A9.csv.xlsx" in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    lines = book.get_sheet_by_index(0).to_python()
    golden = list(csv.reader(io.StringIO(GOLDEN)))
    assert lines[0] == golden[0]
    assert lines[1][:7] == [1.0, "FH0001", "PAID", "Ada Byron", 120.0, -20.5, "2026-10-01"]
    # A cell that is text runs nothing, so it stands there as it came in.
    assert lines[4][10:] == ["FH0004", "=1+1", "Formula", "1990-01-01", "+49"]
    assert len(lines) == 5


async def test_a_workbook_of_a_job_that_wanted_more(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id, include=["details", "payments"])
    line = {"line": "1", "service_code": "99213", "charged": "120.00", "paid": None}
    more = {
        "details": {
            "lines": [line],
            "reasons": [{"type": "CARC", "code": "197", "description": "No authorization"}],
            "diagnosis_codes": [],
        },
        "payments": [
            {"check_number": None, "draft_number": "0087", "issue_date": "2026-10-02"},
            {"check_number": "7001", "draft_number": None, "issue_date": None},
        ],
    }
    async with database.write(DatabaseScope.system()) as session:
        await session.execute(
            update(ClaimAnswer)
            .where(ClaimAnswer.job_id == job_id, ClaimAnswer.row_no == 1)
            .values(results=[FOUND | more])
        )
    rows = await client.get(f"{JOBS}/{job_id}/rows", headers=crew.viewer.headers)
    assert rows.json()["results"][0]["result"]["details"] == more["details"]
    answer = await download(client, crew, job_id, format="xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    lines = book.get_sheet_by_index(0).to_python()
    assert lines[0][-4:] == ["payer_reasons", "check_numbers", "payment_dates", "service_lines"]
    assert lines[1][-4:] == [
        "197 No authorization",
        "0087; 7001",
        "2026-10-02",
        "1: 99213 charged 120.00",
    ]
    assert lines[2][-4:] == ["", "", "", ""]
    plain = await download(client, crew, job_id, format="csv")
    assert "payer_reasons" not in plain.text


async def test_a_workbook_that_came_in_gives_a_csv_of_that_name(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id, original_filename="May.XLSX")
    for form, name in (("csv", "results_May.XLSX.csv"), ("xlsx", "results_May.XLSX")):
        answer = await download(client, crew, job_id, format=form)
        assert answer.headers["content-disposition"].endswith(f"''{name}")


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"scope": "some"}])
async def test_unknown_wishes(
    client: httpx.AsyncClient, database: Database, crew: Crew, query: dict[str, str]
) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await client.get(f"{JOBS}/{job_id}/results", params=query, headers=crew.viewer.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "http.invalid")


async def test_errors_can_be_uploaded_again_as_they_are(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    answer = await download(client, crew, job_id, "errors")
    assert "errors_" in answer.headers["content-disposition"]
    header, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert header[-2:] == ["error_code", "error_message"]
    assert [line[-2] for line in lines] == ["payer.not_found", "row.bad_date", "payer.not_found"]
    again = await send(client, crew.staff, answer.content, name="errors.csv")
    assert again.status_code == 201, again.text
    assert again.json()["total_rows"] == 3
    rows = await client.get(f"{JOBS}/{again.json()['id']}/rows", headers=crew.viewer.headers)
    names = [row["patient_name"] for row in rows.json()["results"]]
    assert names == ["Zoë Ångström", "Bad Date", "=1+1 Formula"]


async def test_errors_of_a_job_without_any(client: httpx.AsyncClient, crew: Crew) -> None:
    job = (await send(client, crew.staff)).json()
    answer = await download(client, crew, job["id"], "errors")
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "claim_number,first_name,last_name,date_of_birth,error_code,error_message"
    ]


async def test_a_download_that_is_broken_off_leaves_nothing_open(
    database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew.organization_id)
    scope = DatabaseScope.tenant(crew.organization_id)
    async with database.read(scope) as session:
        job = await jobs.get(session, organization_id=crew.organization_id, job_id=job_id)
    for form in ResultFormat:
        pieces = Download(database, scope, job, {}).results(Scope.ALL, form)
        assert isinstance(await anext(pieces), bytes)
        await pieces.aclose()
    gc.collect()


async def test_many_rows_over_many_pieces(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    total = 5_003
    async with database.write(DatabaseScope.system()) as session:
        keys: dict[str, Any] = {"job_id": job_id, "organization_id": crew.organization_id}
        cells = [[f"FH{n}", "A", "B", "1990-01-01", ""] for n in range(5, total + 1)]
        await session.execute(
            insert(ClaimRow),
            [{**keys, "row_no": n, "cells": row} for n, row in enumerate(cells, 5)],
        )
        await session.execute(
            update(ClaimJob).where(ClaimJob.id == job_id).values(total_rows=total)
        )
    whole = await download(client, crew, job_id)
    assert rows_of(whole) == list(range(1, total + 1))
    assert whole.text.count("row,claim_number,status") == 1
    assert rows_of(await download(client, crew, job_id, scope="unprocessed")) == list(
        range(5, total + 1)
    )
    assert rows_of(await download(client, crew, job_id, scope="failed")) == [2, 3, 4]
    lines = (await download(client, crew, job_id, format="jsonl")).text.splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(range(1, total + 1))
    book = await download(client, crew, job_id, format="xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    assert len(sheet.to_python()) == total + 1
