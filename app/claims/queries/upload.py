"""What an upload writes: rows by COPY, the job, its units of work, its first event."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, text

from app.claims.models import ClaimJob, ClaimJobEvent
from app.core.db import ReadSession, WriteSession, as_owner, driver

COPY_COLUMNS: Final = (
    "job_id",
    "row_no",
    "organization_id",
    "claim_key",
    "first_key",
    "last_key",
    "date_of_birth",
    "service_from",
    "service_to",
    "practice_id",
    "tin",
    "payer_id",
    "question_key",
    "fault",
    "warnings",
    "cells",
)
_PATIENCE: Final = text("SELECT set_config('statement_timeout', '600s', true)")
_UNITS: Final = text(
    "INSERT INTO claim_units (job_id, organization_id, kind, lo, hi, state)"
    " SELECT :job_id, :organization_id, 'rows', first, least(first + :size - 1, :rows), 'WAITING'"
    " FROM generate_series(1, :rows, :size) AS first"
)
_PLAN: Final = text(
    "INSERT INTO claim_units (job_id, organization_id, kind, state)"
    " VALUES (:job_id, :organization_id, 'plan', 'READY')"
)
_EARLIER: Final = (
    select(ClaimJob.id)
    .where(ClaimJob.organization_id == bindparam("organization_id"))
    .where(ClaimJob.file_sha256 == bindparam("digest"))
    .order_by(ClaimJob.id.desc())
    .limit(1)
)


async def earlier_upload(session: ReadSession, organization_id: UUID, digest: str) -> UUID | None:
    """The organization's newest job with a file of the same bytes."""
    found = await session.execute(_EARLIER, {"organization_id": organization_id, "digest": digest})
    return found.scalar_one_or_none()


async def store_job(session: WriteSession, values: dict[str, Any], *, unit_rows: int) -> None:
    """The job, its plan to be made, and the ranges of rows that wait for the plan."""
    await session.execute(insert(ClaimJob).values(**values))
    names = {"job_id": values["id"], "organization_id": values["organization_id"]}
    await session.execute(_PLAN, names)
    await session.execute(_UNITS, {**names, "size": unit_rows, "rows": values["total_rows"]})
    event = {"version": 1, "kind": "uploaded", "data": {"rows": values["total_rows"]}}
    await session.execute(insert(ClaimJobEvent).values(**names, **event))


async def copy_rows(session: WriteSession, pieces: AsyncIterator[bytes]) -> int:
    """Write rows that are encoded already; the number that PostgreSQL took."""
    await session.execute(_PATIENCE)
    connection = await driver(session)
    async with as_owner(session):
        status = await connection.copy_to_table(
            "claim_rows", source=pieces, columns=COPY_COLUMNS, format="text"
        )
    return int(status.rsplit(" ", 1)[1])
