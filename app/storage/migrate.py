"""Bringing what lies in one place to another: the files of a former store, or a plain folder.

Each file is read whole, put where nothing is overwritten, read back and compared by its digest.
Only then does the row say so, and only after that is the source deleted. Whatever ends in between
is found by the next run, which goes on where this one stopped.
"""

import asyncio
import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from app.core.db import Database, Scope
from app.core.settings import Settings
from app.storage import kept_queries as queries
from app.storage.base import NoSuchObject, Store, StoreTrouble
from app.storage.move import put_once, withdraw
from app.storage.queries import Leased
from app.storage.stores import stores_of

_BATCH: Final = 100
_SIGNS: Final = {
    b"%PDF": "application/pdf",
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run may do. `dry_run` only counts."""

    delete: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Tally:
    """What a run has done; each error names a file and a short word.

    `expected` is how many there were to look at when it began.
    """

    expected: int = 0
    total: int = 0
    migrated: int = 0
    failed: int = 0
    deleted: int = 0
    errors: list[str] = field(default_factory=list)

    def fail(self, name: str, reason: str) -> None:
        """Count one that stays where it is."""
        self.failed += 1
        self.errors.append(f"{name}: {reason}")


Tell = Callable[[Tally], None]


async def move_files(
    database: Database, settings: Settings, target: Store, wish: Wish, tell: Tell
) -> Tally:
    """Bring every stored file that lies in another kind of store to `target`."""
    async with database.read(Scope.system()) as session:
        tally = Tally(expected=await queries.count_elsewhere(session, target.kind))
    last: UUID | None = None
    while True:
        async with database.read(Scope.system()) as session:
            ids = await queries.kept_elsewhere(session, target.kind, after=last, limit=_BATCH)
        if not ids:
            return tally
        last = ids[-1]
        for file_id in ids:
            tally.total += 1
            if not wish.dry_run:
                await _move_file(database, settings, target, wish, tally, file_id)
            tell(tally)


async def _move_file(
    database: Database, settings: Settings, target: Store, wish: Wish, tally: Tally, file_id: UUID
) -> None:
    async with database.write(Scope.system()) as session:
        leased = await queries.lease_stored(session, file_id, other_than=target.kind)
    if leased is None or leased.kind is None:
        # Removed, or in the hands of another run.
        tally.total -= 1
        return
    try:
        source = stores_of(settings.files).of(leased.kind)
        content = await _read(source, leased.key, leased.version)
        version = await _bring(target, leased.key, content, leased.content_type, leased.sha256)
        if not await _point_to(database, target, leased, version):
            tally.total -= 1
            return
        tally.migrated += 1
        if wish.delete:
            await source.delete(leased.key)
            tally.deleted += 1
    except (StoreTrouble, NoSuchObject) as trouble:
        tally.fail(leased.key, trouble.code if isinstance(trouble, StoreTrouble) else "missing")
        async with database.write(Scope.system()) as session:
            await queries.give_back(session, leased)


async def _point_to(database: Database, target: Store, leased: Leased, version: str | None) -> bool:
    async with database.write(Scope.system()) as session:
        is_moved = await queries.note_moved(session, leased, target.kind, version)
    if not is_moved:
        # Removed meanwhile: the worker deletes it where it was. Or another run has just moved it.
        await withdraw(database, target, leased)
    return is_moved


async def move_folder(
    folder: Path, target: Store, wish: Wish, tell: Tell, *, recursive: bool
) -> Tally:
    """Bring the files of a plain folder to `target`, each under the folder's name and its own.

    Hidden files, links and what is not finished (`.part`) are left alone.
    """
    root, paths = await asyncio.to_thread(_paths, folder, "**/*" if recursive else "*")
    tally = Tally(expected=len(paths))
    for path in paths:
        tally.total += 1
        if not wish.dry_run:
            name = path.relative_to(root).as_posix()
            await _move_path(path, f"{root.name}/{name}", target, wish, tally)
        tell(tally)
    return tally


def _paths(folder: Path, pattern: str) -> tuple[Path, list[Path]]:
    root = folder.resolve()
    return root, [path for path in sorted(root.glob(pattern)) if _is_meant(path, root)]


def _is_meant(path: Path, root: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    is_other = path.is_symlink() or not path.is_file() or path.suffix == ".part"
    return not is_hidden and not is_other


async def _move_path(path: Path, key: str, target: Store, wish: Wish, tally: Tally) -> None:
    try:
        content = await asyncio.to_thread(path.read_bytes)
        digest = hashlib.sha256(content).hexdigest()
        await _bring(target, key, content, _content_type(path, content), digest)
        tally.migrated += 1
        if wish.delete:
            await asyncio.to_thread(path.unlink)
            tally.deleted += 1
    except StoreTrouble as trouble:
        tally.fail(path.name, trouble.code)
    except OSError as error:
        tally.fail(path.name, f"errno_{error.errno}")


async def _bring(
    target: Store, key: str, content: bytes, content_type: str, sha256: str
) -> str | None:
    """Put it and read it back; the version that it has there.

    Raises:
        StoreTrouble: the source is damaged, it was refused, or it comes back as something else.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreTrouble("source_damaged")
    version = await put_once(target, key, content, content_type=content_type, sha256=sha256)
    try:
        found = await _read(target, key, version)
    except NoSuchObject:
        raise StoreTrouble("lost") from None
    if found != content:
        raise StoreTrouble("changed")
    return version


async def _read(store: Store, key: str, version: str | None) -> bytes:
    async with store.open(key, version) as pieces:
        return b"".join([piece async for piece in pieces])


def _content_type(path: Path, content: bytes) -> str:
    """By content where that is plain, else by name: a browser believes what is said here."""
    for sign, content_type in _SIGNS.items():
        if content.startswith(sign):
            return content_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
