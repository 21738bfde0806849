"""Cloudinary: the stand-in by the real SDK, our client by the stand-in, and the users' story."""

import asyncio
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import cloudinary.api
import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.core import log
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.dev.cloudinary.asgi import LocalCloudinary
from app.dev.cloudinary.signatures import is_signed
from app.storage import queries, service
from app.storage.base import AlreadyThere, StoreTrouble
from app.storage.cloudinary import CloudinaryStore
from app.storage.cloudinary_road import faults_of_road
from app.storage.move import Step, move_one
from app.storage.stores import stores_of
from tests.organizations.pictures import picture
from tests.people import Crew
from tests.storage.conftest import Cloud
from tests.storage.test_files import due_again, row

PDF = b"%PDF-1.7 " + bytes(range(256)) * 100
KEY = "person/018f/resumes/019a"
PLACE = ("raw", "authenticated", KEY)


def account(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    """The account in the words of the SDK."""
    options = cloud.standin.options
    found = {"cloud_name": options.cloud, "api_key": options.key, "api_secret": options.secret}
    return {**found, "upload_prefix": cloud.url, **changes}


async def sdk(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """The SDK waits; its module-wide settings are not used."""
    return await asyncio.to_thread(work, *args, **options)


async def put(store: CloudinaryStore, content: bytes = PDF) -> str | None:
    digest = hashlib.sha256(content).hexdigest()
    return await store.put(KEY, content, content_type="application/pdf", sha256=digest)


async def read(store: CloudinaryStore, version: str | None) -> bytes:
    async with store.open(KEY, version) as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("name", ["a b", "élève", "a&type=upload", "a+b=c", "a/b/c", "x"])
@pytest.mark.parametrize(
    "signing",
    [{}, {"signature_version": 1}, {"signature_algorithm": "sha256"}],
    ids=["usual", "version 1", "SHA-256"],
)
async def test_the_stand_in_takes_what_the_sdk_sends(
    cloud: Cloud, name: str, signing: dict[str, Any]
) -> None:
    options = account(cloud, resource_type="raw", type="authenticated", **signing)
    made = await sdk(
        cloudinary.uploader.upload, io.BytesIO(PDF), public_id=name, tags=["a", "b"], **options
    )
    assert (made["public_id"], made["bytes"], made["type"]) == (name, len(PDF), "authenticated")
    assert made["etag"] == hashlib.md5(PDF, usedforsecurity=False).hexdigest()
    link = cloudinary.utils.private_download_url(
        name, "", expires_at=int(now().timestamp()) + 60, **options
    )
    async with httpx.AsyncClient() as client:
        assert (await client.get(link)).content == PDF
        assert (await client.get(link.replace("expires_at=1", "expires_at=2"))).status_code == 401
    gone = await sdk(cloudinary.uploader.destroy, name, **options)
    again = await sdk(cloudinary.uploader.destroy, name, **options)
    assert (gone["result"], again["result"]) == ("ok", "not found")


async def test_the_stand_in_refuses_as_the_real_one(cloud: Cloud) -> None:
    wrong = account(cloud, api_secret="another", resource_type="raw")
    with pytest.raises(cloudinary.exceptions.AuthorizationRequired, match="String to sign"):
        await sdk(cloudinary.uploader.upload, io.BytesIO(PDF), public_id="x", **wrong)
    unknown = account(cloud, api_key="9", resource_type="raw")
    with pytest.raises(cloudinary.exceptions.AuthorizationRequired, match="Unknown API key"):
        await sdk(cloudinary.uploader.upload, io.BytesIO(PDF), public_id="x", **unknown)
    with pytest.raises(cloudinary.exceptions.BadRequest, match="Invalid image"):
        await sdk(cloudinary.uploader.upload, io.BytesIO(PDF), **account(cloud))
    options = account(cloud)
    for number in range(3):
        content = picture("PNG", (number + 1, 1))
        await sdk(
            cloudinary.uploader.upload, io.BytesIO(content), public_id=f"l/{number}", **options
        )
    one = await sdk(cloudinary.api.resource, "l/1", **options)
    assert (one["width"], one["format"]) == (2, "png")
    page = await sdk(cloudinary.api.resources, type="upload", prefix="l/", max_results=2, **options)
    rest = await sdk(
        cloudinary.api.resources,
        type="upload",
        prefix="l/",
        next_cursor=page["next_cursor"],
        **options,
    )
    names = [each["public_id"] for each in page["resources"] + rest["resources"]]
    assert names == ["l/0", "l/1", "l/2"]
    assert "next_cursor" not in rest


async def test_the_cdn_of_a_new_account(cloud: Cloud) -> None:
    """What the users saw: no signature helps, and the cure comes too late for an old address."""
    options = account(cloud)
    public = await sdk(
        cloudinary.uploader.upload,
        io.BytesIO(PDF),
        public_id="resume",
        resource_type="raw",
        access_mode="public",
        **options,
    )
    place = {"resource_type": "raw", "version": public["version"], "sign_url": True, **options}
    signed, _ = cloudinary.utils.cloudinary_url(
        "resume", secure_distribution="cdn.example", secure=True, **place
    )
    path = signed.partition("cdn.example")[2]
    async with httpx.AsyncClient(base_url=cloud.url) as client:
        for address in (public["secure_url"], path):
            refused = await client.get(address)
            assert refused.status_code == 401
            assert refused.headers["x-cld-error"] == "deny or ACL failure"
        cloud.spoil(pdf_blocked=False)
        assert (await client.get(path)).status_code == 401, "the CDN keeps it"
        fresh = path.replace(f"v{public['version']}", "v1")
        assert (await client.get(fresh)).content == PDF
        private = await client.get("/sandbox/raw/authenticated/resume")
        assert (private.status_code, private.headers["x-cld-error"]) == (401, "unauthorized")


async def test_the_users_story_ends_well(
    database: Database, crew: Crew, settings: Settings, cloud: Cloud
) -> None:
    """Delivery is blocked and every 401 kept: what was stored is read, by a road of its own."""
    house = settings.model_copy(update={"files": cloud.settings()})
    async with database.write(Scope.person(crew.admin.id)) as session:
        stored = await service.store(
            session,
            content=PDF,
            content_type="application/pdf",
            purpose="resumes",
            owner_id=crew.admin.id,
        )
    assert await move_one(database, house) is Step.MOVED
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE files SET stored_at = now() - interval '2 hours'"))
        assert await queries.empty_spool(session) == 1
    [asset] = cloud.standin.shelf.assets.values()
    async with httpx.AsyncClient() as client:
        for _ in range(2):
            direct = await client.get(cloud.standin.shelf.describe(asset)["secure_url"])
            assert direct.status_code == 401
    cloud.standin.asked.clear()
    assert await service.read(database, house, stored.id) == PDF
    assert cloud.standin.asked == ["GET /v1_1/sandbox/raw/download"]
    assert asset.place[:2] == ("raw", "authenticated")
    assert "." not in asset.place[2]
    async with database.write(Scope.system()) as session:
        await service.remove(session, stored.id)
    assert await move_one(database, house) is Step.MOVED
    assert cloud.standin.shelf.assets == {}
    await stores_of(house.files).close()


async def test_the_stand_in_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    earlier = LocalCloudinary(folder=folder).shelf
    other = ("image", "upload", "org/a/logos/b")
    told = [earlier.keep(PLACE, PDF, overwrite=True)]
    told.append(earlier.keep(other, picture("PNG", (2, 1)), overwrite=True))
    (folder / "half.part").write_bytes(b"{")
    later = LocalCloudinary(folder=folder).shelf
    assert [later.describe(later.assets[place]) for place in (PLACE, other)] == told
    assert later.assets[PLACE].content == PDF
    assert [later.drop(PLACE), later.drop(PLACE)] == [True, False]
    assert list(LocalCloudinary(folder=folder).shelf.assets) == [other]


TROUBLES: dict[str, tuple[dict[str, object], str]] = {
    "refused": ({"api_status": 401}, "denied"),
    "broken": ({"api_status": 500}, "status_500"),
    "too much": ({"api_status": 420}, "throttled"),
    "silent": ({"slow_seconds": 30.0}, "timeout"),
    "damaging": ({"damages": True}, "changed"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_in_trouble_and_healed(
    database: Database, crew: Crew, settings: Settings, cloud: Cloud, trouble: str
) -> None:
    """Files are taken and read all the while, and afterwards each is there once."""
    switches, code = TROUBLES[trouble]
    house = settings.model_copy(update={"files": cloud.settings()})
    cloud.spoil(**switches)
    kept = []
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        for number in range(3):
            stored = await service.store(
                session,
                content=PDF + bytes([number]),
                content_type="application/pdf",
                purpose="resumes",
                organization_id=crew.organization_id,
            )
            kept.append(stored.id)
    assert await move_one(database, house, patience_seconds=0.4) is Step.TROUBLE
    files = [await row(database, file_id) for file_id in kept]
    assert {file.error for file in files if file} == {code, None}
    assert [await service.read(database, house, file_id) for file_id in kept] == [
        PDF + bytes([number]) for number in range(3)
    ]
    cloud.spoil()
    await due_again(database)
    while await move_one(database, house) is not Step.NOTHING_DUE:
        pass
    assert {file.state for file in [await row(database, each) for each in kept] if file} == {
        "stored"
    }
    contents = sorted(asset.content for asset in cloud.standin.shelf.assets.values())
    assert contents == sorted(PDF + bytes([number]) for number in range(3))
    await stores_of(house.files).close()


async def test_a_download_that_breaks_off_is_no_shorter_file(cloud: Cloud) -> None:
    store = CloudinaryStore(cloud.settings())
    version = await put(store)
    cloud.spoil(cut_downloads=True)
    with pytest.raises(StoreTrouble):
        await read(store, version)
    cloud.spoil(download_status=503)
    with pytest.raises(StoreTrouble, match="status_503"):
        await read(store, version)
    cloud.spoil()
    assert await read(store, version) == PDF
    await store.close()


async def test_the_same_again_is_well_and_another_is_not(cloud: Cloud) -> None:
    store = CloudinaryStore(cloud.settings())
    assert await put(store) == await put(store)
    with pytest.raises(AlreadyThere):
        await put(store, PDF[::-1])
    assert cloud.standin.shelf.assets[PLACE].content == PDF
    await store.close()


async def test_names_of_a_plain_folder_are_found_again(cloud: Cloud) -> None:
    store = CloudinaryStore(cloud.settings())
    digest = hashlib.sha256(PDF).hexdigest()
    for name in ("uploads/Café 100%.pdf", "uploads/a#1?.pdf"):
        version = await store.put(name, PDF, content_type="application/pdf", sha256=digest)
        found = await store.stat(name)
        assert found is not None
        assert (found.key, found.sha256, found.version) == (name, digest, version)
    await store.close()


async def test_no_address_and_no_secret_is_ever_logged(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(as_json=True, release="abc1234", role="test")
    wrong = CloudinaryStore(cloud.settings(cloudinary_api_secret=SecretStr("wrong-secret")))
    for call in (put(wrong), read(wrong, "1"), wrong.delete(KEY), wrong.stat(KEY)):
        with pytest.raises(StoreTrouble, match="denied"):
            await call
    await wrong.close()
    said = capsys.readouterr().err
    assert said.count("Invalid Signature") == 3, said
    for secret in ("wrong-secret", cloud.standin.options.secret, "signature=", "http://", "Basic "):
        assert secret not in said


@pytest.mark.parametrize("name", ["person/é&=+ %/resumes/x", KEY])
async def test_what_we_sign_is_signed_for_others(cloud: Cloud, name: str) -> None:
    store = CloudinaryStore(cloud.settings())
    fields = store._signed({"public_id": name, "type": "authenticated", "overwrite": "0"})
    assert is_signed(fields, cloud.standin.options.secret)
    assert not is_signed({**fields, "type": "upload"}, cloud.standin.options.secret)
    assert not is_signed(fields, "another")


async def test_the_road_is_sound_with_an_account_and_without(cloud: Cloud) -> None:
    assert await faults_of_road(FileSettings()) == []
    assert await faults_of_road(cloud.settings()) == []
    assert cloud.standin.asked == [], "nothing was sent"


def _unsigned(link: str) -> str:
    return link.replace("signature=", "signed=")


def _everlasting(link: str) -> str:
    return link.replace("expires_at=", "never=")


BROKEN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "read from the CDN": lambda patch: patch.setattr(CloudinaryStore, "link", _from_the_cdn),
    "not signed": lambda patch: patch.setattr(CloudinaryStore, "link", _changed(_unsigned)),
    "for ever": lambda patch: patch.setattr(CloudinaryStore, "link", _changed(_everlasting)),
    "signed wrongly": lambda patch: patch.setattr(
        CloudinaryStore, "_signed", lambda _self, fields: {**fields, "signature": "0" * 40}
    ),
    "public": lambda patch: patch.setattr(
        "app.storage.cloudinary._place", lambda _key: ("raw", "upload")
    ),
    "an image": lambda patch: patch.setattr(
        "app.storage.cloudinary._place", lambda _key: ("image", "authenticated")
    ),
    "with an extension": lambda patch: patch.setattr(
        CloudinaryStore, "put", _under_another_name(CloudinaryStore.put)
    ),
}


async def _from_the_cdn(
    store: CloudinaryStore, key: str, version: str | None, *, content_type: str
) -> str:
    fields = urlencode({"v": version or ""})
    return f"{store._settings.cloudinary_delivery_url}/probe/raw/authenticated/{key}?{fields}"


def _changed(change: Callable[[str], str]) -> Any:
    right = CloudinaryStore.link

    async def link(
        store: CloudinaryStore, key: str, version: str | None, *, content_type: str
    ) -> str:
        return change(await right(store, key, version, content_type=content_type))

    return link


def _under_another_name(right: Any) -> Any:
    async def put(store: CloudinaryStore, key: str, content: bytes, **about: str) -> Any:
        return await right(store, f"{key}.pdf", content, **about)

    return put


@pytest.mark.parametrize("mutation", BROKEN)
async def test_health_says_that_the_fix_is_missing_when_the_code_lacks_it(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, mutation: str
) -> None:
    BROKEN[mutation](monkeypatch)
    body = (await client.get("/health")).json()
    assert body["cloudinary_401_fix"] == "MISSING"
    assert body["checks"]["storage"]["status"] == "degraded"
    assert "Cloudinary would refuse" in body["checks"]["storage"]["detail"]
