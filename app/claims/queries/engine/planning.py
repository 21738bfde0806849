"""Statements of the plan: rows answered without a payer, rows alike, windows to walk, and retry."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from app.claims.queries.engine.connection import Connection

# A whole file is looked at, which takes longer than any request may. Of a file that has just come
# in PostgreSQL has no statistics: it takes it for one row and would join it by nested loops.
_PATIENCE: Final = """
SELECT set_config('statement_timeout', '120s', true), set_config('enable_nestloop', 'off', true)
"""

# What no payer has to be asked for: faults of the row, practices that are not the organization's,
# and days that the payer does not answer for.
_ANSWER_FAULTY: Final = """
INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code, error)
SELECT r.job_id, r.row_no, r.organization_id, $2, 'failed', x.code,
    jsonb_build_object('field', x.field, 'message', x.message)
FROM claim_rows r
LEFT JOIN practices p ON p.id = r.practice_id AND p.is_active
CROSS JOIN LATERAL (
    SELECT r.fault->>'code' AS code, r.fault->>'field' AS field, r.fault->>'message' AS message
    WHERE r.fault IS NOT NULL
    UNION ALL
    SELECT 'row.practice_unknown', 'practice_id',
        'The organization has no active practice with this id.'
    WHERE r.practice_id IS NOT NULL AND p.id IS NULL
    UNION ALL
    SELECT 'row.practice_unknown', 'tin', 'The practice has another TIN.'
    WHERE p.id IS NOT NULL AND r.tin <> p.tin
    UNION ALL
    SELECT 'row.practice_unknown', 'tin', 'The organization has no active practice with this TIN.'
    WHERE r.practice_id IS NULL AND r.tin IS NOT NULL AND r.tin <> ALL ($3::text[])
    UNION ALL
    SELECT 'row.practice_unknown', 'practice_id', 'The organization has no active practice.'
    WHERE r.practice_id IS NULL AND r.tin IS NULL AND cardinality($3::text[]) = 0
    UNION ALL
    SELECT 'row.date_range', 'first_service_date',
        'The payer answers for service since ' || $4::date || ' only.'
    WHERE coalesce(r.service_from, r.service_to) < $4
    UNION ALL
    SELECT 'row.date_range', 'last_service_date', 'The date of service is in the future.'
    WHERE coalesce(r.service_to, r.service_from) > $5
    UNION ALL
    SELECT 'row.date_range', NULL,
        'The dates of the upload are outside of what the payer answers for.'
    WHERE $6 AND r.service_from IS NULL AND r.service_to IS NULL
    LIMIT 1
) x
WHERE r.job_id = $1
  AND NOT EXISTS (SELECT FROM claim_answers a WHERE a.job_id = r.job_id AND a.row_no = r.row_no)
ON CONFLICT DO NOTHING
"""

# Rows alike are told by all that is asked of a payer, as 128 bits of it.
_FIND_TWINS: Final = """
WITH asked AS MATERIALIZED (
    SELECT r.row_no, r.organization_id,
        hash_record_extended(q.question, 1) AS one, hash_record_extended(q.question, 2) AS two
    FROM claim_rows r CROSS JOIN LATERAL (
        SELECT ROW(r.claim_key, r.first_key, r.last_key, r.date_of_birth, r.service_from,
            r.service_to, r.practice_id, r.tin, r.payer_id) AS question
    ) q
    WHERE r.job_id = $1 AND r.fault IS NULL
      AND r.row_no NOT IN (SELECT a.row_no FROM claim_answers a WHERE a.job_id = $1)
), alike AS (
    SELECT one, two, min(row_no) AS leader FROM asked GROUP BY one, two HAVING count(*) > 1
)
INSERT INTO claim_twins (job_id, row_no, organization_id, leader)
SELECT $1, asked.row_no, asked.organization_id, alike.leader
FROM alike JOIN asked ON asked.one = alike.one AND asked.two = alike.two
WHERE asked.row_no > alike.leader
ON CONFLICT DO NOTHING
"""

_BEGIN_ALIKE: Final = """
UPDATE claim_jobs SET alike_found = true WHERE id = $1 AND NOT alike_found RETURNING id
"""

_DEMAND: Final = """
SELECT coalesce(p.tin, r.tin) AS tin, coalesce(r.payer_id, '') AS payer_id,
    coalesce(r.service_from, r.service_to) AS service_from,
    coalesce(r.service_to, r.service_from) AS service_to, count(*)::int AS rows
