"""An organization's logo: what is taken, what is made of it, and that it stays."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.main import create_app
from app.organizations.pictures import LONGEST_SIDE, make_logo
from app.organizations.verdicts import TOO_MANY_PIXELS
from app.storage.models import File, FilePiece
from app.storage.move import move_one
from tests.conftest import running
from tests.organizations.pictures import picture
from tests.people import API, Crew

LOGO = f"{API}/organizations/me/logo"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def send(client: httpx.AsyncClient, crew: Crew, content: bytes) -> httpx.Response:
    files = {"logo": ("x.svg", content, "text/plain")}
    return await client.post(f"{LOGO}/", files=files, headers=crew.admin.headers)


async def test_a_logo(client: httpx.AsyncClient, crew: Crew) -> None:
    before = await client.get(f"{API}/organizations/me", headers=crew.admin.headers)
    assert before.json()["logo_url"] is None
    made = await send(client, crew, picture("PNG", (900, 300)))
    assert made.status_code == 200, made.text
    place = made.json()["logo_url"]
    assert place.startswith(f"{API}/organizations/{crew.organization_id}/logo?v=")
    shown = await client.get(place)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in shown.headers["cache-control"]
    with Image.open(io.BytesIO(shown.content)) as opened:
        assert opened.size == (512, 171)
    same = await client.get(place, headers={"If-None-Match": shown.headers["etag"]})
    assert same.status_code == 304
    plain = await client.get(place.partition("?")[0] + "/")
    assert plain.content == shown.content
    assert "immutable" not in plain.headers["cache-control"]


async def test_a_new_logo_replaces_the_old_and_removing_it_leaves_none(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    first = (await send(client, crew, picture("PNG", (10, 10)))).json()["logo_url"]
    second = (await send(client, crew, picture("PNG", (20, 20)))).json()["logo_url"]
    assert first != second
    for _ in range(2):
        gone = await client.delete(LOGO, headers=crew.admin.headers)
        assert (gone.status_code, gone.json()["logo_url"]) == (200, None)
    missing = await client.get(second)
    assert (missing.status_code, missing.json()["code"]) == (404, "organizations.logo_not_found")
    async with database.read(Scope.system()) as session:
        assert (await session.execute(select(FilePiece))).all() == []
        states = (await session.execute(select(File.state))).scalars().all()
    assert list(states) == ["deleted", "deleted"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "organizations.logo_missing"),
        (SVG, 415, "organizations.logo_type"),
        (b"\x89PNG\r\n\x1a\n and nothing", 415, "organizations.logo_type"),
        (b"GIF89a", 415, "organizations.logo_type"),
        (b"%PDF-1.7", 415, "organizations.logo_type"),
    ],
)
async def test_what_is_refused(
    client: httpx.AsyncClient, crew: Crew, content: bytes, status: int, code: str
) -> None:
    refused = await send(client, crew, content)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    own = await client.get(f"{API}/organizations/me", headers=crew.admin.headers)
    assert own.json()["logo_url"] is None


async def test_forms_without_a_file(client: httpx.AsyncClient, crew: Crew) -> None:
    for form in ({"data": {"logo": "x.png"}}, {"files": {"other": b"x"}}):
        refused = await client.post(LOGO, headers=crew.admin.headers, **form)
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "organizations.logo_missing",
        ), refused.text
    large = await send(client, crew, bytes(6 * 1024 * 1024))
    assert (large.status_code, large.json()["code"]) == (413, "organizations.logo_too_large")


async def test_the_logo_outlives_a_restart(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew, tmp_path: Path
) -> None:
    files = FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    settings = settings.model_copy(update={"files": files})
    place = (await send(client, crew, picture("PNG", (10, 10)))).json()["logo_url"]
    shown = (await client.get(place)).content
    async with running(create_app(settings, database=database)) as again:
        assert (await again.get(place)).content == shown
        assert await move_one(database, settings)
        async with database.write(Scope.system()) as session:
            await session.execute(FilePiece.__table__.delete())  # type: ignore[attr-defined]
        assert (await again.get(place)).content == shown


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_only_pixels_are_left(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    saved: dict[str, Any] = {"comment": b"secret comment"} if kind in ("JPEG", "GIF") else {}
    if kind != "GIF":
        saved["exif"] = exif.tobytes()
    content = picture(kind, (64, 32), **saved) + b"<script>appended</script>"
    made = make_logo(content)
    assert made[:1] in (b"P", b"J")
    for trace in (b"taken at home", b"secret comment", b"appended", b"Exif"):
        assert trace not in made
    with Image.open(io.BytesIO(made[1:])) as opened:
        assert opened.size == (64, 32)
        red, _, blue = opened.convert("RGB").getpixel((2, 2))  # type: ignore[misc]
        assert (red > 200, blue < 60) == (True, True)


def test_photographs_become_jpeg_and_see_through_ones_png() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((256, 256), 80) for _ in range(3)])
    target = io.BytesIO()
    noise.save(target, "PNG")
    assert make_logo(target.getvalue())[:1] == b"J"
    assert make_logo(picture("PNG", (8, 8), mode="RGBA"))[:1] == b"P"


def test_a_turned_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = make_logo(picture("JPEG", (64, 32), exif=exif.tobytes()))
    with Image.open(io.BytesIO(made[1:])) as opened:
        assert opened.size == (32, 64)


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(make_logo(target.getvalue())[1:])) as opened:
        assert getattr(opened, "n_frames", 1) == 1
        assert opened.convert("RGB").getpixel((3, 3)) == (254, 0, 0) or opened.convert(
            "RGB"
        ).getpixel((3, 3)) == (255, 0, 0)


def test_a_picture_that_says_it_is_huge() -> None:
    """A few bytes that claim 30,000 by 30,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))
    assert make_logo(bomb + chunk(b"IEND", b"")) == TOO_MANY_PIXELS
    assert LONGEST_SIDE == 512
