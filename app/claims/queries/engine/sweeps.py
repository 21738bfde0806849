"""Statements of the sweeper: what is due, what has ended unseen, what is past its time."""

from typing import Final
from uuid import UUID

import asyncpg

from app.claims.models import STATUSES
from app.claims.queries.engine.connection import Connection

# Any fixed number will do; one sweeper at a time is enough.
_LOCK: Final = "SELECT pg_try_advisory_xact_lock(7203411191)"

_RUNNABLE: Final = """
SELECT count(*)::int FROM (
    SELECT 1
    FROM claim_jobs j
    JOIN claim_units u ON u.job_id = j.id
    WHERE j.status IN ('PENDING', 'PROCESSING')
      AND (j.parked_until IS NULL OR j.parked_until <= clock_timestamp())
      AND u.state IN ('READY', 'LEASED') AND u.run_after <= clock_timestamp()
      AND (u.state = 'READY' OR u.lease_until < clock_timestamp())
    LIMIT $1
) due
"""

_CANCELLING: Final = "SELECT id FROM claim_jobs WHERE status = 'CANCELLING' ORDER BY id LIMIT 100"

# Neither should ever be: the last unit ends its job, the last window wakes the rows.
_STUCK: Final = """
SELECT j.id FROM claim_jobs j
WHERE j.status = 'PROCESSING' AND NOT EXISTS (
    SELECT FROM claim_units u
    WHERE u.job_id = j.id AND u.state IN ('READY', 'LEASED')
)
ORDER BY j.id LIMIT 100
"""

_EXPIRED: Final = """
SELECT id, organization_id, user_id FROM claim_jobs
WHERE expires_at < clock_timestamp() AND status IN ('COMPLETED', 'CANCELLED', 'FAILED')
ORDER BY expires_at LIMIT 1
FOR UPDATE SKIP LOCKED
"""

BULK_TABLES: Final = (
    "claim_rows",
    "claim_twins",
    "claim_answers",
    "claim_answer_history",
    "claim_evidence",
    "payer_claims",
    "payer_queries",
    "claim_units",
)
"""What belongs to a job and has no foreign key to it: it may be hundreds of thousands of rows."""

_LEAVE: Final = """
INSERT INTO claim_leavings (job_id, organization_id)
SELECT id, organization_id FROM claim_jobs WHERE id = $1
ON CONFLICT DO NOTHING
"""

_LEFT_BEHIND: Final = """
SELECT job_id FROM claim_leavings ORDER BY job_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_CLEAR: Final = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE job_id = $1 LIMIT $2))
"""

_KEYS: Final = """
DELETE FROM idempotency_keys WHERE (scope, key) IN (
    SELECT scope, key FROM idempotency_keys WHERE expires_at < clock_timestamp() LIMIT 1000
)
"""

_BY_STATUS: Final = "SELECT status, count(*)::int AS n FROM claim_jobs GROUP BY status"

_BACKLOG: Final = """
SELECT count(*)::int AS waiting,
    coalesce(extract(epoch FROM clock_timestamp() - min(j.created_at)), 0)::float8 AS oldest
FROM claim_jobs j
WHERE j.status = 'PENDING'
"""


async def try_lock(connection: Connection) -> bool:
    """Whether this transaction is the one sweeper of the moment."""
    locked: bool = await connection.fetchval(_LOCK)
    return locked


async def count_runnable(connection: Connection, at_most: int) -> int:
    """Units that could be leased now, counted up to a bound."""
    count: int = await connection.fetchval(_RUNNABLE, at_most)
    return count


async def cancelling(connection: Connection) -> list[UUID]:
    """Jobs that end once nobody works for them."""
    return [row["id"] for row in await connection.fetch(_CANCELLING)]


async def stuck(connection: Connection) -> list[UUID]:
    """Running jobs without a unit that could run."""
    return [row["id"] for row in await connection.fetch(_STUCK)]


async def expired(connection: Connection) -> asyncpg.Record | None:
    """One ended job that is past its time, locked."""
    return await connection.fetchrow(_EXPIRED)


async def leave(connection: Connection, job_id: UUID) -> None:
    """Delete a job at once, and note what it leaves behind: `clear` takes that away in pieces."""
    await connection.execute(_LEAVE, job_id)
    await connection.execute("DELETE FROM claim_jobs WHERE id = $1", job_id)


async def clear(connection: Connection, at_most: int) -> int | None:
    """Take away a piece of what a deleted job has left; None where there is nothing any more.

    So many rows of each bulk table at most, so that no lock is held and no statement runs for long.
    """
    job_id = await connection.fetchval(_LEFT_BEHIND)
    if job_id is None:
        return None
    removed = 0
    for table in BULK_TABLES:
        tag = await connection.execute(_CLEAR.format(table=table), job_id, at_most)
        removed += int(tag.rpartition(" ")[2])
    if removed == 0:
        await connection.execute("DELETE FROM claim_leavings WHERE job_id = $1", job_id)
    return removed


async def purge_idempotency_keys(connection: Connection) -> int:
    """Delete some keys whose answer is not given again any more; says how many."""
    tag: str = await connection.execute(_KEYS)
    return int(tag.rpartition(" ")[2])


async def by_status(connection: Connection) -> dict[str, int]:
    """How many jobs there are of each status."""
    found = {row["status"]: row["n"] for row in await connection.fetch(_BY_STATUS)}
    return {status: found.get(status, 0) for status in STATUSES}


async def backlog(connection: Connection) -> tuple[int, float]:
    """Jobs that nobody has begun, and the age of the oldest in seconds."""
    row = await connection.fetchrow(_BACKLOG)
    return (row["waiting"], row["oldest"]) if row else (0, 0.0)
