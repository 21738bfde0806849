"""What an upload writes: rows by COPY, the job, its units of work, its first event."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, select, text

from app.claims.models import ClaimJob, ClaimJobEvent
from app.core.db import ReadSession, WriteSession, as_owner, driver

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


async def earlier_upload(
    session: ReadSession, organization_id: UUID, digest: str, asked: Mapping[str, Any]
) -> UUID | None:
    """The organization's newest job with the same bytes that asked the same.

    `asked` is provider, start_date, end_date and include; how it was asked (use_batch_query) is no matter.
    """
    statement = (
        select(ClaimJob.id)
        .where(ClaimJob.organization_id == organization_id, ClaimJob.file_sha256 == digest)
        .where(ClaimJob.provider == asked["provider"])
        .where(ClaimJob.start_date.is_not_distinct_from(asked["start_date"]))
        .where(ClaimJob.end_date.is_not_distinct_from(asked["end_date"]))
        .where(ClaimJob.include == asked["include"])
        .order_by(ClaimJob.id.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


class Origin(NamedTuple):
    """How a file was read."""

    header: list[str]
    mapping: dict[str, int]
    date_order: str


async def newest_with_header(
    session: ReadSession, organization_id: UUID, header: Sequence[str], besides: Sequence[str]
) -> Origin | None:
    """How the organization's newest file with these columns was read; those `besides` are no matter."""
    own: Any = ClaimJob.header
    for name in besides:
        own = func.array_remove(own, name)
    statement = (
        select(ClaimJob.header, ClaimJob.mapping, ClaimJob.date_order)
        .where(ClaimJob.organization_id == organization_id, own == list(header))
        .order_by(ClaimJob.id.desc())
        .limit(1)
    )
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else Origin(*found)


async def store_job(session: WriteSession, values: dict[str, Any], *, unit_rows: int) -> None:
    """The job, its plan to be made, and the ranges of rows that wait for the plan."""
    await session.execute(insert(ClaimJob).values(**values))
    names = {"job_id": values["id"], "organization_id": values["organization_id"]}
    await session.execute(_PLAN, names)
    await session.execute(_UNITS, {**names, "size": unit_rows, "rows": values["total_rows"]})
    event = {"version": 1, "kind": "uploaded", "data": {"rows": values["total_rows"]}}
    await session.execute(insert(ClaimJobEvent).values(**names, **event))


async def copy_rows(
    session: WriteSession, pieces: AsyncIterator[bytes], columns: Sequence[str]
) -> int:
    """Write rows that are encoded already, with these columns; the number that PostgreSQL took."""
    await session.execute(_PATIENCE)
    connection = await driver(session)
    async with as_owner(session):
        status = await connection.copy_to_table(
            "claim_rows", source=pieces, columns=columns, format="text"
        )
    return int(status.rsplit(" ", 1)[1])
