"""The plain case of a batch job in one statement: a claim number found with its very person.

What matching would have to weigh (other names, other days, several candidates) is left alone, and
so is whatever nobody found: that is judged row by row, with what the windows cover.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.claims.queries.engine.connection import Connection
from app.claims.queries.engine.rows import Writer

# The same as `matching.match` where number, birth date and both names are equal and the days do not
# contradict: no doubt, no warning but the claim's own. PostgreSQL has no statistics of what came in
# a moment ago: behind OFFSET 0 each row looks its claim up by the key, and by nothing else.
_SETTLE: Final = """
WITH found AS (
    INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, results,
        warnings, query_ids)
    SELECT $1, r.row_no, $2, $3, 'succeeded', c.results, c.warnings, ARRAY[c.query_id]
    FROM claim_rows r
    CROSS JOIN LATERAL (
        SELECT p.* FROM payer_claims p WHERE p.job_id = $1 AND p.claim_key = r.claim_key OFFSET 0
    ) c
    WHERE r.job_id = $1 AND r.row_no BETWEEN $5 AND $6
      AND r.row_no NOT IN (
          SELECT a.row_no FROM claim_answers a WHERE a.job_id = $1 AND a.row_no BETWEEN $5 AND $6
      )
      AND c.date_of_birth = r.date_of_birth
      AND c.last_key = r.last_key AND c.first_key = r.first_key
      AND c.last_key <> '' AND c.first_key <> ''
      AND (coalesce(r.service_from, r.service_to) IS NULL
        OR coalesce(c.service_from, c.service_to) IS NULL
        OR (coalesce(c.service_from, c.service_to) <= coalesce(r.service_to, r.service_from)
          AND coalesce(r.service_from, r.service_to) <= coalesce(c.service_to, c.service_from)))
      AND CASE
          WHEN r.practice_id IS NOT NULL THEN c.tin = (
              SELECT own.tin FROM practices own WHERE own.id = r.practice_id AND own.is_active
          )
          WHEN r.tin IS NOT NULL THEN c.tin = r.tin
          ELSE c.tin = ANY ($7::text[])
      END
      AND CASE
          WHEN r.payer_id IS NULL THEN c.query_id IN (
              SELECT q.id FROM payer_queries q WHERE q.job_id = $1 AND q.payer_id = $8
          )
          ELSE EXISTS (
              SELECT FROM payer_queries q
              WHERE q.id = c.query_id AND q.payer_id = r.payer_id OFFSET 0
          )
      END
      AND (NOT $9::bool OR NOT EXISTS (
          SELECT FROM payer_claims o
          WHERE o.job_id = $1 AND o.claim_key = r.claim_key AND o.tin <> c.tin OFFSET 0
      ))
      AND (NOT $12::bool OR r.practice_id IS NOT NULL OR r.tin IS NOT NULL
        OR cardinality($7::text[]) = 1)
    {on_conflict}
    RETURNING row_no
), counted AS (
    SELECT count(*)::int AS succeeded FROM found
)
UPDATE claim_units u
SET succeeded = u.succeeded + counted.succeeded, attempts = 1,
    lease_until = clock_timestamp() + make_interval(secs => $10)
FROM counted, claim_jobs j
WHERE u.id = $4 AND u.token = $11 AND u.state = 'LEASED'
  AND j.id = u.job_id AND j.status IN ('PROCESSING', 'CANCELLING')
RETURNING j.status, j.alike_found, counted.succeeded
"""

# One claim by its whole key: through a bitmap each would take twice as long, and where its page is
# not in PostgreSQL's memory it would wait for another process to read it.
_BY_KEY: Final = "SET LOCAL enable_bitmapscan = off"

# Where rows alike are known, somebody else's answer may bring theirs at this moment. Elsewhere only
# the unit answers its rows, and to look for a conflict costs a quarter of the whole.
_SETTLE_ALONE: Final = _SETTLE.format(on_conflict="")
_SETTLE_ALIKE: Final = _SETTLE.format(on_conflict="ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class Range:
    """Rows from `lo` to `hi`, and where those that name no practice or payer id are asked."""

    lo: int
    hi: int
    tins: Sequence[str]
    usual_payer_id: str
    is_early: bool = False
    """Windows are still walked: a row of several practices may find its number with another one."""


class Settled(NamedTuple):
    """What the statement did, and what it saw of the job."""

    status: str
    alike_found: bool
    rows: int


async def settle(
    connection: Connection, writer: Writer, rows: Range, *, alike_found: bool
) -> Settled | None:
    """Answer the plain rows of the range; None for whoever lost the lease."""
    await connection.execute(_BY_KEY)
    row = await connection.fetchrow(
        _SETTLE_ALIKE if alike_found else _SETTLE_ALONE,
        writer.job_id,
        writer.organization_id,
        writer.attempt,
        writer.unit_id,
        rows.lo,
        rows.hi,
        list(rows.tins),
        rows.usual_payer_id,
        len(rows.tins) > 1,
        writer.lease_seconds,
        writer.token,
        rows.is_early,
    )
    return Settled(*row) if row else None
