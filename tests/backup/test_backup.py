"""A backup is everything, of one moment; a restored one goes on where it was."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner

from app import api
from app.backup import manifest as manifests
from app.backup import service, tables
from app.backup.errors import BackupDamaged, BackupRefused
from app.backup.parts import Progress
from app.cli import cli
from app.core import audit_chain
from app.core.audit import Entry, record
from app.core.crypto import KeyRing
from app.core.db import Database, Scope
from app.core.models import Base
from app.core.settings import Settings
from app.core.settings_files import FileSettings
from app.dev.payer.asgi import LocalPayer
from app.dev.payer.rows import Mix, RowPlan
from app.storage import service as files
from app.storage.local import LocalStore
from tests.claims.engine.conftest import engine_payer, open_ledger
from tests.claims.engine.ledger import Ledger
from tests.conftest import Servers, Stage

__all__ = ["api", "engine_payer"]

ROWS = 120
CATALOG = (
    "SELECT * FROM pg_policies WHERE schemaname = 'public' ORDER BY tablename, policyname",
    "SELECT tgrelid::regclass::text, tgname, tgenabled, tgdeferrable, tginitdeferred"
    " FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2, 4",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT relname, relrowsecurity, relacl::text FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S') ORDER BY 1",
)
# What the worker beside the backup, and the restore itself, have written to since.
CHANGING = ("audit_", "claim_", "payer_")


@pytest.fixture
async def ledger(
    stage: Stage, engine_payer: tuple[LocalPayer, str], tmp_path: Path
) -> AsyncIterator[Ledger]:
    """The engine over the stage, with a local store of the test's own."""
    ledger = await open_ledger(stage, engine_payer)
    store = FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "files"))
    yield replace(ledger, settings=ledger.settings.model_copy(update={"files": store}))
    for shelf in ledger.shelves:
        await shelf.close()


@pytest.fixture
async def target(servers: Servers, ledger: Ledger, tmp_path: Path) -> Settings:
    """Settings of another installation with an empty database; the keys are the same."""
    name = "intake_test_restored"
    connection = await asyncpg.connect(servers.postgres.url_of("postgres"))
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = SecretStr(servers.postgres.url_of(name))
    store = FileSettings(storage_type="local", local_storage_dir=str(tmp_path / "elsewhere"))
    database = ledger.settings.database.model_copy(update={"url": url})
    return ledger.settings.model_copy(update={"database": database, "files": store})


async def look(settings: Settings, *queries: str) -> list[list[Any]]:
    connection = await asyncpg.connect(settings.database.url.get_secret_value())
    try:
        return [[tuple(row) for row in await connection.fetch(query)] for query in queries]
    finally:
        await connection.close()


async def sums(settings: Settings) -> dict[str, str]:
    """A digest of each table's rows."""
    query = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} t"
    async with tables.connected(settings.database) as connection:
        names = [table.name for table in await tables.tables(connection)]
        return {name: await connection.fetchval(query.format(name)) for name in names}


async def keep_files(ledger: Ledger) -> tuple[str, UUID]:
    """The key of a file that the local store has, and a file that waits in the spool."""
    scope = Scope.tenant(ledger.organization_id)
    kept = []
    async with ledger.database.write(scope) as session:
        for content in (b"in the store", b"in the spool"):
            stored = await files.store(
                session,
                content=content,
                content_type="text/plain",
                purpose="logos",
                organization_id=ledger.organization_id,
            )
            kept.append(stored.id)
    key = str((await ledger.one("SELECT key FROM files WHERE id = $1", kept[0]))["key"])
    store = LocalStore(Path(ledger.settings.files.local_storage_dir))
    await store.put(key, b"in the store", content_type="text/plain", sha256="")
    await ledger.do("DELETE FROM file_pieces WHERE file_id = $1", kept[0])
    await ledger.do("UPDATE files SET state = 'stored', kind = 'local' WHERE id = $1", kept[0])
    return key, kept[1]


