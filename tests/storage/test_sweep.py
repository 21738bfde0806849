"""Rows and stores compared, and what is mended when that is wanted."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, text, update

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.storage.local import LocalStore
from app.storage.models import File, FilePiece
from app.storage.move import move_one
from app.storage.sweep import Findings, sweep, told
from tests.people import Crew
from tests.storage.test_files import CONTENT, keep, row

OLD = (now() - timedelta(days=2)).timestamp()


@pytest.fixture
def house(settings: Settings, tmp_path: Path) -> Settings:
    files = FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    return settings.model_copy(update={"files": files})


@pytest.fixture
def store(house: Settings) -> LocalStore:
    return LocalStore(Path(house.files.local_storage_dir))


async def swept(database: Database, house: Settings, *, delete: bool) -> Findings:
    [findings] = await sweep(database, house, delete=delete)
    return findings


async def stranger(store: LocalStore, house: Settings, key: str, *, old: bool) -> Path:
    await store.put(key, b"x", content_type="", sha256="")
    path = Path(house.files.local_storage_dir) / key
    if old:
        os.utime(path, (OLD, OLD))
    return path


async def test_all_is_well(
    database: Database, crew: Crew, house: Settings, store: LocalStore
) -> None:
    assert (await swept(database, house, delete=False)).compared == 0
    both = [await keep(database, crew) for _ in range(2)]
    await move_one(database, house)
    findings = await swept(database, house, delete=True)
    assert told(findings) == ["local: 1 objects compared"]
    files = [await row(database, file_id) for file_id in both]
    # Either may be moved first: in one transaction of a test both are of the same moment.
    assert sorted(file.state for file in files if file) == ["stored", "waiting"]


async def test_what_no_row_knows_goes_when_it_is_old_and_ours(
    database: Database, crew: Crew, house: Settings, store: LocalStore
) -> None:
    kept = await keep(database, crew)
    await move_one(database, house)
    old = await stranger(store, house, "org/x/logos/old", old=True)
    young = await stranger(store, house, "org/x/logos/young", old=False)
    probe = await stranger(store, house, "probes/left", old=True)
    others = await stranger(store, house, "uploads/of-somebody", old=True)
    half = old.with_name("half.part")
    half.write_bytes(b"x")
    os.utime(half, (OLD, OLD))
    looked = await swept(database, house, delete=False)
    assert (looked.compared, looked.orphans) == (4, ["org/x/logos/old", "probes/left"])
    assert old.exists()
    assert half.exists()
    done = await swept(database, house, delete=True)
    assert (done.orphans, done.unfinished) == (looked.orphans, 1)
    assert [path.exists() for path in (old, probe, half, young, others)] == [False] * 3 + [True] * 2
    file = await row(database, kept)
    assert file is not None
    assert await store.stat(file.key) is not None


async def test_a_file_whose_object_is_gone_is_named_and_mended_from_the_spool(
    database: Database, crew: Crew, house: Settings, store: LocalStore
) -> None:
    gone, lost, cut = [await keep(database, crew) for _ in range(3)]
    while await move_one(database, house):
        pass
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(File).values(stored_at=func.now() - text("interval '1 minute'"))
        )
        await session.execute(delete(FilePiece).where(FilePiece.file_id == lost))
    files = [await row(database, each) for each in (gone, lost, cut)]
    keys = [file.key for file in files if file]
    for key in keys[:2]:
        await store.delete(key)
    (Path(house.files.local_storage_dir) / keys[2]).write_bytes(b"short")
    looked = await swept(database, house, delete=False)
    assert (sorted(looked.missing), looked.damaged) == (sorted(keys[:2]), [keys[2]])
    assert looked.requeued == 0
    mended = await swept(database, house, delete=True)
    assert mended.requeued == 1
    assert any("1 files in line again" in line for line in told(mended))
    assert await move_one(database, house)
    found = await store.stat(keys[0])
    assert found is not None
    assert found.size == len(CONTENT)
