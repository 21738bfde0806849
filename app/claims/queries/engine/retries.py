"""Statements that let rows of an ended job run again."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.claims.queries.engine.connection import Connection

_PATIENCE: Final = "SELECT set_config('statement_timeout', '60s', true)"

_UNANSWERED: Final = """
SELECT greatest($2 - count(*), 0)::int FROM claim_answers WHERE job_id = $1
"""

_PUT_ASIDE: Final = """
WITH gone AS (
    DELETE FROM claim_answers
    WHERE job_id = $1 AND outcome = 'failed' AND ($2::text[] IS NULL OR error_code = ANY ($2))
    RETURNING job_id, row_no, organization_id, outcome, error_code, error, results, warnings,
        query_ids, evidence_id, decided_at, attempt
)
INSERT INTO claim_answer_history (job_id, row_no, organization_id, outcome, error_code, error,
    results, warnings, query_ids, evidence_id, decided_at, attempt)
SELECT * FROM gone
"""

# What the payer said in the earlier attempt is not used again; its queries stay as evidence of
# answers that are kept, but are no unit's windows any more.
_FORGET: Final = (
    "DELETE FROM payer_claims WHERE job_id = $1",
    "UPDATE payer_queries SET unit_id = NULL WHERE job_id = $1 AND unit_id IS NOT NULL",
    "DELETE FROM claim_units WHERE job_id = $1 AND kind = 'window'",
    """
    DELETE FROM claim_units single
    USING claim_units whole
    WHERE single.job_id = $1 AND single.kind = 'rows'
      AND whole.job_id = $1 AND whole.kind = 'rows'
      AND whole.hi - whole.lo > single.hi - single.lo
      AND single.lo >= whole.lo AND single.hi <= whole.hi
    """,
)

_UNITS: Final = """
UPDATE claim_units u
SET state = CASE u.kind WHEN 'plan' THEN 'READY' ELSE 'WAITING' END, token = NULL,
    lease_until = NULL, run_after = clock_timestamp(), attempts = 0, faults = 0,
    failing_since = NULL, succeeded = counted.succeeded, failed = counted.failed
FROM (
    SELECT own.id, count(*) FILTER (WHERE a.outcome = 'succeeded')::int AS succeeded,
        count(*) FILTER (WHERE a.outcome = 'failed')::int AS failed
    FROM claim_units own
    LEFT JOIN claim_answers a
        ON own.kind = 'rows' AND a.job_id = own.job_id AND a.row_no BETWEEN own.lo AND own.hi
    WHERE own.job_id = $1
    GROUP BY own.id
) counted
WHERE u.id = counted.id
"""

_JOB: Final = """
UPDATE claim_jobs
SET status = 'PENDING', status_reason = NULL, status_reason_code = NULL,
    status_reason_at = NULL, attempt = attempt + 1, outage_since = NULL,
    parked_until = NULL, processing_started_at = NULL, processing_completed_at = NULL,
    alike_found = false, version = version + 1, updated_at = now()
WHERE id = $1 AND status IN ('COMPLETED', 'FAILED', 'CANCELLED')
"""


async def be_patient(connection: Connection) -> None:
    """Let this transaction's statements take as long as a whole file needs."""
    await connection.execute(_PATIENCE)


async def count_unanswered(connection: Connection, job_id: UUID, total_rows: int) -> int:
    """Rows of the job without an answer."""
    count: int = await connection.fetchval(_UNANSWERED, job_id, total_rows)
    return count


async def put_aside(connection: Connection, job_id: UUID, codes: Sequence[str] | None) -> int:
    """Move failed answers with one of the codes (None: any) to the history; says how many."""
    tag: str = await connection.execute(_PUT_ASIDE, job_id, codes)
    return int(tag.rpartition(" ")[2])


async def begin_again(connection: Connection, job_id: UUID) -> None:
    """Back to a job that waits for its plan, with what is answered counted."""
    for statement in _FORGET:
        await connection.execute(statement, job_id)
    await connection.execute(_UNITS, job_id)
    await connection.execute(_JOB, job_id)
