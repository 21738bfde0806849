"""Statements that move a job from status to status; each move writes its event."""

import json
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from app.claims.queries.engine.connection import Connection
from app.claims.reasons import Why

_EVENT: Final = """
INSERT INTO claim_job_events (job_id, version, organization_id, kind, data)
SELECT id, version, organization_id, $2, $3::text::jsonb FROM claim_jobs WHERE id = $1
"""

# Not FOR UPDATE: two workers that have both just inserted a unit hold the key share of its foreign
# key, and would wait for each other for ever.
_LOCK: Final = """
SELECT status, total_rows, attempt FROM claim_jobs WHERE id = $1 FOR NO KEY UPDATE
"""

_OPEN: Final = """
SELECT
    EXISTS (SELECT FROM claim_units WHERE job_id = $1 AND state <> 'DONE') AS units,
    EXISTS (SELECT FROM claim_units WHERE job_id = $1 AND state <> 'DONE' AND kind = 'window')
        AS windows
"""

_WAKE: Final = """
UPDATE claim_units SET state = 'READY', run_after = clock_timestamp()
WHERE job_id = $1 AND state = 'WAITING' AND kind = 'rows'
"""

_COUNTS: Final = """
SELECT coalesce(sum(n) FILTER (WHERE outcome = 'succeeded'), 0)::int AS succeeded,
    coalesce(sum(n) FILTER (WHERE outcome = 'failed'), 0)::int AS failed,
    coalesce(jsonb_object_agg(error_code, n) FILTER (WHERE outcome = 'failed'), '{}')::text
        AS reasons
FROM (
    SELECT outcome, error_code, count(*) AS n FROM claim_answers WHERE job_id = $1
    GROUP BY outcome, error_code
) counted
"""

# The units' counters move in the statements that write the answers; the failed have an index.
_COUNTS_BY_UNITS: Final = """
SELECT coalesce(sum(u.succeeded), 0)::int AS succeeded, coalesce(sum(u.failed), 0)::int AS failed,
    (
        SELECT coalesce(jsonb_object_agg(error_code, n), '{}')::text
        FROM (
            SELECT error_code, count(*) AS n FROM claim_answers
            WHERE job_id = $1 AND outcome = 'failed' GROUP BY error_code
        ) counted
    ) AS reasons
FROM claim_units u WHERE u.job_id = $1
"""

_CORRECT_UNITS: Final = """
UPDATE claim_units u
SET succeeded = u.succeeded + $2 - told.succeeded, failed = u.failed + $3 - told.failed
FROM (
    SELECT sum(succeeded) AS succeeded, sum(failed) AS failed FROM claim_units WHERE job_id = $1
) told
WHERE u.job_id = $1 AND u.kind = 'plan'
"""

_END: Final = """
UPDATE claim_jobs
SET status = $2, status_reason = $3, status_reason_code = $7, status_reason_at = NULL,
    success_count = $4, failure_count = $5, failures_by_reason = $6::text::jsonb,
    processing_completed_at = clock_timestamp(),
    outage_since = NULL, parked_until = NULL, version = version + 1, updated_at = now()
WHERE id = $1 AND status IN ('PENDING', 'PROCESSING', 'CANCELLING')
RETURNING id
"""

_ENDED: Final = """
SELECT organization_id, attempt, total_rows, success_count, failure_count,
    total_rows - success_count - failure_count AS unprocessed_rows, failures_by_reason
FROM claim_jobs WHERE id = $1
"""

_LEFT: Final = """
INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code, error)
SELECT r.job_id, r.row_no, r.organization_id, $2, 'failed', 'internal', $3::text::jsonb
FROM claim_rows r
WHERE r.job_id = $1
  AND NOT EXISTS (SELECT FROM claim_answers a WHERE a.job_id = r.job_id AND a.row_no = r.row_no)
"""

_ALIKE: Final = """
INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code, error,
    results, warnings, query_ids, evidence_id)
SELECT t.job_id, t.row_no, t.organization_id, a.attempt, a.outcome, a.error_code, a.error,
    a.results, a.warnings, a.query_ids, a.evidence_id
FROM claim_twins t JOIN claim_answers a ON a.job_id = t.job_id AND a.row_no = t.leader
WHERE t.job_id = $1
ON CONFLICT DO NOTHING
"""

_CANCEL: Final = """
UPDATE claim_jobs
SET status = 'CANCELLING', version = version + 1, updated_at = now()
WHERE id = $1 AND status = 'PROCESSING'
RETURNING id
"""

