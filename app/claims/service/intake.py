"""Taking a claim file in: read, checked and stored whole, or refused whole."""

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, BinaryIO, Final
from uuid import UUID

from app.claims.errors import DateRange, ProviderUnknown
from app.claims.payers.details import Extra
from app.claims.payers.registry import PROVIDERS
from app.claims.queries import upload as queries
from app.claims.service import trail
from app.claims.tables.copy import COLUMNS, encode_rows
from app.claims.tables.draft import Draft, Mistaken, open_draft
from app.claims.tables.options import Limits, ReadOptions
from app.claims.tables.reader import Table, open_table
from app.claims.tables.survey import TableWarning
from app.core.clock import now
from app.core.db import WriteSession
from app.core.ids import new_id
from app.core.log import request_id
from app.core.settings import Settings
from app.worker.doorbell import ring

_BATCH_UNIT_ROWS: Final = 5_000
# A row that is asked for singly costs a call; short ranges spread such a file over all workers.
_SINGLE_UNIT_ROWS: Final = 100
_HASH_PIECE: Final = 1024 * 1024
_AS_BEFORE: Final = TableWarning(
    "read_as_before",
    "The columns of an errors file were found again; it was read with the mapping and the date"
    " order of the file it comes from. Send mapping or date_order if that is wrong.",
)
_LONGEST_NAME: Final = 255
# Control, direction and other invisible characters, halves of characters, line separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_UNSAFE: Final = re.compile(r"[^\w.\- ()]+")


@dataclass(frozen=True, slots=True)
class UploadWishes:
    """What the form says beside the file; `mapping` goes from our field to their column name."""

    provider: str
    use_batch_query: bool
    start_date: date | None
    end_date: date | None
    options: ReadOptions
    include: frozenset[Extra] = frozenset()
    """What is asked for of each claim found, beside its summary."""
    is_returned: bool = False
    """The options are partly those of the file whose failed rows this one holds."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file whose beginning was found good; what else it holds shows while it is stored."""

    table: Table | Draft
    original_filename: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReceivedFile(SeenFile):
    """A file that was read once, found good, and can be read again."""

    table: Table


def read_limits(settings: Settings) -> Limits:
    """How large a claim file may be here."""
    return Limits(bytes=settings.limits.max_csv_mb * 1024 * 1024, rows=settings.limits.max_csv_rows)


def check_wishes(wishes: UploadWishes) -> None:
    """Refuse what no reading of the file could mend.

    Raises:
        ProviderUnknown: no such payer.
        DateRange: the dates contradict each other.
    """
    if wishes.provider not in PROVIDERS:
        raise ProviderUnknown(f"The payers are: {', '.join(sorted(PROVIDERS))}.")
    if wishes.start_date and wishes.end_date and wishes.start_date > wishes.end_date:
        raise DateRange("start_date lies after end_date.")


async def look_at(file: BinaryIO, filename: str, wishes: UploadWishes) -> SeenFile:
    """Hash the file and read its beginning in a thread; nothing is stored.

    Raises:
        Problem: any of the room's problems about a file as a whole.
    """
    check_wishes(wishes)
    name = clean_filename(filename)
    return await asyncio.to_thread(_look, file, name, wishes.options)


def _look(file: BinaryIO, name: str, options: ReadOptions) -> SeenFile:
    size, digest = _hashed(file)
    table = open_draft(file, filename=name, options=options) or open_table(
        file, filename=name, options=options
    )
    return SeenFile(table, name, size, digest)


async def receive(file: BinaryIO, filename: str, wishes: UploadWishes) -> ReceivedFile:
    """Hash the file and read it whole in a thread; nothing is stored.

    Raises:
        Problem: any of the room's problems about a file as a whole.
    """
    check_wishes(wishes)
    name = clean_filename(filename)
    received = await asyncio.to_thread(_read, file, name, wishes.options)
    return replace(received, table=_marked(received.table, wishes))


def _marked(table: Table, wishes: UploadWishes) -> Table:
    """The table, with a warning where another file's options were taken over."""
    if not wishes.is_returned or _AS_BEFORE in table.warnings:
        return table
    return replace(table, warnings=(*table.warnings, _AS_BEFORE))