FROM claim_rows r
LEFT JOIN practices p ON p.id = r.practice_id
LEFT JOIN claim_answers a ON a.job_id = r.job_id AND a.row_no = r.row_no
LEFT JOIN claim_twins t ON t.job_id = r.job_id AND t.row_no = r.row_no
WHERE r.job_id = $1 AND a.row_no IS NULL AND t.row_no IS NULL
GROUP BY 1, 2, 3, 4
"""

_HAS_UNDATED: Final = """
SELECT EXISTS (
    SELECT FROM claim_rows r
    WHERE r.job_id = $1 AND r.fault IS NULL AND r.service_from IS NULL AND r.service_to IS NULL
      AND NOT EXISTS (SELECT FROM claim_answers a WHERE a.job_id = $1 AND a.row_no = r.row_no)
)
"""

_ADD_FAILED: Final = "UPDATE claim_units SET failed = failed + $2 WHERE id = $1"

_SKIP_ANSWERED: Final = """
WITH bounds AS (
    SELECT array_agg(lo ORDER BY lo) AS los FROM claim_units
    WHERE job_id = $1 AND kind = 'rows' AND state = 'WAITING'
), touched AS (
    SELECT DISTINCT width_bucket(r.row_no, bounds.los) AS place
    FROM claim_rows r CROSS JOIN bounds
    WHERE r.job_id = $1
      AND r.row_no NOT IN (SELECT a.row_no FROM claim_answers a WHERE a.job_id = $1)
      AND r.row_no NOT IN (SELECT t.row_no FROM claim_twins t WHERE t.job_id = $1)
)
UPDATE claim_units u SET state = 'DONE'
FROM bounds
WHERE u.job_id = $1 AND u.kind = 'rows' AND u.state = 'WAITING'
  AND array_position(bounds.los, u.lo) NOT IN (SELECT place FROM touched)
"""

_PRACTICES: Final = "SELECT id, tin FROM practices WHERE is_active ORDER BY id"


class Demand(NamedTuple):
    """So many rows ask for these days; `tin` is None for rows that ask at all practices."""

    tin: str | None
    payer_id: str
    service_from: date | None
    service_to: date | None
    rows: int


class Limits(NamedTuple):
    """What the plan refuses by: known TINs, the payer's days, and whether undated rows can run."""

    tins: Sequence[str]
    oldest: date
    today: date
    undated_refused: bool


async def be_patient(connection: Connection) -> None:
    """Let this transaction's statements take as long as a whole file needs."""
    await connection.execute(_PATIENCE)


async def practices(connection: Connection) -> list[tuple[int, str]]:
    """Key and TIN of each active practice of the transaction's organization."""
    return [(row["id"], row["tin"]) for row in await connection.fetch(_PRACTICES)]


async def answer_faulty(
    connection: Connection, unit_id: int, job_id: UUID, attempt: int, limits: Limits
) -> int:
    """Answer the rows that no payer has to be asked for; says how many."""
    tag = await connection.execute(
        _ANSWER_FAULTY,
        job_id,
        attempt,
        list(limits.tins),
        limits.oldest,
        limits.today,
        limits.undated_refused,
    )
    count = int(tag.rpartition(" ")[2])
    await connection.execute(_ADD_FAILED, unit_id, count)
    return count


async def find_alike(connection: Connection, job_id: UUID) -> int:
    """Name the row whose answer each row alike gets; says how many rows need not be asked.

    Once an attempt: whoever comes second waits for the first, and finds it done.
    """
    if await connection.fetchval(_BEGIN_ALIKE, job_id) is None:
        return 0
    tag: str = await connection.execute(_FIND_TWINS, job_id)
    return int(tag.rpartition(" ")[2])


async def leave_alike(connection: Connection, job_id: UUID) -> None:
    """Let rows alike not be looked for: each is asked for itself."""
    await connection.execute(_BEGIN_ALIKE, job_id)


async def has_undated(connection: Connection, job_id: UUID) -> bool:
    """Whether a row that is to be asked for has no date of service."""
    found: bool = await connection.fetchval(_HAS_UNDATED, job_id)
    return found


async def demands(connection: Connection, job_id: UUID) -> list[Demand]:
    """What the rows without an answer ask for, counted."""
    return [Demand(*row) for row in await connection.fetch(_DEMAND, job_id)]


async def skip_answered(connection: Connection, job_id: UUID) -> None:
    """Units of rows in which nothing is left to ask are done."""
    await connection.execute(_SKIP_ANSWERED, job_id)
