"""The end of a unit, and with the last one the end of its job."""

import json
from typing import Final
from uuid import UUID

import asyncpg

from app.claims.engine.bench import Bench, Fenced, Unit
from app.claims.errors import ROW_CODES
from app.claims.queries.engine import jobs, leases
from app.claims.queries.engine.connection import Connection
from app.claims.reasons import Why
from app.core.log import logger
from app.core.meters import ROW_ERRORS, count
from app.webhooks.outbox import emit_over
from app.webhooks.schemas import EventType

_LEFT: Final = f"{ROW_CODES['internal'].title}."

_EVENTS: Final[dict[str, EventType]] = {
    "COMPLETED": "claims.job_completed",
    "FAILED": "claims.job_failed",
    "CANCELLED": "claims.job_cancelled",
}


async def fence(connection: Connection, bench: Bench, unit: Unit, *, progress: bool = True) -> None:
    """Prolong the lease inside the caller's transaction, before it writes.

    Raises:
        Fenced: the lease is lost or the job has ended; the transaction has to be rolled back.
    """
    status = await leases.hold(
        connection, unit.id, unit.token, bench.lease_seconds, progress=progress
    )
    obey(unit, status)


def obey(unit: Unit, status: str | None) -> None:
    """Take in what the fence said.

    Raises:
        Fenced: it said that the lease is lost.
    """
    if status is None:
        raise Fenced
    unit.is_cancelling = status == "CANCELLING"


async def complete(connection: Connection, bench: Bench, unit: Unit) -> None:
    """End the unit; the last window wakes the rows, the last unit ends the job.

    The job's row is locked, so that of two last workers one sees the other's end.

    Raises:
        Fenced: the lease is lost.
    """
    job = await leases.finish(connection, unit.id, unit.token, unit.job_id)
    if job is None:
        raise Fenced
    any_unit, any_window = await jobs.open_work(connection, unit.job_id)
    if not any_unit:
        await conclude(connection, unit.job_id, job)
    elif not any_window and unit.kind != "rows":
        await jobs.wake_rows(connection, unit.job_id)
    bench.news.set()


async def conclude(connection: Connection, job_id: UUID, job: asyncpg.Record) -> None:
    """End a job that is locked and has nothing left to do."""
    if job["status"] == "CANCELLING":
        await end(connection, job_id, "CANCELLED")
        return
    counts = await jobs.count_by_units(connection, job_id)
    if counts.succeeded + counts.failed != job["total_rows"]:
        counts = await _answer_all(connection, job_id, job)
    if await end(connection, job_id, "COMPLETED", counts=counts):
        for code, number in json.loads(counts.reasons).items():
            count(ROW_ERRORS, code, times=number)
        logger.info("claims.job_completed", job_id=job_id, rows=job["total_rows"])


async def _answer_all(connection: Connection, job_id: UUID, job: asyncpg.Record) -> jobs.Counts:
    """Leave no row out, and count the answers themselves."""
    counts = await jobs.count_answers(connection, job_id)
    if counts.succeeded + counts.failed < job["total_rows"]:
        # Whose leader was answered in the moment in which it was found to be one.
        await jobs.answer_alike(connection, job_id)
        counts = await jobs.count_answers(connection, job_id)
    if counts.succeeded + counts.failed < job["total_rows"]:
        # Every road above answers each row; should one ever not, no row is lost over it.
        left = await jobs.answer_left(connection, job_id, job["attempt"], _LEFT)
        logger.error("claims.rows_left", job_id=job_id, count=left)
        counts = await jobs.count_answers(connection, job_id)
    await jobs.correct_units(connection, job_id, counts)
    return counts


async def end(
    connection: Connection,
    job_id: UUID,
    status: str,
    *,
    why: Why | None = None,
    counts: jobs.Counts | None = None,
) -> bool:
    """End the job, and tell whoever wants to be told; False where it had ended.

    What is told names no file, no person and no reason in words: it leaves this server.
    """
    if not await jobs.end(connection, job_id, status, why=why, counts=counts):
        return False
    facts = await jobs.ended(connection, job_id)
    await emit_over(
        connection,
        organization_id=facts.pop("organization_id"),
        event_type=_EVENTS[status],
        data={"job_id": str(job_id), "status": status, **facts},
    )
    return True


async def end_cancelled(connection: Connection, job_id: UUID) -> bool:
    """CANCELLING to CANCELLED once nobody works for the job any more."""
    job = await jobs.lock(connection, job_id)
    if job is None or job["status"] != "CANCELLING":
        return False
    if await jobs.has_live_lease(connection, job_id):
        return False
    return await end(connection, job_id, "CANCELLED")


async def fail(bench: Bench, unit: Unit, why: Why) -> None:
    """The job as a whole cannot run; what it has is kept.

    Raises:
        Fenced: the lease is lost.
    """
    async with bench.writing(unit) as connection:
        if await leases.finish(connection, unit.id, unit.token, unit.job_id) is None:
            raise Fenced
        await end(connection, unit.job_id, "FAILED", why=why)
    logger.error("claims.job_failed", job_id=unit.job_id)
