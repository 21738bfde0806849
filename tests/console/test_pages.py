"""What all pages hold to: our own files only, no inline script, both languages, words for failures."""

import hashlib
import re
import tomllib
from string import Formatter

import httpx
import pytest

from app.applications.moves import STATUSES
from app.claims.errors import ROW_CODES
from app.console.language import WORDS, Speech
from app.console.rendering import ASSETS, EDITION, STATIC
from app.core.db import Database
from tests.claims.api.samples import make_job
from tests.console.hiring_samples import make_applicants
from tests.jobs.samples import make_job as make_post
from tests.people import Crew

PAGES = (
    "/console",
    "/console/claims",
    "/console/upload",
    "/console/health",
    "/console/organization",
    "/console/audit",
    "/console/people",
    "/console/integrations",
    "/console/resumes",
    "/console/jobs",
    "/console/analytics",
)
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>")


@pytest.mark.parametrize("path", [*PAGES, "claim", "board"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_page_loads_its_own_files_only(
    client: httpx.AsyncClient, database: Database, crew: Crew, path: str, language: str
) -> None:
    job_id = await make_job(database, crew.organization_id)
    own = {"claim": f"/console/claims/{job_id}"}
    if path == "board":
        post = await make_post(database, crew)
        people = {f"Zoë {at}": {"status": STATUSES[at % 8], "tags": ["a"]} for at in range(96)}
        await make_applicants(database, crew, post, people)
        own["board"] = f"/console/jobs/{post}"
    address = own.get(path, path)
    headers = {**crew.admin.headers, "Accept-Language": language}
    page = await client.get(address, headers=headers)
    assert page.status_code == 200, page.text
    assert f'<html lang="{language}">' in page.text
    assert not SCRIPT.search(page.text)
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", page.text)
    loaded = re.findall(r'<(?:script|link|img)[^>]*\b(?:src|href)="([^"]+)"', page.text)
    ours = [name for name in loaded if not name.startswith("data:")]
    assert ours
    assert all(name.startswith(f"/console/static/{EDITION}/") for name in ours)
    sizes = [(STATIC / name.split(f"{EDITION}/")[1]).stat().st_size for name in set(ours)]
    assert sum(sizes) + len(page.content) < 200_000
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("name", "media_type"), list(ASSETS.items()))
async def test_assets_are_kept_for_ever_under_their_edition(
    client: httpx.AsyncClient, name: str, media_type: str
) -> None:
    found = await client.get(f"/console/static/{EDITION}/{name}")
    assert (found.status_code, found.headers["content-type"]) == (200, media_type)
    assert "immutable" in found.headers["cache-control"]
    assert (await client.get(f"/console/static/other/{name}")).status_code == 404


def test_what_is_vendored_is_what_it_says() -> None:
    lock = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text(encoding="utf-8"))
    files = {name: digest for entry in lock.values() for name, digest in entry["files"].items()}
    for name, digest in files.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest
    assert {path.name for path in (STATIC / "vendor").iterdir()} == {*files, "VENDOR.toml"}


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same() -> None:
    own = {name for name in WORDS["fr"] if name.startswith("row.")}
    assert set(WORDS["en"]) == set(WORDS["fr"]) - own
    for name in WORDS["en"]:
        assert _places(WORDS["en"][name]) == _places(WORDS["fr"][name]), name
    assert own == {f"row.{code}.{part}" for code in ROW_CODES for part in ("title", "hint")}


@pytest.mark.parametrize(
    ("language", "value", "shown"),
    [
        ("en", 1234567, "1,234,567"),
        ("fr", 1234567, "1\u202f234\u202f567"),
        ("en", 12.34, "12.3"),
        ("fr", 12.34, "12,3"),
        ("en", True, "True"),
    ],
)
def test_numbers_are_written_as_people_write_them(language: str, value: float, shown: str) -> None:
    assert Speech("fr" if language == "fr" else "en").number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0.2, "under 1 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (7260, "2 h 1 min"),
        (200_000, "2 d"),
    ],
)
def test_lengths_of_time(seconds: float | None, shown: str) -> None:
    assert Speech("en").duration(seconds) == shown


@pytest.mark.parametrize("address", ["/console/claims/not-an-id", "/console/claims?group=none"])
async def test_an_address_that_means_nothing_gets_a_page(
    client: httpx.AsyncClient, crew: Crew, address: str
) -> None:
    page = await client.get(address, headers=crew.admin.headers)
    assert page.status_code == 422
    assert page.headers["content-type"].startswith("text/html")
    assert "http.invalid" in page.text
