"""Bring files from one store to another: to S3, or with --to to Cloudinary or this machine.

    .venv/bin/python -m scripts.migrate_to_s3 --delete                 # files that Intake knows
    .venv/bin/python -m scripts.migrate_to_s3 --directory uploads      # a plain folder

Can be ended and begun again at any time. Nothing is deleted that was not read back and compared.
Beside a running ./scripts/dev it is about that one's files, unless DATABASE_URL names another database.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from app.core.borrowed import STAGE_FILE, borrow
from app.core.db import Database
from app.core.settings import load_settings
from app.core.settings_files import FileSettings
from app.storage.base import Store, StoreTrouble
from app.storage.migrate import Tally, Wish, move_files, move_folder
from app.storage.stores import open_stores, stores_of
from app.upkeep import DATA

_EVERY = 100
_WIDTH = 30


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="migrate_to_s3", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--directory", type=Path, help="a plain folder, in place of known files")
    parser.add_argument("--recursive", action="store_true", help="folders in it as well")
    parser.add_argument("--to", choices=("s3", "cloudinary", "local"), default="s3")
    parser.add_argument("--delete", action="store_true", help="delete each source, once compared")
    parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
    given = parser.parse_args(arguments)
    if given.recursive and given.directory is None:
        parser.error("--recursive belongs to --directory")
    if given.directory is not None and given.to == "local":
        parser.error("a plain folder is on this machine already")
    if given.directory is not None and not given.directory.is_dir():
        parser.error(f"{given.directory} is no folder")
    return given


async def run(given: argparse.Namespace) -> Tally:
    """Migrate as the command line says.

    Raises:
        StoreTrouble: there are no settings for the target.
        ValidationError: a setting is missing or malformed.
    """
    wish = Wish(delete=given.delete, dry_run=given.dry_run)
    files = FileSettings()
    # What lies in the local store's own folder has rows, which have to say where it is.
    if given.directory is not None and not _is_same(given.directory, Path(files.local_storage_dir)):
        async with open_stores(files):
            target = stores_of(files).of(given.to)
            return await move_folder(given.directory, target, wish, tell, recursive=given.recursive)
    settings = load_settings()
    database = Database(settings.database, application="intake migrate")
    try:
        async with open_stores(settings.files):
            known: Store = stores_of(settings.files).of(given.to)
            return await move_files(database, settings, known, wish, tell)
    finally:
        await database.close()


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def tell(tally: Tally) -> None:
    """Say how far it is: by a bar in a terminal, elsewhere now and then by a line."""
    is_end = tally.total == tally.expected
    if sys.stderr.isatty():
        done = _WIDTH * tally.total // max(tally.expected, tally.total, 1)
        bar = "█" * done + "░" * (_WIDTH - done)
        line = f"\r{bar} {tally.total} of {tally.expected}, {tally.failed} failed"
        print(line, end="\n" if is_end else "", file=sys.stderr, flush=True)
    elif is_end or tally.total % _EVERY == 0:
        counts = f"{tally.total} of {tally.expected} looked at, {tally.failed} failed"
        print(counts, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing failed, 1 when something did, 2 when it could not begin."""
    given = parse(arguments)
    borrow(DATA / STAGE_FILE)
    try:
        tally = asyncio.run(run(given))
    except ValidationError as error:
        print("\n".join(fault["msg"] for fault in error.errors(include_input=False)))
        return 2
    except StoreTrouble as trouble:
        print(f"{given.directory or given.to}: {trouble.code}")
        return 2
    for name in ("total", "migrated", "failed", "deleted"):
        print(f"{name}: {getattr(tally, name)}")
    print(f"errors: {len(tally.errors)}", *tally.errors, sep="\n  ")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