# A unit that somebody is writing to at this moment is skipped, and so keeps the job alive.
_REVOKE: Final = """
UPDATE claim_units SET state = 'READY', token = NULL, lease_until = NULL
WHERE id IN (
    SELECT id FROM claim_units
    WHERE job_id = $1 AND state = 'LEASED' AND lease_until < clock_timestamp()
    FOR UPDATE SKIP LOCKED
)
"""

_LEASED: Final = "SELECT EXISTS (SELECT FROM claim_units WHERE job_id = $1 AND state = 'LEASED')"

_WARN: Final = """
UPDATE claim_jobs SET warnings = warnings || $2::text::jsonb, updated_at = now()
WHERE id = $1 AND NOT warnings @> $2::text::jsonb
"""


class Counts(NamedTuple):
    """The answers of a job; `reasons` are the failed ones by code, as JSON."""

    succeeded: int = 0
    failed: int = 0
    reasons: str = "{}"


async def note(connection: Connection, job_id: UUID, kind: str, **data: object) -> None:
    """Write the event of the version that the job has just got."""
    await connection.execute(_EVENT, job_id, kind, json.dumps(data))


async def lock(connection: Connection, job_id: UUID) -> asyncpg.Record | None:
    """Hold the job's row until the transaction ends; its status, total_rows and attempt."""
    return await connection.fetchrow(_LOCK, job_id)


async def open_work(connection: Connection, job_id: UUID) -> tuple[bool, bool]:
    """Whether any unit, and whether any window, is not done."""
    row = await connection.fetchrow(_OPEN, job_id)
    return (row["units"], row["windows"]) if row else (False, False)


async def wake_rows(connection: Connection, job_id: UUID) -> None:
    """Make the units that waited for windows runnable."""
    await connection.execute(_WAKE, job_id)


async def count_answers(connection: Connection, job_id: UUID) -> Counts:
    """What the answers themselves add up to."""
    return _counts(await connection.fetchrow(_COUNTS, job_id))


async def count_by_units(connection: Connection, job_id: UUID) -> Counts:
    """What the units say that was written; an ending job holds it against its number of rows."""
    return _counts(await connection.fetchrow(_COUNTS_BY_UNITS, job_id))


def _counts(row: asyncpg.Record | None) -> Counts:
    return Counts(row["succeeded"], row["failed"], row["reasons"]) if row else Counts()


async def correct_units(connection: Connection, job_id: UUID, counts: Counts) -> None:
    """Put what the units did not count on the job's plan, so that they add up to `counts`."""
    await connection.execute(_CORRECT_UNITS, job_id, counts.succeeded, counts.failed)


async def end(
    connection: Connection,
    job_id: UUID,
    status: str,
    *,
    why: Why | None = None,
    counts: Counts | None = None,
) -> bool:
    """End the job with the counts of its answers, unless they are given; False where it had ended."""
    await connection.execute("SET LOCAL synchronous_commit = on")
    told = counts or await count_answers(connection, job_id)
    code, reason = why or (None, None)
    ended = await connection.fetchval(_END, job_id, status, reason, *told, code)
    if ended is None:
        return False
    await note(
        connection, job_id, "status", status=status, status_reason=reason, status_reason_code=code
    )
    return True


async def answer_alike(connection: Connection, job_id: UUID) -> None:
    """Give rows alike the answer of their leader, where they have none."""
    await connection.execute(_ALIKE, job_id)


async def ended(connection: Connection, job_id: UUID) -> dict[str, Any]:
    """The job's organization, attempt and counts, as they stand at its end."""
    row = await connection.fetchrow(_ENDED, job_id)
    if row is None:
        raise LookupError("the job that has just ended is gone")
    return dict(row)


async def answer_left(connection: Connection, job_id: UUID, attempt: int, message: str) -> int:
    """Give every row without an answer the answer `internal`; says how many there were."""
    error = json.dumps({"field": None, "message": message})
    tag: str = await connection.execute(_LEFT, job_id, attempt, error)
    return int(tag.rpartition(" ")[2])


async def begin_cancel(connection: Connection, job_id: UUID) -> bool:
    """PROCESSING to CANCELLING; False for any other status."""
    if await connection.fetchval(_CANCEL, job_id) is None:
        return False
    await note(connection, job_id, "status", status="CANCELLING")
    return True


async def has_live_lease(connection: Connection, job_id: UUID) -> bool:
    """Whether somebody works for the job; leases that ran out are taken away on the way."""
    await connection.execute(_REVOKE, job_id)
    leased: bool = await connection.fetchval(_LEASED, job_id)
    return leased


async def warn(connection: Connection, job_id: UUID, warning: dict[str, object]) -> None:
    """Add a warning that the job shows, once."""
    await connection.execute(_WARN, job_id, json.dumps([warning]))
