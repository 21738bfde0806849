"""Claim files and forms that are refused whole: with a code, a readable reason, and no trace."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from app.claims.models import ClaimJob, ClaimRow
from app.core.db import Database
from tests.claims.api.samples import API, GOOD, HEADER, send, stored
from tests.people import Crew


@dataclass(frozen=True)
class Refusal:
    """A form that is refused, and with what."""

    name: str
    code: str
    content: str | bytes = GOOD
    fields: Mapping[str, str] = field(default_factory=dict)
    status: int = 422


WRONG_DATES = {"start_date": "2026-02-01", "end_date": "2026-01-31"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
OPEN_QUOTE = f'{HEADER}\nF1,"Ada,Byron,1985-12-10\nF2,A,B,1985-12-10\n'
REFUSALS = [
    Refusal("no bytes", "claims.file_empty", b""),
    Refusal("header only", "claims.file_empty", f"{HEADER}\n"),
    Refusal("no header", "claims.no_header", "FH1,Ada,Byron,1985-12-10\nFH2,A,B,1985-12-10\n"),
    Refusal("misspelt", "claims.header_unknown", HEADER.replace("claim", "clam") + "\n1,a,b,c\n"),
    Refusal("png", "claims.not_a_table", PNG, status=415),
    Refusal("pdf", "claims.not_a_table", b"%PDF-1.7\n" + bytes(200), status=415),
    Refusal("open quote", "claims.malformed", OPEN_QUOTE),
    Refusal("twice", "claims.duplicate_columns", f"{HEADER},claim_number\n1,a,b,c,d\n"),
    Refusal("other encoding", "claims.encoding", GOOD.encode("cp1252"), {"encoding": "utf-8"}),
    Refusal("no encoding", "claims.encoding", fields={"encoding": "klingon"}),
    Refusal("provider", "claims.provider_unknown", fields={"provider": "acme"}),
    Refusal("start after end", "claims.date_range", fields=WRONG_DATES),
    Refusal("no ISO date", "claims.date_range", fields={"start_date": "01/02/2026"}),
    Refusal("basic ISO date", "claims.date_range", fields={"end_date": "20260102"}),
    Refusal("no such day", "claims.date_range", fields={"end_date": "2026-02-30"}),
    Refusal("delimiter", "claims.option_invalid", fields={"delimiter": "ab"}),
    Refusal("date order", "claims.option_invalid", fields={"date_order": "dym"}),
    Refusal("mapping", "claims.option_invalid", fields={"mapping": "[1]"}),
    Refusal("flag", "claims.option_invalid", fields={"use_batch_query": "maybe"}),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[refusal.name for refusal in REFUSALS])
@pytest.mark.parametrize("path", ["upload", "preview"])
async def test_a_file_that_is_refused_stores_nothing(
    client: httpx.AsyncClient, database: Database, crew: Crew, refusal: Refusal, path: str
) -> None:
    answer = await send(client, crew.staff, refusal.content, fields=refusal.fields, path=path)
    assert (answer.status_code, answer.json()["code"]) == (refusal.status, refusal.code)
    assert isinstance(answer.json()["detail"], str)
    assert await stored(database, ClaimJob) == await stored(database, ClaimRow) == 0


async def test_a_wrong_header_names_the_nearest_right_one(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    content = "clam_number,first_name,last_name,date_of_birth\n1,a,b,c\n"
    detail = (await send(client, crew.staff, content)).json()["detail"]
    assert "clam_number" in detail
    assert "claim_number" in detail


@pytest.mark.parametrize("form", ["nothing", "no file", "text for a file", "unnamed empty file"])
async def test_a_form_without_a_file(client: httpx.AsyncClient, crew: Crew, form: str) -> None:
    boundary = "cut"
    part = {
        "nothing": "",
        "no file": 'Content-Disposition: form-data; name="provider"\r\n\r\nuhc',
        "text for a file": 'Content-Disposition: form-data; name="file"\r\n\r\nclaims.csv',
        "unnamed empty file": (
            'Content-Disposition: form-data; name="file"; filename=""\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ),
    }[form]
    body = f"--{boundary}\r\n{part}\r\n--{boundary}--\r\n" if part else f"--{boundary}--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = await client.post(
        f"{API}/claims/bulk/upload",
        content=body.encode(),
        headers={**crew.staff.headers, **headers},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "claims.file_missing"), answer.text
