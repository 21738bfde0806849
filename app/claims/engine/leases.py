"""Leasing a unit, keeping the lease alive while it is worked on, and giving it back."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from app.claims.engine.bench import Bench, JobFacts, Unit
from app.claims.engine.finish import end_cancelled, obey
from app.claims.payers.details import Extra
from app.claims.queries.engine import jobs, leases
from app.claims.queries.engine.connection import Record
from app.core.db import DatabaseAway, DatabaseBusy, Scope
from app.core.ids import new_id


async def claim(bench: Bench) -> Unit | None:
    """Lease the next unit of any organization, or None where nothing is to do.

    Organizations, then jobs, with the fewest live leases come first, so that a large file does not
    starve a small one. The first claim of a job moves it from PENDING to PROCESSING.
    """
    token = new_id()
    # The one statement of the engine with the system's eyes: whose turn it is, is nobody's secret.
    async with bench.database.bulk(Scope.system(), durable=False) as connection:
        most = bench.settings.claims.organization_leases
        row = await leases.claim(connection, token, bench.lease_seconds, most=most)
        if row is None:
            return None
        started_at = row["processing_started_at"]
        if row["status"] == "PENDING":
            started_at = await leases.start(connection, row["job_id"])
            if started_at is None:
                # Cancelled this moment: the lease goes with the transaction.
                await leases.give_back(connection, row["id"], token, 0.0, died=False)
                return None
            await jobs.note(connection, row["job_id"], "status", status="PROCESSING")
        epoch = row["epoch"] or await leases.begin_epoch(connection)
    return _unit(row, token, started_at, epoch)


def _unit(row: Record, token: UUID, started_at: datetime, epoch: UUID) -> Unit:
    return Unit(
        id=row["id"],
        job_id=row["job_id"],
        organization_id=row["organization_id"],
        kind=row["kind"],
        lo=row["lo"],
        hi=row["hi"],
        token=token,
        epoch=epoch,
        attempts=row["attempts"],
        faults=row["faults"],
        failing_seconds=row["failing_seconds"],
        troubled=row["troubled"],
        job=JobFacts(
            provider=row["provider"],
            use_batch_query=row["use_batch_query"],
            start_date=row["start_date"],
            end_date=row["end_date"],
            mapping=row["mapping"],
            attempt=row["attempt"],
            total_rows=row["total_rows"],
            alike_found=row["alike_found"],
            include=frozenset(map(Extra, row["include"])),
            today=started_at.astimezone(UTC).date(),
        ),
    )


async def keep_alive(bench: Bench, unit: Unit) -> None:
    """Renew the lease every third of its life, until cancelled or until it is lost.

    A database that is away or has the row locked is no reason to stop: whoever takes over a lease
    that ran out is told apart by the fence.

    Raises:
        Fenced: the lease is lost.
    """
    while True:
        await asyncio.sleep(bench.lease_seconds / 3)
        try:
            await renew(bench, unit)
        except (DatabaseAway, DatabaseBusy):
            continue


async def renew(bench: Bench, unit: Unit) -> None:
    """Prolong the lease once.

    Raises:
        Fenced: the lease is lost.
    """
    async with bench.writing(unit) as connection:
        status = await leases.hold(
            connection, unit.id, unit.token, bench.lease_seconds, progress=False
        )
        obey(unit, status)


async def release(bench: Bench, unit: Unit, *, seconds: float = 0.0, died: bool = False) -> None:
    """Give the unit back; where its job is being cancelled, the last one back ends it."""
    async with bench.any_epoch(unit) as connection:
        given = await leases.give_back(connection, unit.id, unit.token, seconds, died=died)
    if given and unit.is_cancelling:
        async with bench.any_epoch(unit) as connection:
            await end_cancelled(connection, unit.job_id)