def _read(file: BinaryIO, name: str, options: ReadOptions) -> ReceivedFile:
    size, digest = _hashed(file)
    return ReceivedFile(open_table(file, filename=name, options=options), name, size, digest)


def _hashed(file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(_HASH_PIECE):
        digest.update(piece)
        size += len(piece)
    file.seek(0)
    return size, digest.hexdigest()


async def store(
    session: WriteSession,
    *,
    settings: Settings,
    organization_id: UUID,
    user_id: UUID,
    seen: SeenFile,
    wishes: UploadWishes,
) -> UUID:
    """Job, rows and work in the session's one transaction; the worker is rung after its commit.

    Raises:
        Problem: what only the whole file shows about itself; the transaction has to be rolled back.
    """
    job_id = new_id()
    asked = asked_of(wishes)
    earlier = await queries.earlier_upload(session, organization_id, seen.sha256, asked)
    constants = {"job_id": str(job_id), "organization_id": str(organization_id)}
    table = _marked(await _store_rows(session, seen.table, constants), wishes)
    values = {
        "id": job_id,
        "organization_id": organization_id,
        "user_id": user_id,
        "celery_task_id": ring(session, "claims.work"),
        "duplicate_of": earlier,
        "expires_at": now() + timedelta(days=settings.claims.retention_days),
        "request_id": request_id.get(),
        "use_batch_query": wishes.use_batch_query,
        **asked,
        **_told(seen, table),
    }
    is_local = wishes.use_batch_query and not wishes.include
    unit_rows = _BATCH_UNIT_ROWS if is_local else _SINGLE_UNIT_ROWS
    await queries.store_job(session, values, unit_rows=unit_rows)
    act = trail.Act(organization_id, job_id, by=user_id)
    trail.note(session, "claims.job_created", act, rows=table.row_count, provider=wishes.provider)
    return job_id


async def _store_rows(
    session: WriteSession, table: Table | Draft, constants: Mapping[str, str]
) -> Table:
    """Write all rows; a file whose beginning deceived is read once more from the start."""
    if isinstance(table, Draft):
        try:
            async with session.begin_nested():
                return await _copied(session, table, constants)
        except Mistaken:
            table = await asyncio.to_thread(table.again)
    return await _copied(session, table, constants)


async def _copied(
    session: WriteSession, table: Table | Draft, constants: Mapping[str, str]
) -> Table:
    pieces = encode_rows(table.batches(), constants=constants)
    stored = await queries.copy_rows(session, _ahead(pieces), COLUMNS)
    known = table.settled() if isinstance(table, Draft) else table
    if stored != known.row_count:
        raise RuntimeError("PostgreSQL took another number of rows than the file has")
    return known


def asked_of(wishes: UploadWishes) -> dict[str, Any]:
    """What is asked of whom: two uploads of one file that agree here are duplicates."""
    return {
        "provider": wishes.provider,
        "start_date": wishes.start_date,
        "end_date": wishes.end_date,
        "include": sorted(wishes.include),
    }


def _told(seen: SeenFile, table: Table) -> dict[str, Any]:
    return {
        "filename": safe_filename(seen.original_filename),
        "original_filename": seen.original_filename,
        "file_size": seen.size,
        "file_sha256": seen.sha256,
        "shape": table.shape,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "date_order": table.date_order,
        "header": list(table.header),
        "mapping": dict(table.places),
        "warnings": [{"code": w.code, "message": w.message} for w in table.warnings],
        "total_rows": table.row_count,
    }


async def _ahead(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Parse the next piece in a thread while PostgreSQL takes this one."""
    coming = asyncio.create_task(asyncio.to_thread(next, pieces, None))
    try:
        while (piece := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, pieces, None))
            yield piece
    finally:
        # A thread that still reads the file must be done before the file is closed.
        await asyncio.wait({coming})


def clean_filename(name: str) -> str:
    """The name as it was sent, without folders, control and direction characters; 255 at most."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(char for char in last if unicodedata.category(char) not in _UNSEEN)
    return kept.strip()[-_LONGEST_NAME:] or "claims.csv"


def safe_filename(name: str) -> str:
    """A name that every file system and header takes."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _UNSAFE.sub("_", folded).strip(" .")[-_LONGEST_NAME:] or "claims.csv"
