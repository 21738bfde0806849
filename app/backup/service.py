"""Backups of everything that Intake keeps itself: rows, the spool among them, and local files.

Not in a backup: the keys (SECRET_KEY, ENCRYPTION_KEYS), which have to be kept elsewhere or a stolen
backup would open itself; files in other stores; Redis, which is only a doorbell.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData

from app.backup import manifest as manifests
from app.backup import tables, uploads
from app.backup.errors import BackupDamaged, BackupRefused
from app.backup.manifest import Manifest, TablePart
from app.backup.parts import PartWriter, Progress, content, is_sound
from app.backup.tables import Connection, Table
from app.core import migrations
from app.core.audit import Entry, record
from app.core.clock import now
from app.core.crypto import SealedColumn
from app.core.db import Database, Scope
from app.core.revisions import revisions_on_disk
from app.core.settings import Settings
from app.core.version import release

Say = Callable[[str], None]
_UNFINISHED: Final = ".part"


async def take(settings: Settings, to: Path, metadata: MetaData) -> tuple[Path, Manifest]:
    """Write a backup into a new folder below `to`, beside a running application.

    Everything is of one moment. The folder has its name once all of it is on the disk; what an end
    before that leaves is named `.part`, and of no use.

    Raises:
        BackupRefused: the database has no schema, or one that this code does not know.
    """
    began = now()
    folder = to / f"intake-{began:%Y%m%dT%H%M%SZ}"
    part = to / f"{folder.name}{_UNFINISHED}"
    async with tables.connected(settings.database) as connection:
        revision = await _revision(connection)
    await asyncio.to_thread(_make, part, folder)
    await _tell(settings, "backup.taken", {})
    async with tables.connected(settings.database) as connection, tables.one_moment(connection):
        rows = [await _dump(connection, table, part) for table in await tables.tables(connection)]
        root = Path(settings.files.local_storage_dir)
        copied = await uploads.copy_out(connection, root, part)
        manifest = Manifest(
            taken_at=began,
            version=release().version,
            commit=release().commit,
            server=str(await connection.fetchval("SHOW server_version")),
            revision=revision,
            tables=tuple(rows),
            sequences=await tables.sequences(connection),
            listing=copied.listing,
            files=copied.files,
            file_bytes=copied.size,
            missing=copied.missing,
            elsewhere=await uploads.elsewhere(connection),
            key_ids=tuple(await _key_ids(connection, metadata)),
        )
    await asyncio.to_thread(_complete, part, folder, manifest)
    return folder, manifest


def _make(part: Path, folder: Path) -> None:
    if part.exists() or folder.exists():
        raise BackupRefused(f"{folder} is there already.")
    part.mkdir(mode=0o700, parents=True)


def _complete(part: Path, folder: Path, manifest: Manifest) -> None:
    manifests.write(part, manifest)
    part.rename(folder)
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _revision(connection: Connection) -> str:
    if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        raise BackupRefused("The database has no schema of Intake.")
    revision = str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    if revision not in revisions_on_disk():
        raise BackupRefused(f"This code does not know the database's schema {revision!r}.")
    return revision


async def _dump(connection: Connection, table: Table, folder: Path) -> TablePart:
    writer = PartWriter(folder, f"tables/{table.name}.copy.gz")
    rows = await tables.dump(connection, table, writer.write)
    part = await writer.finish()
    return TablePart(name=table.name, columns=table.columns, rows=rows, part=part)


async def _key_ids(connection: Connection, metadata: MetaData) -> list[str]:
    """The names of the keys that seal something in the database."""
    found: set[str] = set()
    for table in metadata.sorted_tables:
        for column in table.columns:
            if SealedColumn.of(column.info) is None:
                continue
            # Names of our own models, and no one else's.
            name = f"SELECT DISTINCT split_part({column.name}, '.', 2) AS id FROM {table.name}"  # noqa: S608 # nosec B608 - the same.
            rows = await connection.fetch(f"{name} WHERE {column.name} IS NOT NULL")
            found |= {row["id"] for row in rows}
    return sorted(found)


async def verify(folder: Path) -> tuple[Manifest, list[str]]:
    """Compare every file of a backup with its digest; the names of those that are damaged.

    One that is broken off goes on where it was when it is begun again.

    Raises:
        BackupRefused: there is no backup.
        BackupDamaged: the manifest itself or the list of files is not what was written.
    """
    manifest = manifests.read(folder)
    files = await uploads.listed(folder, manifest.listing)
    wanted = [(part.path, part.sha256) for part in manifest.parts]
    wanted += [(f"{uploads.FOLDER}/{one.key}", one.sha256) for one in files]
    return manifest, await asyncio.to_thread(_damaged, folder, wanted)


def _damaged(folder: Path, wanted: Sequence[tuple[str, str]]) -> list[str]:
    progress = Progress(folder)
    damaged = []
    for path, sha256 in wanted:
        if progress.has(path):
            continue
        if is_sound(folder, path, sha256):
            progress.add(path)
        else:
            damaged.append(path)
    progress.end()
    return damaged


async def restore(settings: Settings, folder: Path, *, force: bool, say: Say) -> Manifest:
    """Put a backup into the database and the local store that the settings name.

    The rows go in in one transaction, at the schema that they were taken from, which is then
    brought up to this code's.

    Raises:
        BackupRefused: the backup's schema is newer than this code, processes are at work in the
            database, or it holds rows and `force` is not given. Nothing was changed.
        BackupDamaged: the backup is not what was written.
    """
    manifest, damaged = await verify(folder)
    if damaged:
        raise BackupDamaged(f"{', '.join(damaged[:5])}: not what was written.")
    if manifest.revision not in revisions_on_disk():
        raise BackupRefused(
            f"The backup's schema {manifest.revision} is newer than this code:"
            f" restore it with commit {manifest.commit}."
        )
    async with tables.connected(settings.database) as connection:
        await _refuse_to_overwrite(connection, force=force)
        await tables.clear_schema(connection)
    url = settings.database.url.get_secret_value()
    await migrations.migrate(url, manifest.revision)
    say(f"schema {manifest.revision}")
    async with tables.connected(settings.database) as connection:
        await _load(connection, manifest, folder)
    say(f"{manifest.rows} rows in {len(manifest.tables)} tables")
    root = Path(settings.files.local_storage_dir)
    say(f"{await uploads.copy_in(folder, manifest.listing, root)} files into {root}")
    await migrations.migrate(url)
    async with tables.connected(settings.database) as connection:
        await connection.execute("ANALYZE")
    await _tell(settings, "backup.restored", {"rows": manifest.rows, "files": manifest.files})
    return manifest


async def _tell(settings: Settings, action: str, detail: dict[str, int]) -> None:
    """Write it to the audit log: who has a backup has read everything."""
    database = Database(settings.database, application="intake-cli")
    try:
        async with database.write(Scope.system()) as session:
            record(session, Entry(action, None, None, "backup", "", detail))
    finally:
        await database.close()


async def _refuse_to_overwrite(connection: Connection, *, force: bool) -> None:
    if busy := await tables.others(connection):
        raise BackupRefused(
            f"{busy} connections of Intake are open here: stop API, workers and beat first."
        )
    held = await tables.filled(connection)
    if held and not force:
        raise BackupRefused(
            f"The database holds rows ({', '.join(held[:5])}): --force throws them away."
        )


async def _load(connection: Connection, manifest: Manifest, folder: Path) -> None:
    there = {table.name: table for table in await tables.tables(connection)}
    for wanted in manifest.tables:
        table = there.get(wanted.name)
        if table is None or set(table.columns) != set(wanted.columns):
            raise BackupRefused(f"The migrations make another table {wanted.name} than was saved.")
    async with tables.bare(connection, list(there)):
        for wanted in manifest.tables:
            table = Table(wanted.name, wanted.columns)
            rows = await tables.load(connection, table, content(folder, wanted.part))
            if rows != wanted.rows:
                raise BackupDamaged(f"{wanted.part.path} holds {rows} rows of {wanted.rows}.")
        await tables.place_sequences(connection, manifest.sequences)


def prune(to: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups below `to`; says which are gone.

    Unfinished ones go, too, once a whole one is newer.
    """
    whole = sorted(path for path in to.glob("intake-*Z") if (path / manifests.NAME).is_file())
    gone = whole[:-keep] if keep else []
    last = whole[-1].name if whole else ""
    gone += [path for path in to.glob(f"intake-*Z{_UNFINISHED}") if path.name < last]
    for path in gone:
        shutil.rmtree(path)
    return gone


def missing_keys(manifest: Manifest, there: Collection[str]) -> list[str]:
    """The names of keys that seal something in the backup, and that this environment lacks."""
    return [key for key in manifest.key_ids if key not in there]
