"""The sweeper: rings for what is due and ends what ended unseen, whoever died in between."""

from typing import Final
from uuid import UUID

from app.claims.engine.finish import conclude, end_cancelled
from app.claims.queries.engine import jobs, sweeps
from app.claims.queries.engine.connection import Connection
from app.core.audit import Entry, record
from app.core.db import Database, Scope, driver
from app.core.log import logger
from app.worker.doorbell import ring_now

WORK: Final = "claims.work"
# A queue cannot pile up: each sweep rings so often at most, and messages expire.
MOST_RINGS: Final = 4
# What a deleted job leaves is taken away in transactions of some milliseconds each.
PIECE_ROWS: Final = 2_000
MOST_PIECES: Final = 10


async def sweep(database: Database) -> None:
    """One round; does nothing where another process is in one at this moment."""
    async with database.write(Scope.system()) as session:
        connection = await driver(session)
        if not await sweeps.try_lock(connection):
            return
        runnable = await sweeps.count_runnable(connection, MOST_RINGS)
        ending = await sweeps.cancelling(connection)
        stuck = await sweeps.stuck(connection)
    for _ in range(runnable):
        ring_now(WORK)
    for job_id in ending:
        async with database.write(Scope.system()) as session:
            await end_cancelled(await driver(session), job_id)
    for job_id in stuck:
        async with database.write(Scope.system()) as session:
            await _free(await driver(session), job_id)
    await _purge(database)


async def _free(connection: Connection, job_id: UUID) -> None:
    """Set a running job going again that has nothing runnable, or end it."""
    job = await jobs.lock(connection, job_id)
    if job is None or job["status"] != "PROCESSING":
        return
    any_unit, any_window = await jobs.open_work(connection, job_id)
    if not any_unit:
        await conclude(connection, job_id, job)
    elif not any_window:
        await jobs.wake_rows(connection, job_id)
    logger.warning("claims.job_freed", job_id=job_id)


async def _purge(database: Database) -> None:
    async with database.write(Scope.system()) as session:
        connection = await driver(session)
        await sweeps.purge_idempotency_keys(connection)
        job = await sweeps.expired(connection)
        if job is not None:
            await sweeps.leave(connection, job["id"])
            organization_id, subject = job["organization_id"], str(job["id"])
            record(session, Entry("claims.job_purged", None, organization_id, "claim_job", subject))
    if job is not None:
        logger.info("claims.job_purged", job_id=job["id"], organization_id=job["organization_id"])
    for _ in range(MOST_PIECES):
        async with database.write(Scope.system()) as session:
            if await sweeps.clear(await driver(session), PIECE_ROWS) is None:
                return
