"""Statements that say why a job does not go on, and leave it alone for a while."""

from typing import Final
from uuid import UUID

from app.claims.queries.engine import jobs
from app.claims.queries.engine.connection import Connection
from app.claims.reasons import Why

_TROUBLE: Final = """
UPDATE claim_jobs j
SET outage_since = CASE WHEN $3 THEN coalesce(j.outage_since, clock_timestamp())
        ELSE j.outage_since END,
    parked_until = least(
        greatest(j.parked_until, clock_timestamp() + make_interval(secs => $4)),
        CASE WHEN $3 THEN coalesce(j.outage_since, clock_timestamp())
            + make_interval(secs => $5) END
    ),
    status_reason = why.text, status_reason_code = $6,
    status_reason_at = CASE WHEN $3 THEN why.until END, updated_at = now(),
    version = j.version + CASE WHEN j.status_reason IS DISTINCT FROM why.text THEN 1 ELSE 0 END
FROM (
    SELECT id, status_reason, until, replace($2, '{until}', to_char(until, 'HH24:MI "UTC"')) AS text
    FROM claim_jobs, LATERAL (
        SELECT coalesce(outage_since, clock_timestamp()) + make_interval(secs => $5) AS until
    ) window_end
    WHERE id = $1 FOR NO KEY UPDATE OF claim_jobs
) why
WHERE j.id = why.id AND j.status = 'PROCESSING'
RETURNING why.text AS reason, why.status_reason IS DISTINCT FROM why.text AS is_new
"""

_PARK: Final = """
UPDATE claim_jobs
SET parked_until = greatest(parked_until, clock_timestamp() + make_interval(secs => $2))
WHERE id = $1 AND status = 'PROCESSING'
"""

_WELL: Final = """
UPDATE claim_jobs
SET outage_since = NULL, parked_until = NULL, status_reason = NULL,
    status_reason_code = NULL, status_reason_at = NULL, version = version + 1,
    updated_at = now()
WHERE id = $1 AND (outage_since IS NOT NULL OR status_reason IS NOT NULL)
  AND status = 'PROCESSING'
RETURNING id
"""


async def trouble(
    connection: Connection,
    job_id: UUID,
    why: Why,
    *,
    outage: bool,
    park_seconds: float,
    window_seconds: float,
) -> None:
    """Say why the job does not go on, and leave it alone for a while.

    `{until}` in its words becomes the time at which the retry window ends.
    """
    row = await connection.fetchrow(
        _TROUBLE, job_id, why.words, outage, park_seconds, window_seconds, why.code
    )
    if row and row["is_new"]:
        told = {"status_reason": row["reason"], "status_reason_code": why.code}
        await jobs.note(connection, job_id, "reason", **told)


async def park(connection: Connection, job_id: UUID, seconds: float) -> None:
    """Leave the job alone for a while, without a word: our own brakes are no fault."""
    await connection.execute(_PARK, job_id, seconds)


async def well(connection: Connection, job_id: UUID) -> None:
    """The payer answers again."""
    if await connection.fetchval(_WELL, job_id) is not None:
        await jobs.note(connection, job_id, "reason", status_reason=None, status_reason_code=None)
