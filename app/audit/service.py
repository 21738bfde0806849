"""Reading the audit log: pages for the screen, all of it as CSV."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row

from app.audit import queries
from app.audit.schemas import EntryOut
from app.core.audit import Entry, record
from app.core.db import Database, ReadSession, Scope
from app.core.pages import PageQuery, Slice, paginate
from app.core.spreadsheets import BOM, csv_lines

COLUMNS: Final = tuple(EntryOut.model_fields)
_LOT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads; without an organization they run the platform and see every entry."""

    user_id: UUID
    organization_id: UUID | None

    @property
    def scope(self) -> Scope:
        """The eyes that they read with."""
        if self.organization_id is None:
            return Scope.system()
        return Scope.tenant(self.organization_id, self.user_id)

    def narrowed(self, conditions: Sequence[ColumnElement[bool]]) -> Sequence[ColumnElement[bool]]:
        """What is asked, within what they may see."""
        if self.organization_id is None:
            return conditions
        return [queries.in_organization(self.organization_id), *conditions]


async def browse(
    session: ReadSession,
    *,
    reader: Reader,
    conditions: Sequence[ColumnElement[bool]],
    query: PageQuery,
) -> Slice[Any]:
    """A page of the log, newest first."""
    return await paginate(
        session,
        queries.entries(reader.narrowed(conditions)),
        keys=queries.NEWEST_FIRST,
        query=query,
        tenant=reader.organization_id,
    )


async def export(
    database: Database,
    *,
    reader: Reader,
    conditions: Sequence[ColumnElement[bool]],
    is_filtered: bool,
) -> AsyncGenerator[bytes, None]:
    """The log as CSV, newest first; that somebody took it is an entry itself, committed before.

    Each lot is read in a short transaction, so that a slow network holds no connection.
    """
    subject = "" if reader.organization_id is None else str(reader.organization_id)
    taken = Entry(
        action="audit.exported",
        actor_id=reader.user_id,
        organization_id=reader.organization_id,
        subject_type="audit_log",
        subject_id=subject,
        detail={"format": "csv", "filtered": is_filtered},
    )
    async with database.write(reader.scope) as session:
        record(session, taken)
    return _written(database, reader, reader.narrowed(conditions))


async def _written(
    database: Database, reader: Reader, conditions: Sequence[ColumnElement[bool]]
) -> AsyncGenerator[bytes, None]:
    yield BOM.encode() + csv_lines([COLUMNS])
    after: tuple[datetime, UUID] | None = None
    while True:
        async with database.read(reader.scope) as session:
            rows = await queries.lot(session, conditions, after=after, size=_LOT)
        if rows:
            yield csv_lines(map(_cells, rows))
            after = (rows[-1].at, rows[-1].id)
        if len(rows) < _LOT:
            return


def _cells(row: Row[Any]) -> list[str]:
    values = row._asdict()
    detail = json.dumps(values.pop("detail"), ensure_ascii=False, sort_keys=True)
    at = values.pop("at").isoformat().replace("+00:00", "Z")
    values |= {"at": at, "detail": detail}
    return ["" if values[name] is None else str(values[name]) for name in COLUMNS]
