"""What a backup says of itself: one small file that names every other with its digest."""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from app.backup.errors import BackupDamaged, BackupRefused

NAME: Final = "manifest.json"
_DIGEST: Final = "manifest.sha256"


class Part(BaseModel):
    """A file of the backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    size: int
    sha256: str


class TablePart(BaseModel):
    """A table's rows, as PostgreSQL's own text format of COPY, compressed by gzip."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    columns: tuple[str, ...]
    rows: int
    part: Part


class Manifest(BaseModel):
    """Everything that a restore has to know.

    `revision` is the schema that the rows were taken from. `key_ids` are the keys that secrets in
    them are sealed with: their names, never the keys. `elsewhere` counts files by the store that
    keeps them, which a backup does not hold. `missing` are files whose bytes were not to be found.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    taken_at: datetime
    version: str
    commit: str
    server: str
    revision: str
    tables: tuple[TablePart, ...]
    sequences: dict[str, int]
    listing: Part
    files: int
    file_bytes: int
    missing: tuple[str, ...]
    elsewhere: dict[str, int]
    key_ids: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every file of the backup but the uploads and the manifest."""
        return (*(table.part for table in self.tables), self.listing)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its digest; afterwards the backup is whole."""
    content = manifest.model_dump_json(indent=1).encode()
    digest = f"{hashlib.sha256(content).hexdigest()}  {NAME}\n".encode()
    for name, data in ((NAME, content), (_DIGEST, digest)):
        with open_private(folder / name) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def read(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupRefused: there is none, or one of a format that this code does not know.
        BackupDamaged: it is not what was written.
    """
    try:
        content = (folder / NAME).read_bytes()
        digest = (folder / _DIGEST).read_text(encoding="ascii").split()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        raise BackupRefused(f"{folder} holds no backup of Intake.") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise BackupDamaged(f"{NAME} is not what was written.")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError:
        raise BackupRefused(f"{folder} is of a format that this code does not know.") from None


def open_private(path: Path) -> BinaryIO:
    """A new file that nobody else may read, to be written."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
