"""The disk under the local store is full, and then it is not. `./scripts/scorecard 14`."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.db import Database
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.storage import service
from app.storage.move import move_one
from tests.people import Crew
from tests.storage.test_files import due_again, keep, row

MEGABYTE = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; mounting one is root's, in a container that lets it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_loses_nothing_and_heals(
    database: Database, crew: Crew, settings: Settings, small_disk: Path
) -> None:
    """Uploads are taken, read and whole meanwhile; no part of a file is left; nobody restarts."""
    files = FileSettings(storage_type="local", local_storage_dir=str(small_disk / "files"))
    house = settings.model_copy(update={"files": files})
    filling = small_disk / "filling"
    filling.write_bytes(bytes(MEGABYTE // 2))
    content = bytes(range(256)) * (MEGABYTE * 3 // 4 // 256)
    file_id = await keep(database, crew, content)
    assert await move_one(database, house)
    waiting = await row(database, file_id)
    assert waiting is not None
    assert (waiting.state, waiting.error) == ("waiting", "errno_28")
    assert left(small_disk) == [filling]
    assert await service.read(database, house, file_id) == content
    filling.unlink()
    await due_again(database)
    await move_one(database, house)
    stored = await row(database, file_id)
    assert stored is not None
    assert (stored.state, stored.error) == ("stored", None)
    assert [path.stat().st_size for path in left(small_disk)] == [len(content)]


def left(disk: Path) -> list[Path]:
    """Every file on it."""
    return [path for path in disk.rglob("*") if path.is_file()]
