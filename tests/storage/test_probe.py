"""The store's health, found out by storing."""

from pathlib import Path

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.storage import service
from app.storage.local import LocalStore
from app.storage.move import move_one
from app.storage.probe import Probe
from tests.people import Crew


async def seen(probe: Probe) -> str | None:
    """What the probe says once the look that it begins has ended."""
    await probe.fault()
    await probe.looked()
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
    assert await Probe(files, database=database).fault() is None
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        await service.store(
            session,
            content=b"x",
            content_type="image/png",
            purpose="logos",
            organization_id=crew.organization_id,
        )
    await move_one(database, house)
    assert await Probe(files, database=database).fault() is None
    (tmp_path / "files").rename(tmp_path / "the-old-disk")
    assert await Probe(files, database=database).fault() == "files_gone"
