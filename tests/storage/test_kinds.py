"""What every kind of store does alike, on each of them."""

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.ids import new_id
from app.storage.base import AlreadyThere, NoSuchObject, Store, StoreTrouble
from app.storage.cloudinary import CloudinaryStore
from app.storage.local import LocalStore
from app.storage.s3 import S3Store
from tests.organizations.pictures import picture
from tests.storage.conftest import Cloud

PDF = b"%PDF-1.7 " + bytes(range(256)) * 100
# Over two parts of a multipart upload, and of three pieces where it is read.
LARGE = b"%PDF-1.7 " + bytes(9 * 1024 * 1024)


@pytest.fixture(params=["local", "s3", "moto", "cloudinary"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, cloud: Cloud
) -> AsyncIterator[Store]:
    makers: dict[str, Callable[[], Store]] = {
        "local": lambda: LocalStore(tmp_path / "files"),
        "s3": lambda: S3Store(request.getfixturevalue("weed").settings()),
        "moto": lambda: S3Store(request.getfixturevalue("moto_settings")),
        "cloudinary": lambda: CloudinaryStore(cloud.settings()),
    }
    made = makers[request.param]()
    yield made
    await made.close()


async def put(store: Store, key: str, content: bytes, kind: str = "application/pdf") -> str | None:
    digest = hashlib.sha256(content).hexdigest()
    return await store.put(key, content, content_type=kind, sha256=digest)


async def read(store: Store, key: str, version: str | None) -> bytes:
    async with store.open(key, version) as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("content", [b"", PDF, LARGE], ids=["empty", "small", "large"])
async def test_kept_read_and_deleted(store: Store, content: bytes) -> None:
    if store.kind == "cloudinary" and not content:
        with pytest.raises(StoreTrouble, match="status_400"):
            await put(store, f"person/{new_id()}/resumes/x", content)
        return
    folder = f"person/{new_id()}"
    key = f"{folder}/resumes/{new_id()}"
    version = await put(store, key, content)
    assert await read(store, key, version) == content
    found = await store.stat(key)
    assert found is not None
    assert (found.size, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert found.version == version
    assert [(one.key, one.size) async for one in store.browse(folder)] == [(key, len(content))]
    assert [one.key async for one in store.browse(folder[:-1])] == []
    for _ in range(2):
        await store.delete(key)
    assert await store.stat(key) is None
    with pytest.raises(NoSuchObject):
        await read(store, key, version)


async def test_what_is_there_is_never_overwritten(store: Store) -> None:
    key = f"org/{new_id()}/resumes/{new_id()}"
    version = await put(store, key, PDF)
    with pytest.raises(AlreadyThere):
        await put(store, key, PDF[::-1])
    assert await read(store, key, version) == PDF
    await store.delete(key)


async def test_a_list_is_read_to_its_last_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.cloudinary._PAGE", 2)
    if isinstance(store, S3Store):
        ask = store._ask

        def by_twos(verb: str, **what: Any) -> Any:
            return ask(verb, **what, **({"MaxKeys": 2} if verb == "list_objects_v2" else {}))

        monkeypatch.setattr(store, "_ask", by_twos)
    folder = f"person/{new_id()}"
    keys = [f"{folder}/resumes/{number}" for number in range(5)]
    for key in keys:
        await put(store, key, PDF)
    assert sorted([one.key async for one in store.browse(folder)]) == keys
    for key in keys:
        await store.delete(key)
    assert [one.key async for one in store.browse(folder)] == []


async def test_a_picture_comes_back_as_it_was(store: Store) -> None:
    key = f"org/{new_id()}/logos/{new_id()}"
    for kind in ("PNG", "JPEG"):
        content = picture(kind, (16, 16))
        version = await put(store, key, content, f"image/{kind.lower()}")
        assert await read(store, key, version) == content
        assert version is None or store.kind == "s3" or version.endswith((".png", ".jpg"))
        await store.delete(key)
        assert await store.stat(key) is None
