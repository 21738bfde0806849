"""The applications to a job as a file for spreadsheets."""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.applications import queries, trail
from app.core.db import Database, Scope
from app.core.spreadsheets import BOM, csv_lines

COLUMNS: Final = (
    *("id", "candidate_name", "candidate_email", "status", "applied_at", "updated_at", "source"),
    *("rating", "score", "tags", "notes", "cover_letter"),
)
_LOT: Final = 500
# What a file's name may hold on every system; titles of jobs are anything.
_UNSAFE: Final = re.compile(r"[^\w.-]+")


async def taken(
    database: Database, scope: Scope, *, job: tuple[UUID, UUID], by: UUID
) -> AsyncGenerator[bytes, None]:
    """The file, line after line, the oldest application first; that somebody took it is in the
    audit log, committed before. `job` is its id and its organization's.

    Each lot is read in a short transaction, so that a slow network holds no connection.
    """
    async with database.write(scope) as session:
        trail.of_job(session, "exported", job, {"format": "csv"}, by=by)
    return _written(database, scope, job[0])


def file_name(title: str) -> str:
    """Such as `applications_Data-Engineer.csv`: letters and digits of the title, at most 80."""
    safe = _UNSAFE.sub("-", title).strip("-.")[:80].rstrip("-.")
    return f"applications_{safe or 'job'}.csv"


async def _written(database: Database, scope: Scope, job_id: UUID) -> AsyncGenerator[bytes, None]:
    yield BOM.encode() + csv_lines([COLUMNS])
    after: UUID | None = None
    while True:
        async with database.read(scope) as session:
            rows = await queries.lot(session, job_id, after=after, size=_LOT)
        if rows:
            yield csv_lines(_lines(rows))
            after = rows[-1]["id"]
        if len(rows) < _LOT:
            return


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterable[list[str]]:
    return ([_cell(row[name]) for name in COLUMNS] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)