async def take_in_flight(ledger: Ledger, job_id: UUID, to: Path) -> Path:
    """Take a backup while a worker is in the middle of the job; the worker then dies."""
    ledger.play(latency_ms=20)
    worker = asyncio.create_task(ledger.work(lanes=2))
    while not 0 < len(await ledger.answers(job_id)) < ROWS:
        assert not worker.done()
        await asyncio.sleep(0.005)
    folder, _ = await service.take(ledger.settings, to, Base.metadata)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    ledger.play()
    return folder


@asynccontextmanager
async def moved(ledger: Ledger, target: Settings) -> AsyncIterator[Ledger]:
    """The same engine and payer over another database."""
    database = Database(target.database)
    restored = replace(ledger, database=database, settings=target, shelves=[])
    try:
        yield restored
    finally:
        for shelf in restored.shelves:
            await shelf.close()
        await database.close()


async def compare(source: Settings, target: Settings) -> None:
    """The schema is the same to the last grant, and so are the rows that nobody wrote since."""
    assert await look(source, *CATALOG) == await look(target, *CATALOG)
    before, after = await sums(source), await sums(target)
    assert before.keys() == after.keys()
    moved_on = {name for name in before if before[name] != after[name]}
    assert {name for name in moved_on if not name.startswith(CHANGING)} == set()
    assert before["users"] is not None


async def check_guards(restored: Ledger) -> None:
    """Policies hide, the audit log's chains hold, and numbers go on behind the last one."""
    async with restored.database.read(Scope.public()) as session:
        assert (await session.execute(text("SELECT 1 FROM claim_rows"))).all() == []
    verdict = await audit_chain.verify(restored.database)
    assert verdict.entries > 0
    assert list(verdict.faults) == []
    insert = (
        "INSERT INTO practices (organization_id, name, tin) VALUES (:id, 'later', '471000079')"
        " RETURNING id"
    )
    async with restored.database.write(Scope.system()) as session:
        number = await session.scalar(text(insert), {"id": restored.organization_id})
    assert number > restored.practice_id


async def test_a_job_in_flight_goes_on_in_the_restored_database(
    ledger: Ledger, target: Settings, tmp_path: Path
) -> None:
    plan = RowPlan("claim_number", ROWS, last_days=80, mix=Mix(wrong_person=0.05, unknown=0.05))
    job_id, expected = await ledger.upload_plan(plan, batch=False)
    key, waiting = await keep_files(ledger)
    async with ledger.database.write(Scope.system()) as session:
        record(session, Entry("claims.read", None, ledger.organization_id, "claim_job", ""))
    folder = await take_in_flight(ledger, job_id, tmp_path)

    said: list[str] = []
    made = await service.restore(target, folder, force=False, say=said.append)
    assert made.rows > ROWS
    assert (len(said), made.files, made.missing) == (3, 1, ())
    # An epoch is of one history, and this is another one.
    assert "claim_epochs" not in {table.name for table in made.tables}
    await compare(ledger.settings, target)
    with pytest.raises(BackupRefused, match="--force"):
        await service.restore(target, folder, force=False, say=said.append)
    async with moved(ledger, target) as restored:
        assert 0 < len(await restored.answers(job_id)) < ROWS
        await check_guards(restored)
        await restored.do("UPDATE claim_units SET lease_until = now() WHERE state = 'LEASED'")
        await restored.work()
        await restored.check(job_id, expected)
        spool = await restored.all("SELECT content FROM file_pieces WHERE file_id = $1", waiting)
        assert [row["content"] for row in spool] == [b"in the spool"]
    assert (Path(target.files.local_storage_dir) / key).read_bytes() == b"in the store"


