"""S3 by a real server: refused, frozen, and what a link opens."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from app.core.clock import now
from app.core.db import Database
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.dev.local_server import serving
from app.storage import s3, service
from app.storage.base import AlreadyThere, StoreTrouble
from app.storage.move import Step, move_one
from app.storage.s3 import Patience, S3Store
from app.storage.stores import stores_of
from tests.people import Crew
from tests.storage.test_files import CONTENT, due_again, keep, objects, row
from tests.storage.weed import BUCKET, Weed

HASTE = Patience(connect_seconds=1.0, read_seconds=0.3, tries=1)


async def test_frozen_then_thawed_there_is_one_copy(
    database: Database, crew: Crew, settings: Settings, weed: Weed
) -> None:
    """No answer is not "not stored": the server takes what it was sent once it goes on."""
    house = settings.model_copy(update={"files": weed.settings()})
    store = S3Store(house.files, patience=HASTE)
    stores_of(house.files)._open["s3"] = store
    assert await store.stat("probes/of-the-connection") is None
    file_id = await keep(database, crew)
    with weed.frozen():
        assert await move_one(database, house) is Step.TROUBLE
        file = await row(database, file_id)
        assert file is not None
        assert (file.state, file.error) == ("waiting", "timeout")
        assert await service.read(database, house, file_id) == CONTENT
    calm = S3Store(house.files)
    stores_of(house.files)._open["s3"] = calm
    await due_again(database)
    assert await move_one(database, house) is Step.MOVED
    file = await row(database, file_id)
    assert file is not None
    assert (file.state, file.kind) == ("stored", "s3")
    assert [key for key in await objects(calm) if str(file_id) in key] == [file.key]
    async with calm.open(file.key, file.version) as pieces:
        assert b"".join([piece async for piece in pieces]) == CONTENT
    await calm.delete(file.key)
    await store.close()
    await stores_of(house.files).close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aws_secret_access_key": SecretStr("another")}, "denied"),
        ({"aws_access_key_id": "nobody"}, "denied"),
        ({"aws_bucket_name": "others"}, "denied"),
        ({"aws_endpoint_url": "http://127.0.0.1:1"}, "unreachable"),
    ],
    ids=["wrong secret", "wrong key", "another bucket", "nobody listens"],
)
async def test_what_a_refusal_is_called(weed: Weed, changes: dict[str, object], code: str) -> None:
    store = S3Store(weed.settings(**changes), patience=HASTE)
    for call in (
        store.put("org/a/b", b"x", content_type="text/plain", sha256=""),
        store.stat("org/a/b"),
        store.delete("org/a/b"),
        anext(store.browse("org")),
    ):
        with pytest.raises(StoreTrouble) as trouble:
            await call
        assert trouble.value.code == code
    await store.close()


async def test_bytes_that_change_on_their_way_are_not_kept(
    weed: Weed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(weed.settings(), patience=HASTE)
    other = s3._checksum(b"other")
    monkeypatch.setattr(s3, "_checksum", lambda _content: other)
    monkeypatch.setattr(s3, "_PART", 1024)
    for content in (b"small", bytes(1025)):
        with pytest.raises(StoreTrouble) as trouble:
            await store.put("org/a/spoilt", content, content_type="text/plain", sha256="")
        assert trouble.value.code == "status_400"
    assert await store.stat("org/a/spoilt") is None
    assert await store.tidy(now() + timedelta(days=1)) == 0, "no part of it is left"
    await store.close()


async def test_what_comes_in_parts_overwrites_nothing_either(
    weed: Weed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(weed.settings(), patience=HASTE)
    monkeypatch.setattr(s3, "_PART", 5 * 1024 * 1024)
    first = bytes(5 * 1024 * 1024 + 1)
    version = await store.put("org/a/large", first, content_type="text/plain", sha256="")
    with pytest.raises(AlreadyThere):
        await store.put("org/a/large", b"x" + first, content_type="text/plain", sha256="")
    assert await store.tidy(now() + timedelta(days=1)) == 0, "no part of it is left"
    async with store.open("org/a/large", version) as pieces:
        assert b"".join([piece async for piece in pieces]) == first
    await store.delete("org/a/large")
    await store.close()


async def test_parts_that_nobody_completed_go_when_they_are_old_and_ours(
    weed: Weed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(weed.settings(), patience=HASTE)
    client = store._client()
    keys = ["org/a/one", "org/a/two", "person/b/three", "uploads/of-somebody"]
    begun = {key: client.create_multipart_upload(Bucket=BUCKET, Key=key) for key in keys}
    ask = store._ask
    asked = []

    def by_ones(verb: str, **what: Any) -> Any:
        asked.append(verb)
        return ask(verb, **what, **({"MaxUploads": 1} if verb.startswith("list_multi") else {}))

    monkeypatch.setattr(store, "_ask", by_ones)
    assert await store.tidy(now() - timedelta(days=1)) == 0
    assert await store.tidy(now() + timedelta(days=1)) == 3
    assert asked.count("list_multipart_uploads") > 6, "one after the other"
    left = client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert [each["Key"] for each in left] == ["uploads/of-somebody"]
    upload_id = begun["uploads/of-somebody"]["UploadId"]
    client.abort_multipart_upload(Bucket=BUCKET, Key="uploads/of-somebody", UploadId=upload_id)
    await store.close()


async def test_a_download_that_breaks_off_is_no_shorter_object() -> None:
    async def breaks_off(
        _scope: Mapping[str, Any],
        _receive: object,
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        headers = [(b"content-length", b"100"), (b"etag", b'"e"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half of it"})

    async with serving(breaks_off) as url:
        settings = FileSettings(
            storage_type="s3",
            aws_access_key_id="nobody",
            aws_secret_access_key=SecretStr("nothing"),
            aws_bucket_name=BUCKET,
            aws_endpoint_url=url,
        )
        store = S3Store(settings, patience=HASTE)
        with pytest.raises(StoreTrouble, match="unreachable"):
            async with store.open("org/a/b", None) as pieces:
                assert [piece async for piece in pieces]
        await store.close()


async def test_a_link_opens_one_object_as_it_says(weed: Weed) -> None:
    store = S3Store(weed.settings())
    version = await store.put("org/a/linked", b"<b>", content_type="text/html", sha256="")
    link = await store.link("org/a/linked", version, content_type="application/pdf")
    assert "X-Amz-Expires=300" in link
    async with httpx.AsyncClient() as client:
        shown = await client.get(link)
        assert (shown.status_code, shown.content) == (200, b"<b>")
        assert shown.headers["content-type"] == "application/pdf"
        assert shown.headers["content-disposition"] == "attachment"
        for wrong in (
            link.replace("linked", "other"),
            link.replace("application%2Fpdf", "text%2Fhtml"),
            link.replace("Expires=300", "Expires=3000"),
        ):
            assert (await client.get(wrong)).status_code == 403
    with pytest.raises(StoreTrouble, match="changed"):
        async with store.open("org/a/linked", "0" * 32):
            pass
    await store.delete("org/a/linked")
    await store.close()


async def test_without_a_key_and_without_a_machine_of_amazons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, weed: Weed
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    nobody = weed.settings(aws_access_key_id="", aws_secret_access_key=SecretStr(""))
    store = S3Store(nobody, patience=HASTE)
    with pytest.raises(StoreTrouble, match="no_credentials"):
        await store.stat("org/a/b")
    await store.close()


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("NoSuchBucket", 404, "bucket_missing"), ("SlowDown", 503, "status_503")],
)
def test_other_refusals(name: str, status: int, code: str) -> None:
    answer = {"Error": {"Code": name}, "ResponseMetadata": {"HTTPStatusCode": status}}
    meaning = s3._meaning(ClientError(answer, "PutObject"))  # type: ignore[arg-type]
    assert isinstance(meaning, StoreTrouble)
    assert meaning.code == code
