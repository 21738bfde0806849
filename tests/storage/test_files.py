"""A file's way: into the spool with its row, into the store by a worker, out of both for good."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from typing_extensions import override

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.storage import queries, service
from app.storage.base import AlreadyThere, NoSuchObject, Store, StoreTrouble
from app.storage.local import LocalStore
from app.storage.models import File, FilePiece
from app.storage.move import move_one
from app.storage.stores import stores_of
from tests.people import Crew

CONTENT = bytes(range(256)) * 10_000


class Moody(LocalStore):
    """A store of this machine that refuses, or takes and does not say so."""

    mood = "well"

    @override
    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:
        if self.mood == "down":
            raise StoreTrouble("refused")
        version = await super().put(key, content, content_type=content_type, sha256=sha256)
        if self.mood == "frozen":
            raise StoreTrouble("timeout")
        return version

    @override
    @asynccontextmanager
    async def open(self, key: str, version: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        if self.mood == "down":
            raise StoreTrouble("refused")
        async with super().open(key, version) as pieces:
            yield pieces


@pytest.fixture
def house(settings: Settings, tmp_path: Path) -> Settings:
    files = FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    return settings.model_copy(update={"files": files})


@pytest.fixture
def store(house: Settings) -> Moody:
    moody = Moody(Path(house.files.local_storage_dir))
    stores_of(house.files)._open["local"] = moody
    return moody


async def keep(database: Database, crew: Crew, content: bytes = CONTENT) -> UUID:
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        stored = await service.store(
            session,
            content=content,
            content_type="image/png",
            purpose="logos",
            organization_id=crew.organization_id,
        )
    assert stored.size == len(content)
    return stored.id


async def row(database: Database, file_id: UUID) -> File | None:
    async with database.read(Scope.system()) as session:
        found = await session.execute(
            select(File).where(File.id == file_id).execution_options(populate_existing=True)
        )
        return found.scalar_one_or_none()


async def spooled(database: Database) -> int:
    async with database.read(Scope.system()) as session:
        return (await session.execute(select(func.count()).select_from(FilePiece))).scalar_one()


async def due_again(database: Database) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(update(File).values(next_try_at=func.now()))


async def objects(store: Store) -> list[str]:
    return [found.key async for found in store.browse("")]


async def test_from_spool_to_store(
    database: Database, crew: Crew, house: Settings, store: Moody
) -> None:
    file_id = await keep(database, crew)
    assert await service.read(database, house, file_id) == CONTENT
    assert await spooled(database) == 3
    assert await move_one(database, house)
    assert not await move_one(database, house)
    file = await row(database, file_id)
    assert file is not None
    assert (file.state, file.kind) == ("stored", "local")
    assert await objects(store) == [file.key]
    assert file.key == f"org/{crew.organization_id}/logos/{file_id}"
    async with database.write(Scope.system()) as session:
        assert await queries.empty_spool(session) == 0
        await session.execute(update(File).values(stored_at=text("now() - interval '2 hours'")))
        assert await queries.empty_spool(session) == 1
    assert await spooled(database) == 0
    assert await service.read(database, house, file_id) == CONTENT


async def test_an_empty_file(database: Database, crew: Crew, house: Settings, store: Moody) -> None:
    file_id = await keep(database, crew, b"")
    assert await service.read(database, house, file_id) == b""
    await move_one(database, house)
    assert await objects(store)
    assert await service.read(database, house, file_id) == b""


@pytest.mark.parametrize("mood", ["down", "frozen"])
async def test_a_store_in_trouble_loses_and_doubles_nothing(
    database: Database, crew: Crew, house: Settings, store: Moody, mood: str
) -> None:
    store.mood = mood
    file_id = await keep(database, crew)
    assert await move_one(database, house)
    file = await row(database, file_id)
    assert file is not None
    # A store that took the bytes without saying so is looked into.
    assert file.state == ("waiting" if mood == "down" else "stored")
    assert await service.read(database, house, file_id) == CONTENT
    if mood == "down":
        assert file.error == "refused"
        assert not await move_one(database, house), "it is tried again later"
    store.mood = "well"
    await due_again(database)
    await move_one(database, house)
    file = await row(database, file_id)
    assert file is not None
    assert (file.state, file.error) == ("stored", None)
    assert await objects(store) == [file.key]


async def test_something_else_under_the_key_is_not_taken_for_it(
    database: Database, crew: Crew, house: Settings, store: Moody
) -> None:
    file_id = await keep(database, crew)
    file = await row(database, file_id)
    assert file is not None
    await store.put(file.key, b"x" * len(CONTENT), content_type="", sha256="")
    await move_one(database, house)
    file = await row(database, file_id)
    assert file is not None
    assert (file.state, file.error) == ("waiting", "conflict")
    await due_again(database)
    await move_one(database, house)
    async with store.open(file.key, None) as pieces:
        assert b"".join([piece async for piece in pieces]) == CONTENT, "it is no longer in the way"


async def test_damaged_bytes_are_never_stored(
    database: Database, crew: Crew, house: Settings, store: Moody
) -> None:
    file_id = await keep(database, crew)
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(FilePiece).where(FilePiece.number == 1).values(content=b"other")
        )
    await move_one(database, house)
    file = await row(database, file_id)
    assert file is not None
    assert (file.state, await objects(store)) == ("failed", [])


async def test_what_is_removed_is_gone_at_once_and_from_the_store_soon(
    database: Database, crew: Crew, house: Settings, store: Moody
) -> None:
    file_id = await keep(database, crew)
    await move_one(database, house)
    for _ in range(2):
        async with database.write(Scope.tenant(crew.organization_id)) as session:
            await service.remove(session, file_id)
    assert await spooled(database) == 0
    with pytest.raises(service.FileAway):
        await service.read(database, house, file_id)
    assert await move_one(database, house)
    assert (await row(database, file_id), await objects(store)) == (None, [])


async def test_a_file_removed_while_it_moves_leaves_nothing(
    database: Database, crew: Crew, house: Settings, store: Moody
) -> None:
    file_id = await keep(database, crew)
    put = store.put

    async def removed_meanwhile(key: str, content: bytes, **kept: str) -> str | None:
        async with database.write(Scope.system()) as session:
            await service.remove(session, file_id)
        return await put(key, content, **kept)

    store.put = removed_meanwhile  # type: ignore[method-assign]
    await move_one(database, house)
    assert await objects(store) == []
    assert await move_one(database, house)
    await due_again(database)
    assert await move_one(database, house)
    assert (await row(database, file_id), await objects(store)) == (None, [])


async def test_a_store_that_fails_a_read_is_no_empty_file(
    database: Database, crew: Crew, house: Settings, store: Moody
) -> None:
    file_id = await keep(database, crew)
    await move_one(database, house)
    async with database.write(Scope.system()) as session:
        await session.execute(update(File).values(stored_at=text("now() - interval '2 hours'")))
        await queries.empty_spool(session)
    store.mood = "down"
    with pytest.raises(service.FileAway):
        await service.read(database, house, file_id)


async def test_another_organization_sees_and_removes_nothing(
    database: Database, crew: Crew, house: Settings
) -> None:
    file_id = await keep(database, crew)
    async with database.write(Scope.tenant(crew.other_organization_id)) as session:
        assert await queries.get(session, file_id) is None
        assert await queries.piece(session, file_id, 0) is None
        await service.remove(session, file_id)
    assert await service.read(database, house, file_id) == CONTENT


@pytest.mark.parametrize(
    "key", ["../x", "a/../b", "/etc/passwd", "a//b", "a/.part", "", "A", "a b", "a/b\0", "é", "a/"]
)
async def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    store = LocalStore(tmp_path / "files")
    with pytest.raises(StoreTrouble):
        await store.put(key, b"x", content_type="", sha256="")
    with pytest.raises(StoreTrouble):
        await store.delete(key)


async def test_the_local_store(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "files")
    assert await store.stat("a/b") is None
    assert [found async for found in store.browse("a")] == []
    await store.put("a/b", b"one", content_type="", sha256="")
    with pytest.raises(AlreadyThere):
        await store.put("a/b", b"two", content_type="", sha256="")
    found = await store.stat("a/b")
    assert found is not None
    assert (found.size, len(found.sha256 or "")) == (3, 64)
    assert [path.name for path in (tmp_path / "files" / "a").iterdir()] == ["b"]
    for _ in range(2):
        await store.delete("a/b")
    with pytest.raises(NoSuchObject):
        async with store.open("a/b", None):
            pass
    (tmp_path / "files" / "c").write_bytes(b"")
    with pytest.raises(StoreTrouble):
        await store.put("c/d", b"x", content_type="", sha256="")


async def test_a_full_disk_keeps_no_part_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = LocalStore(tmp_path / "files")
    with monkeypatch.context() as patch:
        patch.setattr("app.storage.local.os.fsync", full)
        with pytest.raises(StoreTrouble, match=f"errno_{errno.ENOSPC}"):
            await store.put("a/b", b"one", content_type="", sha256="")
    assert list((tmp_path / "files" / "a").iterdir()) == []
    await store.put("a/b", b"one", content_type="", sha256="")
    assert await objects(store) == ["a/b"]
