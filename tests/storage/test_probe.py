"""The store's health, found out by storing."""

from pathlib import Path

from app.core.settings import FileSettings
from app.storage.local import LocalStore
from app.storage.probe import Probe


async def test_a_store_that_works_and_one_that_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    settings = FileSettings(storage_type="local", local_storage_dir=str(folder))
    assert await Probe(settings).fault() is None
    assert [found async for found in LocalStore(folder).browse("")] == []
    folder.rename(tmp_path / "away")
    folder.write_text("no folder")
    failing = Probe(settings)
    assert await failing.fault() == "errno_20"
    folder.unlink()
    assert await failing.fault() == "errno_20", "a minute has to pass"
    assert await Probe(settings, every_seconds=0).fault() is None
