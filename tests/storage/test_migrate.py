"""From one store to another, and out of a plain folder."""

from pathlib import Path
from uuid import UUID

import boto3
import pytest
from sqlalchemy import func, text, update
from typing_extensions import override

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.storage import migrate, queries, service
from app.storage.base import NoSuchObject, Store
from app.storage.cloudinary import CloudinaryStore
from app.storage.local import LocalStore
from app.storage.migrate import Tally, Wish, move_files
from app.storage.models import File
from app.storage.move import move_one
from app.storage.stores import stores_of
from scripts import migrate_to_s3
from scripts.migrate_to_s3 import main, parse
from tests.people import Crew
from tests.storage.conftest import Cloud
from tests.storage.test_files import CONTENT, keep, objects, row
from tests.storage.weed import BUCKET, KEY, SECRET, Weed


def silently(_tally: Tally) -> None:
    """Nothing to say."""


class Removing(CloudinaryStore):
    """While it takes a file, that file is removed."""

    database: Database
    file_id: UUID

    @override
    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:
        async with self.database.write(Scope.system()) as session:
            await service.remove(session, self.file_id)
        return await super().put(key, content, content_type=content_type, sha256=sha256)


@pytest.fixture
def house(settings: Settings, cloud: Cloud, tmp_path: Path) -> Settings:
    """A house whose files lie here, and that knows a cloud."""
    files = cloud.settings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    return settings.model_copy(update={"files": files})


async def stored(database: Database, crew: Crew, house: Settings, count: int) -> list[UUID]:
    """Files that are in the local store and in no spool."""
    kept = [await keep(database, crew, CONTENT + bytes([number])) for number in range(count)]
    while await move_one(database, house):
        pass
    async with database.write(Scope.system()) as session:
        old = func.now() - text("interval '2 hours'")
        await session.execute(update(File).values(stored_at=old))
        await queries.empty_spool(session)
    return kept


def places(house: Settings) -> tuple[Store, Store]:
    known = stores_of(house.files)
    return known.of("local"), known.of("cloudinary")


async def test_known_files_are_read_before_while_and_after(
    database: Database, crew: Crew, house: Settings, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The documents are not logos to Cloudinary, though the sample's purpose says so.
    monkeypatch.setattr("app.storage.cloudinary._place", lambda _key: ("raw", "authenticated"))
    kept = await stored(database, crew, house, 3)
    source, target = places(house)
    counted = await move_files(database, house, target, Wish(dry_run=True, delete=True), silently)
    assert (counted.total, counted.migrated, cloud.standin.asked) == (3, 0, [])
    cloud.spoil(api_status=503)
    failed = await move_files(database, house, target, Wish(delete=True), silently)
    assert (failed.total, failed.failed, failed.deleted) == (3, 3, 0)
    assert all(error.endswith(": status_503") for error in failed.errors)
    assert await service.read(database, house, kept[0]) == CONTENT + b"\0"
    cloud.spoil()
    copied = await move_files(database, house, target, Wish(), silently)
    assert (copied.migrated, copied.deleted) == (3, 0)
    file = await row(database, kept[2])
    assert file is not None
    assert (file.kind, file.lease_token) == ("cloudinary", None)
    assert len(await objects(source)) == 3
    assert await service.read(database, house, kept[2]) == CONTENT + b"\2"
    again = await move_files(database, house, target, Wish(delete=True), silently)
    assert again == Tally()
    back = await move_files(database, house, source, Wish(delete=True), silently)
    assert (back.migrated, back.deleted, cloud.standin.shelf.assets) == (3, 3, {})
    assert await service.read(database, house, kept[1]) == CONTENT + b"\1"
    await stores_of(house.files).close()


async def test_nothing_damaged_or_missing_is_brought_and_nothing_of_it_deleted(
    database: Database, crew: Crew, house: Settings, cloud: Cloud
) -> None:
    kept = await stored(database, crew, house, 2)
    _, target = places(house)
    files = [await row(database, each) for each in kept]
    first, second = [Path(house.files.local_storage_dir) / file.key for file in files if file]
    first.write_bytes(b"other")
    second.unlink()
    done = await move_files(database, house, target, Wish(delete=True), silently)
    assert (done.failed, done.deleted) == (2, 0)
    assert sorted(error.rpartition(": ")[2] for error in done.errors) == [
        "missing",
        "source_damaged",
    ]
    assert cloud.standin.shelf.assets == {}
    assert first.exists()
    await stores_of(house.files).close()


async def test_a_target_that_changes_bytes_is_not_believed(tmp_path: Path) -> None:
    class Changing(LocalStore):
        @override
        async def put(self, key: str, content: bytes, **about: str) -> str | None:
            return await super().put(key, content + b"?", content_type="", sha256="")

    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "one").write_bytes(b"1")
    target = Changing(tmp_path / "files")
    done = await migrate.move_folder(folder, target, Wish(delete=True), silently, recursive=False)
    assert (done.failed, done.errors, done.deleted) == (1, ["one: changed"], 0)
    assert (folder / "one").exists()


