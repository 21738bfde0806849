"""Errors files that come back: whatever came in, what failed of it can be corrected and sent again."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select

from app.claims.models import ClaimAnswer, ClaimRow
from app.claims.workbook import WorkbookWriter
from app.core.db import Database, Scope
from tests.claims.api.samples import API, send
from tests.people import Crew

JOBS = f"{API}/claims/csv-jobs"
Line = Sequence[str]
ENGLISH = ["Claim Number", "First_Name", "last name", "DOB", "note"]
FRENCH = ["N° de dossier", "Prénom", "Nom", "Né le", "Remarque"]
MAPPING = dict(
    zip(("claim_number", "first_name", "last_name", "date_of_birth"), FRENCH, strict=False)
)
# Only the first row proves that the day comes first, and it does not fail.
ROWS = [
    ["A-1", "Zoë", "Lefèvre", "25/12/1980", "a;b"],
    ["A-2", "François", "D’Arc", "03/04/1981", 'dit "le petit",\tcœur'],
    ["A-3", "Élodie", "=1+1", "05/06/1982", "-5"],
]
BORN = ["1981-04-03", "1982-06-05"]


def text(header: Line, delimiter: str, encoding: str) -> bytes:
    """A text file as a spreadsheet saves it."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows([header, *ROWS])
    return out.getvalue().encode(encoding)


def workbook(header: Line) -> bytes:
    """The same as a workbook."""
    writer = WorkbookWriter(header, numbers=())
    return writer.write(ROWS) + writer.close()


FILES: dict[str, tuple[bytes, str, Mapping[str, str]]] = {
    "csv": (text(ENGLISH, ",", "utf-8"), "claims.csv", {}),
    "tsv": (text(ENGLISH, "\t", "utf-16"), "claims.tsv", {}),
    "semicolons": (text(ENGLISH, ";", "cp1252"), "claims.txt", {}),
    "pipes": (text(ENGLISH, "|", "utf-8-sig"), "claims.txt", {}),
    "told": (
        text(ENGLISH, ";", "cp1252"),
        "claims.txt",
        {"delimiter": "semicolon", "encoding": "cp1252", "date_order": "dmy"},
    ),
    "french": (text(FRENCH, ";", "cp1252"), "dossiers é.csv", {"mapping": json.dumps(MAPPING)}),
    "workbook": (workbook(ENGLISH), "claims.xlsx", {}),
    "french workbook": (workbook(FRENCH), "claims.xlsx", {"mapping": json.dumps(MAPPING)}),
}


async def fail(database: Database, job: Mapping[str, Any], crew: Crew, *rows: int) -> None:
    """What a worker would have written."""
    keys = {"job_id": UUID(job["id"]), "organization_id": crew.organization_id, "attempt": 1}
    missing = {"outcome": "failed", "error_code": "payer.not_found"}
    async with database.write(Scope.system()) as session:
        await session.execute(
            insert(ClaimAnswer), [{**keys, **missing, "row_no": number} for number in rows]
        )


async def errors_of(client: httpx.AsyncClient, crew: Crew, job: Mapping[str, Any]) -> bytes:
    """The errors file."""
    answer = await client.get(f"{JOBS}/{job['id']}/errors/", headers=crew.viewer.headers)
    assert answer.status_code == 200
    return answer.content


async def born(database: Database, job: Mapping[str, Any]) -> list[str]:
    """The birth dates that a job asks for."""
    async with database.read(Scope.system()) as session:
        found = await session.execute(
            select(ClaimRow.date_of_birth)
            .where(ClaimRow.job_id == UUID(job["id"]))
            .order_by(ClaimRow.row_no)
        )
        return [str(day) for day in found.scalars()]


@pytest.mark.parametrize("name", list(FILES))
async def test_errors_come_back_as_they_are(
    client: httpx.AsyncClient, database: Database, crew: Crew, name: str
) -> None:
    """Twice, with nothing said of the file, and each time every cell is the one that came in."""
    content, filename, fields = FILES[name]
    job = (await send(client, crew.staff, content, name=filename, fields=fields)).json()
    assert job["total_rows"] == 3, job
    assert job["date_order"] == "dmy"
    await fail(database, job, crew, 2, 3)
    errors = await errors_of(client, crew, job)
    header, *lines = csv.reader(io.StringIO(errors.decode("utf-8-sig"), newline=""))
    assert header == [*(FRENCH if "french" in name else ENGLISH), "error_code", "error_message"]
    assert lines[0][:5] == ROWS[1]
    assert lines[1][:5] == [*ROWS[2][:2], "'=1+1", *ROWS[2][3:]]
    again: Mapping[str, Any] = {}
    for wishes in ({}, fields):
        again = (await send(client, crew.staff, errors, name="errors.csv", fields=wishes)).json()
        assert again["total_rows"] == 2, again
        assert await born(database, again) == BORN
        rows = await client.get(f"{JOBS}/{again['id']}/rows", headers=crew.viewer.headers)
        shown = [(row["claim_number"], row["patient_name"]) for row in rows.json()["results"]]
        assert shown == [("A-2", "François D’Arc"), ("A-3", "Élodie =1+1")]
    await fail(database, again, crew, 2)
    third = await send(client, crew.staff, await errors_of(client, crew, again), name="e.csv")
    assert await born(database, third.json()) == BORN[1:]


async def test_what_was_taken_over_is_said_and_the_caller_goes_before_it(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    content, filename, fields = FILES["french"]
    job = (await send(client, crew.staff, content, name=filename, fields=fields)).json()
    await fail(database, job, crew, 2, 3)
    errors = await errors_of(client, crew, job)
    seen = (await send(client, crew.staff, errors, path="preview")).json()
    assert [warning["code"] for warning in seen["warnings"]] == ["read_as_before"]
    assert seen["mapping"] == MAPPING
    told = {"date_order": "mdy"}
    other = (await send(client, crew.staff, errors, path="preview", fields=told)).json()
    assert other["date_order"] == "mdy"


async def test_nothing_is_taken_over_from_another_organization(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    content, filename, fields = FILES["french"]
    job = (await send(client, crew.staff, content, name=filename, fields=fields)).json()
    await fail(database, job, crew, 2, 3)
    errors = await errors_of(client, crew, job)
    theirs = await send(client, crew.stranger, errors)
    assert (theirs.status_code, theirs.json()["code"]) == (422, "claims.header_unknown")
