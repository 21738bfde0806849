"""Who comes at the same moment, or long after: a file has one copy, or none once it was removed."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.storage import kept_queries, service
from app.storage.base import StoreTrouble
from app.storage.local import LocalStore
from app.storage.migrate import Tally, Wish, move_files
from app.storage.models import File
from app.storage.move import Step, move_one
from app.storage.stores import stores_of
from app.storage.sweep import sweep
from app.storage.tasks import move
from app.worker.registry import TaskContext
from tests.people import Crew
from tests.storage.conftest import Cloud
from tests.storage.test_files import CONTENT, due_again, keep, objects, row


@pytest.fixture
def house(settings: Settings, cloud: Cloud, tmp_path: Path) -> Settings:
    """Files of this machine, and a cloud that is known too."""
    files = cloud.settings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    return settings.model_copy(update={"files": files})


async def remove(database: Database, file_id: UUID) -> None:
    async with database.write(Scope.system()) as session:
        await service.remove(session, file_id)


async def change(database: Database, file_id: UUID, **values: object) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(update(File).where(File.id == file_id).values(**values))


class Late(LocalStore):
    """It gives no answer, and keeps what it was sent much later."""

    sent: bytes = b""

    async def put(self, key: str, content: bytes, **_about: str) -> str | None:
        self.sent = content
        raise StoreTrouble("timeout")

    async def arrive(self, key: str) -> None:
        await super().put(key, self.sent, content_type="", sha256="")


async def test_what_a_store_takes_in_after_the_removal_goes_too(
    database: Database, crew: Crew, house: Settings
) -> None:
    late = Late(Path(house.files.local_storage_dir))
    stores_of(house.files)._open["local"] = late
    file_id = await keep(database, crew)
    assert await move_one(database, house) is Step.TROUBLE
    file = await row(database, file_id)
    assert file is not None
    await remove(database, file_id)
    assert await move_one(database, house) is Step.MOVED
    await late.arrive(file.key)
    assert await move_one(database, house) is Step.NOTHING_DUE, "it is looked at again tomorrow"
    await due_again(database)
    assert await move_one(database, house) is Step.MOVED
    assert (await row(database, file_id), await objects(late)) == (None, [])


async def test_a_slow_run_takes_nothing_from_the_one_that_took_over(
    database: Database, crew: Crew, house: Settings, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's lease ends while it puts; another one moves the file, and what it moved stays."""
    monkeypatch.setattr("app.storage.cloudinary._place", lambda _key: ("raw", "authenticated"))
    file_id = await keep(database, crew)
    assert await move_one(database, house) is Step.MOVED
    target = stores_of(house.files).of("cloudinary")
    right = target.put
    taken_over = []

    async def slowly(key: str, content: bytes, **about: str) -> str | None:
        monkeypatch.setattr(target, "put", right)
        await change(database, file_id, lease_token=None)
        taken_over.append(await move_files(database, house, target, Wish(delete=True), _silent))
        return await right(key, content, **about)

    monkeypatch.setattr(target, "put", slowly)
    slow = await move_files(database, house, target, Wish(delete=True), _silent)
    assert [each.migrated for each in (slow, *taken_over)] == [0, 1]
    assert [asset.content for asset in cloud.standin.shelf.assets.values()] == [CONTENT]
    async with target.open((await _known(database, file_id)).key, None) as pieces:
        assert b"".join([piece async for piece in pieces]) == CONTENT
    await stores_of(house.files).close()


async def test_one_stores_trouble_holds_up_no_file_of_another(
    database: Database, crew: Crew, house: Settings, context: TaskContext, cloud: Cloud
) -> None:
    """Many files are to be deleted from a store that is down for good, and new ones come."""
    gone = [await keep(database, crew) for _ in range(3)]
    for file_id in gone:
        await change(database, file_id, state="stored", kind="cloudinary")
        await remove(database, file_id)
    new = [await keep(database, crew) for _ in range(2)]
    cloud.spoil(api_status=503)
    await move(replace(context, settings=house))
    assert [(await _known(database, each)).state for each in new] == ["stored", "stored"]
    tried = [(await _known(database, each)).attempts for each in gone]
    assert sorted(tried) == [0, 0, 1], "the store in trouble is asked once"
    await stores_of(house.files).close()


async def test_a_former_primary_that_is_gone_for_good_holds_up_nothing(
    database: Database, crew: Crew, house: Settings
) -> None:
    """It was left because it was down: what it was tried with goes to the new one all the same."""
    files = house.files.model_copy(update={"cloudinary_cloud_name": ""})
    house = house.model_copy(update={"files": files})
    file_id = await keep(database, crew)
    await change(database, file_id, kind="cloudinary", error="timeout", attempts=7)
    assert await move_one(database, house) is Step.MOVED
    file = await _known(database, file_id)
    assert (file.state, file.kind) == ("stored", "local")
    async with database.read(Scope.system()) as session:
        assert await kept_queries.kinds_in_use(session) == ["local"]


async def test_the_sweep_looks_into_stores_that_no_row_names(
    database: Database, house: Settings, cloud: Cloud
) -> None:
    found = await sweep(database, house, delete=False)
    assert [each.kind for each in found] == ["cloudinary", "local"]
    assert any("resources" in call for call in cloud.standin.asked)
    await stores_of(house.files).close()


async def _known(database: Database, file_id: UUID) -> File:
    file = await row(database, file_id)
    assert file is not None
    return file


def _silent(_tally: Tally) -> None:
    """Nothing to say."""
