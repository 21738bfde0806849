"""Files of the local store into a backup and out of it. Other stores keep their own."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.backup.errors import BackupDamaged
from app.backup.manifest import Part
from app.backup.parts import PartWriter, content
from app.backup.tables import Connection
from app.storage.base import AlreadyThere
from app.storage.local import LocalStore

FOLDER: Final = "files"
LISTING: Final = "files.jsonl.gz"
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Upload:
    """A file by its key in the store."""

    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What of the local store came into the backup."""

    listing: Part
    files: int
    size: int
    missing: tuple[str, ...]


async def elsewhere(connection: Connection) -> dict[str, int]:
    """How many files other stores keep."""
    rows = await connection.fetch(
        "SELECT kind, count(*) AS n FROM files WHERE state = 'stored' AND kind <> 'local' GROUP BY 1"
    )
    return {row["kind"]: row["n"] for row in rows}


async def copy_out(connection: Connection, root: Path, folder: Path) -> Copied:
    """Copy the files that the database says are in the local store, comparing each.

    One that is gone or changed is named and left out: the database may have let it go a moment ago.
    """
    writer = PartWriter(folder, LISTING)
    files, size, missing = 0, 0, []
    async for upload in _known(connection):
        copied = await asyncio.to_thread(_copy, root / upload.key, folder, upload)
        if copied is None:
            missing.append(upload.key)
            continue
        files, size = files + 1, size + copied
        line = json.dumps({"key": upload.key, "sha256": upload.sha256}) + "\n"
        await writer.write(line.encode())
    return Copied(await writer.finish(), files, size, tuple(missing))


async def _known(connection: Connection) -> AsyncIterator[Upload]:
    last = ""
    while True:
        rows = await connection.fetch(
            "SELECT key, sha256 FROM files WHERE state = 'stored' AND kind = 'local' AND key > $1"
            " ORDER BY key LIMIT $2",
            last,
            _BATCH,
        )
        for row in rows:
            yield Upload(row["key"], row["sha256"])
        if len(rows) < _BATCH:
            return
        last = rows[-1]["key"]


def _copy(source: Path, folder: Path, upload: Upload) -> int | None:
    """The size of what was copied; None where it is not there or another one."""
    target = folder / FOLDER / upload.key
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return None
    target.chmod(0o600)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    if digest != upload.sha256:
        target.unlink()
        return None
    return size


async def listed(folder: Path, listing: Part) -> list[Upload]:
    """The files that a backup holds."""
    text = b"".join([piece async for piece in content(folder, listing)])
    return list(_lines(text))


def _lines(text: bytes) -> Iterator[Upload]:
    for line in text.splitlines():
        fields = json.loads(line)
        yield Upload(fields["key"], fields["sha256"])


async def copy_in(folder: Path, listing: Part, root: Path) -> int:
    """Bring the files of a backup into the local store; one that is there already stays.

    Raises:
        BackupDamaged: a file is not what was written, or the store has another one of its name.
    """
    store = LocalStore(root)
    uploads = await listed(folder, listing)
    for upload in uploads:
        data = await asyncio.to_thread((folder / FOLDER / upload.key).read_bytes)
        if hashlib.sha256(data).hexdigest() != upload.sha256:
            raise BackupDamaged(f"{FOLDER}/{upload.key} is not what was written.")
        try:
            await store.put(upload.key, data, content_type="", sha256=upload.sha256)
        except AlreadyThere:
            there = await store.stat(upload.key)
            if there is None or there.sha256 != upload.sha256:
                raise BackupDamaged(f"{root / upload.key} is there, and another file.") from None
    return len(uploads)