async def test_a_database_at_work_is_left_alone(
    ledger: Ledger, target: Settings, tmp_path: Path
) -> None:
    folder, _ = await service.take(ledger.settings, tmp_path, Base.metadata)
    await ledger.all("SELECT 1")
    with pytest.raises(BackupRefused, match="stop API, workers and beat"):
        await service.restore(ledger.settings, folder, force=True, say=lambda _: None)
    assert await ledger.all("SELECT 1 FROM organizations") != []


async def test_what_is_damaged_or_newer_changes_nothing(
    ledger: Ledger, target: Settings, tmp_path: Path
) -> None:
    await keep_files(ledger)
    folder, made = await service.take(ledger.settings, tmp_path, Base.metadata)
    part = folder / next(table.part.path for table in made.tables if table.name == "users")
    whole = part.read_bytes()
    part.write_bytes(whole[:-1])
    assert (await service.verify(folder))[1] == ["tables/users.copy.gz"]
    with pytest.raises(BackupDamaged, match="users"):
        await service.restore(target, folder, force=False, say=lambda _: None)
    part.write_bytes(whole)
    (upload,) = [path for path in (folder / "files").rglob("*") if path.is_file()]
    upload.write_bytes(b"another")
    assert len((await service.verify(folder))[1]) == 1

    for name in ("manifest.json", "manifest.sha256"):
        (folder / name).unlink()
    manifests.write(folder, made.model_copy(update={"revision": "9999_future"}))
    upload.write_bytes(b"in the store")
    with pytest.raises(BackupRefused, match="newer than this code"):
        await service.restore(target, folder, force=False, say=lambda _: None)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(BackupDamaged):
        await service.verify(folder)
    assert await look(target, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == [[]]


async def test_a_backup_that_is_broken_off_has_no_name(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(tables, "sequences", fail)
        await service.take(ledger.settings, tmp_path, Base.metadata)
    (left,) = await asyncio.to_thread(lambda: list(tmp_path.glob("intake-*")))
    assert left.suffix == ".part"
    with pytest.raises(BackupRefused):
        manifests.read(left)
    left.rename(tmp_path / "intake-20260101T000000Z.part")
    folder, _ = await service.take(ledger.settings, tmp_path, Base.metadata)
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in service.prune(tmp_path, 1)] == ["intake-20260101T000000Z.part"]


def test_a_comparison_goes_on_where_it_was(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    first = Progress(tmp_path)
    first.add("a")
    with (tmp_path / "verified.jsonl").open("a") as file:
        file.write('["b", 1')
    again = Progress(tmp_path)
    assert again.has("a")
    assert not again.has("b")
    (tmp_path / "a").write_text("changed")
    assert not again.has("a")
    again.end()
    assert not Progress(tmp_path).has("a")


@pytest.fixture
async def empty_stage(stage: Stage) -> Stage:
    """Without the connections that tests keep open: a restore beside open ones is refused."""
    await stage.database.close()
    return stage


def test_the_commands(empty_stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = empty_stage.settings
    monkeypatch.setenv("DATABASE_URL", settings.database.url.get_secret_value())
    monkeypatch.setenv("REDIS_URL", settings.redis.url.get_secret_value())
    monkeypatch.setenv("SECRET_KEY", settings.auth.secret_key.get_secret_value())
    done = CliRunner().invoke(cli, ["backup", "--to", str(tmp_path), "--keep", "2"])
    assert done.exit_code == 0, done.output
    (folder,) = tmp_path.glob("intake-*Z")
    assert str(folder) in done.output
    verified = CliRunner().invoke(cli, ["backup", "verify", str(folder)])
    assert "Whole:" in verified.output
    refused = CliRunner().invoke(cli, ["restore", str(folder)])
    assert refused.exit_code == 1
    assert "--force" in refused.output
    nothing = CliRunner().invoke(cli, ["backup", "verify", str(tmp_path)])
    assert "holds no backup" in nothing.output
    made = manifests.read(folder).model_copy(update={"key_ids": ("s-gone", "k1")})
    assert service.missing_keys(made, KeyRing({"k1": bytes(32)}).ids) == ["s-gone"]
