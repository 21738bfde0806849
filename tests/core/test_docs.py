"""/docs needs no internet, and what is vendored is what it says."""

import hashlib
import re
import tomllib

import httpx
import pytest

from app.core.docs import ASSETS, STATIC


def vendored() -> list[tuple[str, str]]:
    """Every vendored file with its digest."""
    lock = tomllib.loads((STATIC / "VENDOR.toml").read_text(encoding="utf-8"))
    assert all({"version", "licence", "files"} <= set(entry) for entry in lock.values())
    return [pair for entry in lock.values() for pair in entry["files"].items()]


@pytest.mark.parametrize(("name", "digest"), vendored())
def test_a_vendored_file_is_unchanged(name: str, digest: str) -> None:
    """By its SHA-256."""
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_nothing_lies_there_unnamed() -> None:
    """Either vendored with a digest, or our own and short."""
    known = {name for name, _ in vendored()} | {"docs/start.js", "docs/problems.css"}
    found = {path.relative_to(STATIC).as_posix() for path in (STATIC / "docs").iterdir()}
    assert found == known


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
async def test_the_page_names_this_server_only(web: httpx.AsyncClient, path: str) -> None:
    """No script, style or font of anywhere else, and no inline script."""
    page = await web.get(path)
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sorted(links) == [
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "data:,",
    ]
    assert "<script>" not in page.text
    assert "://" not in (STATIC / "docs" / "start.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "media_type"), list(ASSETS.items()))
async def test_assets_are_served(web: httpx.AsyncClient, name: str, media_type: str) -> None:
    """With their type, since sniffing is forbidden, and again as 304."""
    first = await web.get(f"/docs/{name}")
    assert first.status_code == 200
    assert first.headers["content-type"].startswith(media_type)
    assert first.headers["etag"]


async def test_the_document_is_served(web: httpx.AsyncClient) -> None:
    """At the address that the page asks."""
    answer = await web.get("/openapi.json")
    assert answer.json()["info"]["title"] == "Intake"