async def test_a_file_removed_while_it_is_brought_leaves_nothing(
    database: Database, crew: Crew, house: Settings, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.cloudinary._place", lambda _key: ("raw", "authenticated"))
    [file_id] = await stored(database, crew, house, 1)
    target = Removing(house.files)
    target.database, target.file_id = database, file_id
    done = await move_files(database, house, target, Wish(delete=True), silently)
    assert (done.total, done.migrated) == (0, 0)
    assert cloud.standin.shelf.assets == {}
    assert await move_one(database, house)
    assert (await row(database, file_id), await objects(places(house)[0])) == (None, [])
    await target.close()
    await stores_of(house.files).close()


async def test_a_reader_in_the_very_moment_finds_it(
    database: Database, crew: Crew, house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read where the file is, and then the file is brought away."""
    monkeypatch.setattr("app.storage.cloudinary._place", lambda _key: ("raw", "authenticated"))
    [file_id] = await stored(database, crew, house, 1)
    source, target = places(house)
    right = source.open

    def moved_first(key: str, version: str | None) -> object:
        monkeypatch.setattr(source, "open", right)
        raise NoSuchObject

    async with database.read(Scope.system()) as session:
        known = await queries.get(session, file_id)
        assert known is not None
        session.expunge(known)
    await move_files(database, house, target, Wish(delete=True), silently)
    monkeypatch.setattr(source, "open", moved_first)
    found = [piece async for piece in service._from_stores(database, house, known)]
    assert b"".join(found) == CONTENT + b"\0"
    await stores_of(house.files).close()


def test_a_plain_folder_by_the_command(
    weed: Weed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the former system's script was called; begun again it finds what it has done."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_BUCKET_NAME": BUCKET,
        "AWS_ENDPOINT_URL": weed.url,
    }.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "uploads"
    (folder / "deep").mkdir(parents=True)
    (folder / "Café 1.pdf").write_bytes(b"%PDF-1.4")
    (folder / "deep" / "b.png").write_bytes(b"\x89PNG")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "half.part").write_bytes(b"x")
    (folder / "link").symlink_to("/etc/hostname")
    assert main(["--directory", str(folder), "--dry-run", "--recursive"]) == 0
    assert capsys.readouterr().out.startswith("total: 2\nmigrated: 0\n")
    assert main(["--directory", str(folder)]) == 0
    assert capsys.readouterr().out == "total: 1\nmigrated: 1\nfailed: 0\ndeleted: 0\nerrors: 0\n"
    assert main(["--directory", str(folder), "--recursive", "--delete"]) == 0
    assert capsys.readouterr().out == "total: 2\nmigrated: 2\nfailed: 0\ndeleted: 2\nerrors: 0\n"
    left = sorted(path.name for path in folder.rglob("*") if not path.is_dir())
    assert left == [".hidden", "half.part", "link"]
    client = boto3.client(
        "s3",
        endpoint_url=weed.url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    found = client.get_object(Bucket=BUCKET, Key="uploads/Café 1.pdf")
    assert (found["Body"].read(), found["ContentType"]) == (b"%PDF-1.4", "application/pdf")
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="uploads/")["Contents"]
    assert [each["Key"] for each in listed] == ["uploads/Café 1.pdf", "uploads/deep/b.png"]
    client.close()


@pytest.mark.parametrize("by_folder", [False, True], ids=["known files", "the store's folder"])
async def test_known_files_by_the_command(
    database: Database,
    crew: Crew,
    house: Settings,
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    by_folder: bool,
) -> None:
    """The local store's own folder is no plain one: its files' rows have to say where they are."""
    monkeypatch.setattr("app.storage.cloudinary._place", lambda _key: ("raw", "authenticated"))
    monkeypatch.setattr(database, "close", _not_yet)
    monkeypatch.setattr(migrate_to_s3, "Database", lambda *_given, **_named: database)
    monkeypatch.setattr(migrate_to_s3, "load_settings", lambda: house)
    monkeypatch.setenv("LOCAL_STORAGE_DIR", house.files.local_storage_dir)
    kept = await stored(database, crew, house, 2)
    of_folder = ["--directory", house.files.local_storage_dir] if by_folder else []
    done = await migrate_to_s3.run(parse(["--to", "cloudinary", "--delete", *of_folder]))
    assert (done.total, done.migrated, done.deleted, done.errors) == (2, 2, 2, [])
    assert [file.kind for file in [await row(database, each) for each in kept] if file] == [
        "cloudinary",
        "cloudinary",
    ]
    assert await objects(LocalStore(Path(house.files.local_storage_dir))) == []
    again = await migrate_to_s3.run(parse(["--to", "local", "--dry-run"]))
    assert (again.total, again.migrated, len(cloud.standin.shelf.assets)) == (2, 0, 2)


async def _not_yet() -> None:
    """The test goes on with its database."""


def test_a_terminal_sees_a_bar_and_a_log_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally(expected=3, total=1)
    migrate_to_s3.tell(tally)
    assert capsys.readouterr().err == "", "a log is told the end, and every hundredth"
    tally.total, tally.failed = 3, 1
    migrate_to_s3.tell(tally)
    assert capsys.readouterr().err == "3 of 3 looked at, 1 failed\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for total in (1, 3):
        tally.total = total
        migrate_to_s3.tell(tally)
    said = capsys.readouterr().err
    assert said.endswith("\r" + "█" * 30 + " 3 of 3, 1 failed\n")
    assert said.startswith("\r" + "█" * 10 + "░" * 20 + " 1 of 3")


def test_commands_that_cannot_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--directory", str(tmp_path)]) == 2
    assert capsys.readouterr().out == f"{tmp_path}: not_configured\n"
    for wrong in (
        ["--recursive"],
        ["--directory", str(tmp_path / "none")],
        ["--directory", str(tmp_path), "--to", "local"],
    ):
        with pytest.raises(SystemExit):
            main(wrong)
    monkeypatch.setenv("STORAGE_TYPE", "s3")
    assert main(["--directory", str(tmp_path)]) == 2
    assert "AWS_BUCKET_NAME must be set" in capsys.readouterr().out
