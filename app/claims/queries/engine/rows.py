"""Statements of a unit of rows: what is to be asked, who could be the answer, and the answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.claims.queries.engine.connection import Connection

# NOT IN over a range is hashed whatever PostgreSQL thinks of the tables' sizes.
_OPEN: Final = """
SELECT r.row_no, r.claim_key, r.first_key, r.last_key, r.date_of_birth,
    coalesce(r.service_from, r.service_to) AS service_from,
    coalesce(r.service_to, r.service_from) AS service_to,
    r.practice_id, r.tin, coalesce(r.payer_id, '') AS payer_id
FROM claim_rows r
WHERE r.job_id = $1 AND r.row_no BETWEEN $2 AND $3
  AND r.row_no NOT IN (
      SELECT a.row_no FROM claim_answers a WHERE a.job_id = $1 AND a.row_no BETWEEN $2 AND $3
  )
  AND r.row_no NOT IN (
      SELECT t.row_no FROM claim_twins t WHERE t.job_id = $1 AND t.row_no BETWEEN $2 AND $3
  )
ORDER BY r.row_no
"""

_NAMES: Final = """
SELECT row_no, cells[$3] AS first_name, cells[$4] AS last_name
FROM claim_rows WHERE job_id = $1 AND row_no = ANY ($2)
"""

_FOUND = """
c.claim_key, c.tin, c.first_key, c.last_key, c.date_of_birth, c.service_from, c.service_to,
c.data::text AS data, c.query_id
"""

_BY_NUMBER: Final = f"""
SELECT {_FOUND} FROM payer_claims c WHERE c.job_id = $1 AND c.claim_key = ANY ($2)
"""  # noqa: S608 - a constant list of columns.

# Last names agree, or first and last name were exchanged: nothing else can match.
_BY_PERSON: Final = f"""
SELECT {_FOUND}
FROM unnest($2::date[], $3::text[]) AS wanted(born, last)
JOIN payer_claims c ON c.job_id = $1 AND c.date_of_birth = wanted.born
    AND (c.last_key = wanted.last OR c.first_key = wanted.last)
"""  # noqa: S608 - a constant list of columns.

# The answer of a row, the same for the rows alike, and the unit's counters by what was really
# written; without the lease no row comes back and the caller rolls everything back.
_ANSWER: Final = """
WITH given AS (
    SELECT * FROM unnest($5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
        AS g(row_no, error_code, error, results, warnings, query_ids)
), leaders AS (
    INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code,
        error, results, warnings, query_ids)
    SELECT $1, row_no, $2, $3, CASE WHEN error_code IS NULL THEN 'succeeded' ELSE 'failed' END,
        error_code, error::jsonb, results::jsonb, warnings::text[], query_ids::bigint[]
    FROM given
    ON CONFLICT DO NOTHING
    RETURNING row_no, outcome
), followers AS (
    INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code,
        error, results, warnings, query_ids)
    SELECT $1, t.row_no, $2, $3, l.outcome,
        g.error_code, g.error::jsonb, g.results::jsonb, g.warnings::text[], g.query_ids::bigint[]
    FROM leaders l
    JOIN claim_twins t ON t.job_id = $1 AND t.leader = l.row_no
    JOIN given g ON g.row_no = l.row_no
    ON CONFLICT DO NOTHING
    RETURNING outcome
), written AS (
    SELECT count(*) FILTER (WHERE outcome = 'succeeded')::int AS succeeded,
        count(*) FILTER (WHERE outcome = 'failed')::int AS failed
    FROM (SELECT outcome FROM leaders UNION ALL SELECT outcome FROM followers) w
)
UPDATE claim_units u
SET succeeded = u.succeeded + written.succeeded, failed = u.failed + written.failed, attempts = 1,
    lease_until = clock_timestamp() + make_interval(secs => $11)
FROM written, claim_jobs j
WHERE u.id = $4 AND u.token = $12 AND u.state = 'LEASED'
  AND j.id = u.job_id AND j.status IN ('PROCESSING', 'CANCELLING')
RETURNING j.status
"""

_ASKED: Final = """
INSERT INTO payer_queries (job_id, organization_id, tin, payer_id, from_date, to_date, kind,
    pages, claims, complete, error_code, payer_code, payer_request_id)
SELECT $1, $2, q.tin, q.payer_id, q.from_date, q.to_date, 'patient', q.pages, q.claims, q.complete,
    q.error_code, q.payer_code, q.request_id
FROM unnest($3::text[], $4::text[], $5::date[], $6::date[], $7::int[], $8::int[], $9::bool[],
    $10::text[], $11::text[], $12::text[]) WITH ORDINALITY
    AS q(tin, payer_id, from_date, to_date, pages, claims, complete, error_code, payer_code,
    request_id, n)
