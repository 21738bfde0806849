"""An errors file that comes back is read as the file was that it comes from.

What was told about that file, or proved by its rows, is not in this one any more: which columns are
ours where their names do not say it, and whether the day comes first where no date that is left
shows it.
"""

import asyncio
from dataclasses import replace
from typing import BinaryIO, Final
from uuid import UUID

from app.claims.queries import upload as queries
from app.claims.results import ERROR_COLUMNS
from app.claims.service.intake import UploadWishes
from app.claims.tables.header import KNOWN_NAMES, normalize
from app.claims.tables.options import DATE_ORDERS, ReadOptions
from app.claims.tables.reader import peek_header
from app.core.db import Database, Scope
from app.core.spreadsheets import redo_cell

_HEAD: Final = 64 * 1024
# Our word in the encodings that a spreadsheet saves text in; of a workbook it cannot be seen.
_MARKS: Final = tuple(ERROR_COLUMNS[0].encode(codec) for codec in ("ascii", "utf-16-le"))


async def as_before(
    database: Database, organization_id: UUID, file: BinaryIO, filename: str, wishes: UploadWishes
) -> UploadWishes:
    """The wishes with what is known of the file's origin; the caller's own word goes before it.

    Raises:
        Problem: the file is no text that can be read.
    """
    found = await asyncio.to_thread(_header_of, file, filename, wishes.options)
    if found is None:
        return wishes
    header, delimiter = found
    own = [redo_cell(name) for name in header if name not in ERROR_COLUMNS]
    async with database.read(Scope.tenant(organization_id)) as session:
        origin = await queries.newest_with_header(session, organization_id, own, ERROR_COLUMNS)
    if origin is None:
        return wishes
    options = wishes.options
    mapping = {
        field: origin.header[place]
        for field, place in origin.mapping.items()
        if KNOWN_NAMES.get(normalize(origin.header[place])) != field
    }
    order = origin.date_order if origin.date_order in ("mdy", "dmy") else "auto"
    known = replace(
        options,
        mapping=options.mapping or mapping,
        date_order=DATE_ORDERS[order] if options.date_order == "auto" else options.date_order,
        delimiter=delimiter,
    )
    return replace(wishes, options=known, is_returned=known != options)


def _header_of(
    file: BinaryIO, filename: str, options: ReadOptions
) -> tuple[list[str], str | None] | None:
    """The columns of an errors file, and the delimiter that shows them; None for any other file.

    Errors files are written with commas, whatever the delimiter of their origin was.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if head.startswith(b"PK") or not any(mark in head for mark in _MARKS):
        return None
    for delimiter in dict.fromkeys((options.delimiter, None)):
        header = peek_header(file, filename=filename, options=replace(options, delimiter=delimiter))
        if set(ERROR_COLUMNS) <= set(header):
            return header, delimiter
    return None
