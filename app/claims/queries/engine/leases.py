"""Statements that lease units of work, renew the lease, and give it back.

All times are the database's own; a worker's clock may be days off.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from app.claims.queries.engine.connection import Connection

# Fairness in two steps: of the jobs with something to do, the one whose organization, then which
# itself, holds the fewest live leases; of that job the oldest unit. The lateral sub-select locks a
# unit of the first job only, unless others hold all of that job's units locked at this moment.
_CLAIM: Final = """
WITH held AS (
    SELECT organization_id, job_id, count(*) AS held
    FROM claim_units
    WHERE state = 'LEASED' AND lease_until >= clock_timestamp()
    GROUP BY organization_id, job_id
), busy AS (
    SELECT organization_id, sum(held) AS held FROM held GROUP BY organization_id
), jobs AS MATERIALIZED (
    SELECT j.id
    FROM claim_jobs j
    LEFT JOIN held h ON h.job_id = j.id
    LEFT JOIN busy b ON b.organization_id = j.organization_id
    WHERE j.status IN ('PENDING', 'PROCESSING')
      AND (j.parked_until IS NULL OR j.parked_until <= clock_timestamp())
      AND coalesce(b.held, 0) < $3
      AND EXISTS (
          SELECT FROM claim_units u
          WHERE u.job_id = j.id AND u.state IN ('READY', 'LEASED')
            AND u.run_after <= clock_timestamp()
            AND (u.state = 'READY' OR u.lease_until < clock_timestamp())
      )
    ORDER BY coalesce(b.held, 0), coalesce(h.held, 0), j.id
    LIMIT 20
), pick AS (
    SELECT free.id
    FROM jobs CROSS JOIN LATERAL (
        SELECT u.id FROM claim_units u
        WHERE u.job_id = jobs.id AND u.state IN ('READY', 'LEASED')
          AND u.run_after <= clock_timestamp()
          AND (u.state = 'READY' OR u.lease_until < clock_timestamp())
        ORDER BY u.id LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) free
    LIMIT 1
)
UPDATE claim_units u
SET state = 'LEASED', token = $1, attempts = u.attempts + 1,
    lease_until = clock_timestamp() + make_interval(secs => $2)
FROM pick, claim_jobs j
WHERE u.id = pick.id AND j.id = u.job_id AND j.status IN ('PENDING', 'PROCESSING')
RETURNING u.id, u.job_id, u.organization_id, u.kind, u.lo, u.hi, u.attempts, u.faults,
    extract(epoch FROM clock_timestamp() - least(u.failing_since, j.outage_since))::float8
        AS failing_seconds,
    j.processing_started_at, j.provider, j.use_batch_query, j.start_date, j.end_date, j.mapping, j.attempt, j.status,
    j.total_rows, j.alike_found,
    j.include,
    j.status_reason IS NOT NULL OR j.outage_since IS NOT NULL AS troubled,
    (SELECT epoch FROM claim_epochs) AS epoch
"""

_NEW_EPOCH: Final = "INSERT INTO claim_epochs DEFAULT VALUES ON CONFLICT DO NOTHING"
_EPOCH: Final = "SELECT epoch FROM claim_epochs"

# Both in one statement, because each transaction of the engine begins with it.
_ENTER: Final = """
SELECT set_config('synchronous_commit', 'off', true), (SELECT epoch FROM claim_epochs) = $1
"""

# A cancelled job's worker may still store what it has asked: its lease keeps the job CANCELLING.
_HOLD: Final = """
UPDATE claim_units u
SET lease_until = clock_timestamp() + make_interval(secs => $3),
    attempts = CASE WHEN $4 THEN 1 ELSE u.attempts END
FROM claim_jobs j
WHERE u.id = $1 AND u.token = $2 AND u.state = 'LEASED'
  AND j.id = u.job_id AND j.status IN ('PROCESSING', 'CANCELLING')