ORDER BY q.n
RETURNING id
"""

_SPLIT: Final = """
INSERT INTO claim_units (job_id, organization_id, kind, lo, hi, state)
SELECT $1, $2, 'rows', n, n, 'READY' FROM unnest($3::int[]) AS n
"""

_WAIT: Final = """
UPDATE claim_units SET state = $3, token = NULL, lease_until = NULL, attempts = 0
WHERE id = $1 AND token = $2
"""


class OpenRow(NamedTuple):
    """A row without an answer, in the forms that are compared."""

    row_no: int
    claim_key: str | None
    first_key: str
    last_key: str
    date_of_birth: date
    service_from: date | None
    service_to: date | None
    practice_id: int | None
    tin: str | None
    payer_id: str


class Found(NamedTuple):
    """A kept claim that could answer a row; `data` is its result line as JSON."""

    claim_key: str
    tin: str
    first_key: str
    last_key: str
    date_of_birth: date | None
    service_from: date | None
    service_to: date | None
    data: str
    query_id: int


class Answered(NamedTuple):
    """An answer as it is written: JSON and array literals are text already."""

    row_no: int
    error_code: str | None = None
    error: str | None = None
    results: str | None = None
    warnings: str | None = None
    query_ids: str | None = None


class AskedQuery(NamedTuple):
    """A question that was asked for one row, and how far it was answered."""

    tin: str
    payer_id: str
    from_date: date
    to_date: date
    pages: int
    claims: int
    complete: bool
    error_code: str | None
    payer_code: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose answers are written: the job in its attempt, the unit and its fence."""

    job_id: UUID
    organization_id: UUID
    attempt: int
    unit_id: int
    token: UUID
    lease_seconds: float


async def open_rows(connection: Connection, job_id: UUID, lo: int, hi: int) -> list[OpenRow]:
    """The rows from `lo` to `hi` that have no answer and wait for nobody else's."""
    return [OpenRow(*row) for row in await connection.fetch(_OPEN, job_id, lo, hi)]


async def names(
    connection: Connection, job_id: UUID, rows: Sequence[int], *, first_at: int, last_at: int
) -> dict[int, tuple[str, str]]:
    """First and last name of rows as they came in; the places count from 0."""
    found = await connection.fetch(_NAMES, job_id, list(rows), first_at + 1, last_at + 1)
    return {row["row_no"]: (row["first_name"] or "", row["last_name"] or "") for row in found}


async def by_number(connection: Connection, job_id: UUID, keys: Iterable[str]) -> list[Found]:
    """Kept claims with one of these numbers."""
    return [Found(*row) for row in await connection.fetch(_BY_NUMBER, job_id, list(keys))]


async def by_person(
    connection: Connection, job_id: UUID, persons: Iterable[tuple[date, str]]
) -> list[Found]:
    """Kept claims of somebody with such a birth date and last (or first) name; some come twice."""
    wanted = list(persons)
    born, last = [day for day, _ in wanted], [name for _, name in wanted]
    return [Found(*row) for row in await connection.fetch(_BY_PERSON, job_id, born, last)]


async def answer(connection: Connection, writer: Writer, answers: Sequence[Answered]) -> str | None:
    """Write answers, those of rows alike, and the counters; None for whoever lost the lease."""
    columns: list[list[Any]] = [list(column) for column in zip(*answers, strict=True)]
    status: str | None = await connection.fetchval(
        _ANSWER,
        writer.job_id,
        writer.organization_id,
        writer.attempt,
        writer.unit_id,
        *(columns or [[] for _ in Answered._fields]),
        writer.lease_seconds,
        writer.token,
    )
    return status


async def note_asked(
    connection: Connection, writer: Writer, asked: Sequence[AskedQuery]
) -> list[int]:
    """Keep what was asked for single rows; the keys come in the order given."""
    if not asked:
        return []
    columns = [list(column) for column in zip(*asked, strict=True)]
    rows = await connection.fetch(_ASKED, writer.job_id, writer.organization_id, *columns)
    return [row["id"] for row in rows]


async def split(connection: Connection, writer: Writer, rows: Sequence[int]) -> None:
    """Make a runnable unit of each row."""
    await connection.execute(_SPLIT, writer.job_id, writer.organization_id, list(rows))


async def set_aside(connection: Connection, writer: Writer, *, waiting: bool) -> None:
    """End the lease until the job's windows are walked, or at once where none is open."""
    state = "WAITING" if waiting else "READY"
    await connection.execute(_WAIT, writer.unit_id, writer.token, state)
