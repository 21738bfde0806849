"""The store's health, found out by storing."""

import asyncio
from pathlib import Path

import pytest

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.storage import service
from app.storage.local import LocalStore
from app.storage.move import move_one
from app.storage.probe import Probe, last_key
from tests.people import Crew


async def seen(probe: Probe) -> str | None:
    """What the probe says once the look that it begins has ended."""
    await probe.fault()
    await probe.looked()
    return await probe.fault()


async def said(files: FileSettings, database: Database) -> str | None:
    """What a probe of a process that has just started says."""
    probe = Probe(files)
    async with database.read(Scope.system()) as session:
        probe.remember(await last_key(session, files))
    return await probe.fault()


async def test_a_store_that_works_and_one_that_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    settings = FileSettings(storage_type="local", local_storage_dir=str(folder))
    assert await Probe(settings).fault() is None
    assert [found async for found in LocalStore(folder).browse("")] == []
    folder.rename(tmp_path / "away")
    folder.write_text("no folder")
    failing, eager = Probe(settings), Probe(settings, every_seconds=0)
    assert await failing.fault() == await eager.fault() == "errno_20"
    folder.unlink()
    assert await seen(failing) == "errno_20", "some seconds have to pass"
    assert await seen(eager) is None, "it is well again by itself"


async def test_files_that_are_gone_are_noticed(
    database: Database, crew: Crew, settings: Settings, tmp_path: Path
) -> None:
    """An empty disk after a restart works well, and is not the one that holds the files."""
    files = FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    house = settings.model_copy(update={"files": files})
    assert await said(files, database) is None
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        await service.store(
            session,
            content=b"x",
            content_type="image/png",
            purpose="logos",
            organization_id=crew.organization_id,
        )
    await move_one(database, house)
    assert await said(files, database) is None
    (tmp_path / "files").rename(tmp_path / "the-old-disk")
    assert await said(files, database) == "files_gone"


async def test_a_look_ends_with_its_application(tmp_path: Path) -> None:
    probe = Probe(FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "files")))
    waiting = asyncio.create_task(probe.fault())
    await asyncio.sleep(0)
    await probe.end()
    assert probe._look is not None
    assert probe._look.done()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await Probe(FileSettings()).end()