RETURNING j.status
"""

_GIVE_BACK: Final = """
UPDATE claim_units
SET state = 'READY', token = NULL, lease_until = NULL,
    attempts = CASE WHEN $4 THEN attempts ELSE 0 END,
    run_after = clock_timestamp() + make_interval(secs => $3)
WHERE id = $1 AND token = $2 AND state = 'LEASED'
RETURNING id
"""

# Not FOR UPDATE: two workers that have both just inserted a unit hold the key share of its foreign
# key, and would wait for each other for ever.
_DONE: Final = """
WITH job AS (
    SELECT id, status, total_rows, attempt FROM claim_jobs WHERE id = $3 FOR NO KEY UPDATE
)
UPDATE claim_units u
SET state = 'DONE', token = NULL, lease_until = NULL, faults = 0, failing_since = NULL
FROM job
WHERE u.id = $1 AND u.token = $2 AND u.state = 'LEASED'
RETURNING job.status, job.total_rows, job.attempt
"""

_FAULTED: Final = """
UPDATE claim_units
SET faults = faults + 1, failing_since = coalesce(failing_since, clock_timestamp())
WHERE id = $1
"""

_SOUND: Final = (
    "UPDATE claim_units SET faults = 0, failing_since = NULL WHERE id = $1 AND faults > 0"
)

_START: Final = """
UPDATE claim_jobs
SET status = 'PROCESSING', processing_started_at = clock_timestamp(), updated_at = now(),
    version = version + 1
WHERE id = $1 AND status = 'PENDING'
RETURNING processing_started_at
"""


async def claim(
    connection: Connection, token: UUID, seconds: float, *, most: int
) -> asyncpg.Record | None:
    """Lease the unit that is next by fairness; it comes with what its job asks for.

    An organization holds `most` live leases at the most.
    """
    return await connection.fetchrow(_CLAIM, token, seconds, most)


async def begin_epoch(connection: Connection) -> UUID:
    """Give the database's present epoch a name, where it has none since its last crash."""
    await connection.execute(_NEW_EPOCH)
    epoch: UUID = await connection.fetchval(_EPOCH)
    return epoch


async def enter(connection: Connection, epoch: UUID) -> bool:
    """Let this transaction's commit not wait for the disk; False when the database has crashed
    since `epoch`, so that writes that were committed may be gone.
    """
    row = await connection.fetchrow(_ENTER, epoch)
    return row is not None and row[1] is True


async def start(connection: Connection, job_id: UUID) -> datetime | None:
    """PENDING to PROCESSING; gives the moment, or None where the job is not PENDING."""
    started_at: datetime | None = await connection.fetchval(_START, job_id)
    return started_at


async def hold(
    connection: Connection, unit_id: int, token: UUID, seconds: float, *, progress: bool
) -> str | None:
    """Prolong the lease and give the job's status; None for whoever lost the lease."""
    status: str | None = await connection.fetchval(_HOLD, unit_id, token, seconds, progress)
    return status


async def give_back(
    connection: Connection, unit_id: int, token: UUID, seconds: float, *, died: bool
) -> bool:
    """End the lease, for anybody to take from in `seconds`; `died` keeps the count of deaths."""
    return await connection.fetchval(_GIVE_BACK, unit_id, token, seconds, died) is not None


async def finish(
    connection: Connection, unit_id: int, token: UUID, job_id: UUID
) -> asyncpg.Record | None:
    """The unit is done, and its job's row held until the transaction ends.

    Gives the job's status, total_rows and attempt; None for whoever lost the lease.
    """
    return await connection.fetchrow(_DONE, unit_id, token, job_id)


async def note_fault(connection: Connection, unit_id: int) -> None:
    """One more round that ended with a payer fault."""
    await connection.execute(_FAULTED, unit_id)


async def note_answer(connection: Connection, unit_id: int) -> None:
    """The payer answered: its faults no longer count against the unit."""
    await connection.execute(_SOUND, unit_id)
