"""A look, in one transaction, at rows that wait for the windows of their job."""

from typing import Final, NamedTuple
from uuid import UUID

from app.claims.queries.engine.connection import Connection

# Whoever wakes the rows meanwhile waits for the end of the transaction, and finds the unit waiting.
_BORROW: Final = """
UPDATE claim_units
SET state = 'LEASED', token = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
    run_after = clock_timestamp()
WHERE id = (
    SELECT id FROM claim_units
    WHERE job_id = $1 AND kind = 'rows' AND state = 'WAITING'
      AND run_after <= clock_timestamp() - make_interval(secs => $4)
    ORDER BY run_after, id LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id, lo, hi
"""


class Borrowed(NamedTuple):
    """A unit of rows, nobody else's until the transaction ends."""

    id: int
    lo: int
    hi: int


async def borrow(
    connection: Connection, job_id: UUID, token: UUID, *, lease_seconds: float, rest_seconds: float
) -> Borrowed | None:
    """The unit of the job that waits for windows and was looked at longest ago, if any may be."""
    row = await connection.fetchrow(_BORROW, job_id, token, lease_seconds, rest_seconds)
    return Borrowed(*row) if row else None
