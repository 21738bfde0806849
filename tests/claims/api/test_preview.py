"""Looking before uploading, and the files to start from."""

import httpx
import pytest
from sqlalchemy import func, select

from app.claims.models import ClaimJob
from app.core.db import Database, Scope
from tests.claims.api.samples import API, HEADER, send
from tests.people import Crew


async def test_everything_is_told_and_nothing_is_stored(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    content = (
        "Claim Number;first_name;last_name;DOB;note\n"
        "FH1;Ada;Byron;31/12/1985;x\nFH2;;Lee;01/02/1990;y\nFH3;Bo;Lee;never;z\n"
    )
    answer = await send(client, crew.staff, content, path="preview")
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    expected = {
        "stored": False,
        "shape": "claim_number",
        "delimiter": ";",
        "encoding": "utf-8",
        "date_order": "dmy",
        "total_rows": 3,
        "good_rows": 1,
        "header": ["Claim Number", "first_name", "last_name", "DOB", "note"],
        "mapping": {
            "claim_number": "Claim Number",
            "first_name": "first_name",
            "last_name": "last_name",
            "date_of_birth": "DOB",
        },
        "ignored_columns": ["note"],
        "problem_counts": {"row.missing_field": 1, "row.bad_date": 1},
        "duplicate_of": None,
    }
    assert {name: seen[name] for name in expected} == expected
    assert [(p["row"], p["column"], p["code"]) for p in seen["problems"]] == [
        (2, "first_name", "row.missing_field"),
        (3, "DOB", "row.bad_date"),
    ]
    assert seen["first_rows"][0]["note"] == "x"
    async with database.read(Scope.system()) as session:
        assert (await session.execute(select(func.count()).select_from(ClaimJob))).scalar_one() == 0


async def test_a_file_that_is_here_already_is_told(client: httpx.AsyncClient, crew: Crew) -> None:
    job = (await send(client, crew.staff)).json()
    assert (await send(client, crew.staff, path="preview")).json()["duplicate_of"] == job["id"]
    assert (await send(client, crew.stranger, path="preview")).json()["duplicate_of"] is None


@pytest.mark.parametrize("shape", ["claim_number", "patient", "practice"])
async def test_a_template_can_be_uploaded_as_it_is(
    client: httpx.AsyncClient, crew: Crew, shape: str
) -> None:
    answer = await client.get(
        f"{API}/claims/bulk/template/", params={"shape": shape}, headers=crew.staff.headers
    )
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"claims_{shape}.csv" in answer.headers["content-disposition"]
    seen = (await send(client, crew.staff, answer.content, path="preview")).json()
    assert (seen["shape"], seen["total_rows"], seen["good_rows"]) == (shape, 2, 2)


async def test_the_template_is_for_claim_numbers_unless_told(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    path = f"{API}/claims/bulk/template"
    answer = await client.get(path, headers=crew.staff.headers)
    assert answer.text.startswith(f"{HEADER}\r\n")
    other = await client.get(path, params={"shape": "other"}, headers=crew.staff.headers)
    assert (other.status_code, other.json()["code"]) == (422, "http.invalid")
