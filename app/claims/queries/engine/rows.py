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
c.results::text AS results, c.warnings, c.query_id
"""

_BY_NUMBER: Final = f"""
SELECT {_FOUND} FROM unnest($2::text[]) AS wanted(claim_key) CROSS JOIN LATERAL (
    SELECT p.* FROM payer_claims p
    WHERE p.job_id = $1 AND p.claim_key = wanted.claim_key OFFSET 0
) c
"""  # noqa: S608 # nosec B608 - a constant list of columns.

# Last names agree, or first and last name were exchanged: nothing else can match.
_BY_PERSON: Final = f"""
SELECT {_FOUND}
FROM unnest($2::date[], $3::text[]) AS wanted(born, last)
JOIN payer_claims c ON c.job_id = $1 AND c.by_person AND c.date_of_birth = wanted.born
    AND (c.last_key = wanted.last OR c.first_key = wanted.last)
"""  # noqa: S608 # nosec B608 - a constant list of columns.

# The answer of each row, and the unit's counters by what was really written; without the lease no
# row comes back and the caller rolls everything back.
_ANSWER: Final = """
WITH written AS (
    INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code,
        error, results, warnings, query_ids, evidence_id)
    SELECT $1, g.row_no, $2, $3, CASE WHEN g.error_code IS NULL THEN 'succeeded' ELSE 'failed' END,
        g.error_code, g.error::jsonb, g.results::jsonb, g.warnings::text[], g.query_ids::bigint[],
        g.evidence_id
    FROM unnest($5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::bigint[]) AS g(row_no, error_code, error, results, warnings, query_ids, evidence_id)
    ON CONFLICT DO NOTHING
    RETURNING *
){followers}, counted AS (
    SELECT count(*) FILTER (WHERE outcome = 'succeeded')::int AS succeeded,
        count(*) FILTER (WHERE outcome = 'failed')::int AS failed
    FROM {all_written}
)
UPDATE claim_units u
SET succeeded = u.succeeded + counted.succeeded, failed = u.failed + counted.failed, attempts = 1,
    lease_until = clock_timestamp() + make_interval(secs => $12)
FROM counted, claim_jobs j
WHERE u.id = $4 AND u.token = $13 AND u.state = 'LEASED'
  AND j.id = u.job_id AND j.status IN ('PROCESSING', 'CANCELLING')
RETURNING j.status
"""

# Rows alike get the same answer in the same statement, where it is known which rows are alike.
_FOLLOWERS: Final = """, followers AS (
    INSERT INTO claim_answers (job_id, row_no, organization_id, attempt, outcome, error_code,
        error, results, warnings, query_ids, evidence_id)
    SELECT w.job_id, twin.row_no, w.organization_id, w.attempt, w.outcome, w.error_code, w.error,
        w.results, w.warnings, w.query_ids, w.evidence_id
    FROM written w CROSS JOIN LATERAL (
        SELECT t.row_no FROM claim_twins t WHERE t.job_id = $1 AND t.leader = w.row_no OFFSET 0
    ) twin
    ON CONFLICT DO NOTHING
    RETURNING outcome
)"""
_ANSWER_EACH: Final = _ANSWER.format(followers="", all_written="written")
_ANSWER_ALIKE: Final = _ANSWER.format(
    followers=_FOLLOWERS,
    all_written="(SELECT outcome FROM written UNION ALL SELECT outcome FROM followers) w",
)

_SHARE: Final = """
INSERT INTO claim_evidence (job_id, organization_id, query_ids)
SELECT $1, $2, ids::bigint[] FROM unnest($3::text[]) WITH ORDINALITY AS e(ids, n) ORDER BY n
RETURNING id
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
SELECT $1, $2, 'rows', r.lo, r.hi, 'READY' FROM unnest($3::int[], $4::int[]) AS r(lo, hi)
"""

_WAIT: Final = """
UPDATE claim_units SET state = $3, token = NULL, lease_until = NULL, attempts = 0
WHERE id = $1 AND token = $2
"""


# Characters of a list of query ids from which on it is written apart: about eight of them.
_LONG_LIST: Final = 64


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
    """A kept claim that could answer a row; `results` is a JSON list of its one result line."""

    claim_key: str
    tin: str
    first_key: str
    last_key: str
    date_of_birth: date | None
    service_from: date | None
    service_to: date | None
    results: str
    warnings: list[str] | None
    query_id: int


class Answered(NamedTuple):
    """An answer as it is written: JSON and array literals are text already."""

    row_no: int
    error_code: str | None = None
    error: str | None = None
    results: str | None = None
    warnings: str | None = None
    query_ids: str | None = None
    evidence_id: int | None = None


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


def array_literal(values: Iterable[object]) -> str:
    """PostgreSQL's text form of an array of numbers or plain words."""
    return "{" + ",".join(map(str, values)) + "}"


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


async def answer(
    connection: Connection, writer: Writer, answers: Sequence[Answered], *, alike_found: bool
) -> str | None:
    """Write answers and the counters; the job's status, None for whoever lost the lease.

    With `alike_found` the rows alike get theirs with it.
    """
    answers = await _with_shared_evidence(connection, writer, answers)
    columns: list[list[Any]] = [list(column) for column in zip(*answers, strict=True)]
    status: str | None = await connection.fetchval(
        _ANSWER_ALIKE if alike_found else _ANSWER_EACH,
        writer.job_id,
        writer.organization_id,
        writer.attempt,
        writer.unit_id,
        *(columns or [[] for _ in Answered._fields]),
        writer.lease_seconds,
        writer.token,
    )
    return status


async def _with_shared_evidence(
    connection: Connection, writer: Writer, answers: Sequence[Answered]
) -> Sequence[Answered]:
    """Long lists of queries, which many rows have in common, are written once and referred to."""
    lists = {answer.query_ids for answer in answers if len(answer.query_ids or "") > _LONG_LIST}
    if not lists:
        return answers
    texts = list(lists)
    kept = await connection.fetch(_SHARE, writer.job_id, writer.organization_id, texts)
    ids = {text: row["id"] for text, row in zip(texts, kept, strict=True)}
    return [
        answer._replace(query_ids=None, evidence_id=ids[answer.query_ids])
        if answer.query_ids in ids
        else answer
        for answer in answers
    ]


async def note_asked(
    connection: Connection, writer: Writer, asked: Sequence[AskedQuery]
) -> list[int]:
    """Keep what was asked for single rows; the keys come in the order given."""
    if not asked:
        return []
    columns = [list(column) for column in zip(*asked, strict=True)]
    rows = await connection.fetch(_ASKED, writer.job_id, writer.organization_id, *columns)
    return [row["id"] for row in rows]


async def split(connection: Connection, writer: Writer, ranges: Sequence[tuple[int, int]]) -> None:
    """Make a runnable unit of each range, given by its first and its last row."""
    first, last = [lo for lo, _ in ranges], [hi for _, hi in ranges]
    await connection.execute(_SPLIT, writer.job_id, writer.organization_id, first, last)


async def set_aside(connection: Connection, writer: Writer, *, waiting: bool) -> None:
    """End the lease until the job's windows are walked, or at once where none is open."""
    state = "WAITING" if waiting else "READY"
    await connection.execute(_WAIT, writer.unit_id, writer.token, state)
