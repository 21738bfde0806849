"""Statements about payer windows: asked for, walked page by page, split, and what they cover."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from app.claims.payers.port import Page, PayerClaim
from app.claims.queries.engine.connection import Connection
from app.claims.queries.engine.rows import array_literal

HANDLE: Final = "handle"
SPLIT: Final = "window.split"
"""Error code of a query whose days were handed on to two smaller ones."""

_ADD: Final = """
WITH wanted AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::date[], $6::date[])
        WITH ORDINALITY AS w(tin, payer_id, from_date, to_date, n)
), units AS (
    INSERT INTO claim_units (job_id, organization_id, kind, lo, hi, state)
    SELECT $1, $2, 'window', n, n, 'READY' FROM wanted ORDER BY n
    RETURNING id, lo
)
INSERT INTO payer_queries (job_id, organization_id, unit_id, tin, payer_id, from_date, to_date, kind)
SELECT $1, $2, units.id, w.tin, w.payer_id, w.from_date, w.to_date, 'window'
FROM units JOIN wanted w ON w.n = units.lo
ORDER BY w.n
"""

_OF_UNIT: Final = """
SELECT id, tin, payer_id, from_date, to_date, page_token, pages
FROM payer_queries WHERE unit_id = $1
"""

# Pages and the token behind them, or nothing: the fence is part of the one statement. A claim that
# is there already (a page walked again, a window in two halves) only gets the later evidence.
_KEEP_PAGES: Final = """
WITH held AS (
    UPDATE claim_units u
    SET lease_until = clock_timestamp() + make_interval(secs => $4), attempts = 1, faults = 0,
        failing_since = NULL
    FROM claim_jobs j
    WHERE u.id = $2 AND u.token = $3 AND u.state = 'LEASED'
      AND j.id = u.job_id AND j.status IN ('PROCESSING', 'CANCELLING')
    RETURNING u.job_id, u.organization_id, j.status
), kept AS (
    INSERT INTO payer_claims (job_id, organization_id, query_id, tin, claim_key, first_key,
        last_key, date_of_birth, service_from, service_to, results, warnings, by_person)
    SELECT DISTINCT ON (c.claim_key) held.job_id, held.organization_id, $1, $5, c.claim_key,
        c.first_key, c.last_key, c.date_of_birth, c.service_from, c.service_to, c.results::jsonb,
        c.warnings::text[], $20
    FROM held, unnest($6::text[], $7::text[], $8::text[], $9::date[], $10::date[], $11::date[],
        $12::text[], $18::text[]) AS c(claim_key, first_key, last_key, date_of_birth, service_from,
        service_to, results, warnings)
    ORDER BY c.claim_key
    ON CONFLICT (job_id, claim_key, tin) DO UPDATE SET query_id = excluded.query_id
), walked AS (
    UPDATE payer_queries q
    SET page_token = $13, pages = q.pages + $19, claims = q.claims + $14, complete = $15,
        payer_code = $16, payer_request_id = $17, at = clock_timestamp()
    FROM held WHERE q.id = $1
)
SELECT status FROM held
"""

_RESTART: Final = """
UPDATE payer_queries SET page_token = NULL, pages = 0, claims = 0 WHERE id = $1
"""

_GIVE_UP: Final = """
UPDATE payer_queries
SET complete = false, error_code = $2, payer_code = coalesce($3, payer_code),
    payer_request_id = coalesce($4, payer_request_id), at = clock_timestamp()
WHERE id = $1
"""

_WALKED: Final = """
SELECT id, tin, payer_id, from_date, to_date, complete, error_code
FROM payer_queries
WHERE job_id = $1 AND kind = 'window' AND unit_id IS NOT NULL
ORDER BY tin, payer_id, from_date, id
"""

_VERSION: Final = """
SELECT coalesce(max(id), 0) || '.' || count(*) FILTER (WHERE complete OR error_code IS NOT NULL)
FROM payer_queries WHERE job_id = $1 AND kind = 'window' AND unit_id IS NOT NULL
"""


_ENCODER: Final = msgspec.json.Encoder()


class WantedWindow(NamedTuple):
    """All claims of a TIN in these days."""

    tin: str
    payer_id: str
    from_date: date
    to_date: date


class WindowQuery(NamedTuple):
    """The window of a unit, and how far it was walked."""

    id: int
    tin: str
    payer_id: str
    from_date: date
    to_date: date
    page_token: str | None
    pages: int


class WalkedWindow(NamedTuple):
    """A window of the job: neither complete nor with a code means that it is still walked."""

    id: int
    tin: str
    payer_id: str
    from_date: date
    to_date: date
    complete: bool
    error_code: str | None


class Keeper(NamedTuple):
    """Who keeps a page: the unit, its fence, and for how long the lease goes on."""

    unit_id: int
    token: UUID
    lease_seconds: float
    with_handles: bool = False
    """More will be asked about the claims that match, so what that needs is kept beside them."""
    by_person: bool = True
    """The job's rows have no claim numbers to find the claims by."""


async def add(
    connection: Connection, job_id: UUID, organization_id: UUID, wanted: Sequence[WantedWindow]
) -> None:
    """Make a runnable unit and a query of each window."""
    if not wanted:
        return
    columns = [list(column) for column in zip(*wanted, strict=True)]
    await connection.execute(_ADD, job_id, organization_id, *columns)


async def of_unit(connection: Connection, unit_id: int) -> WindowQuery | None:
    """The query that a window unit walks."""
    row = await connection.fetchrow(_OF_UNIT, unit_id)
    return WindowQuery(*row) if row else None


async def keep_pages(
    connection: Connection, keeper: Keeper, query: WindowQuery, pages: Sequence[Page]
) -> str | None:
    """Keep the claims of pages that follow each other, and the token behind the last of them.

    Gives the job's status, None without the lease.
    """
    last = pages[-1]
    claims = [claim for page in pages for claim in page.claims]
    status: str | None = await connection.fetchval(
        _KEEP_PAGES,
        query.id,
        keeper.unit_id,
        keeper.token,
        keeper.lease_seconds,
        query.tin,
        [claim.claim_key for claim in claims],
        [claim.first_key for claim in claims],
        [claim.last_key for claim in claims],
        [claim.date_of_birth for claim in claims],
        [claim.service_from for claim in claims],
        [claim.service_to for claim in claims],
        [stored(claim, with_handle=keeper.with_handles) for claim in claims],
        last.next_token,
        len(claims),
        last.complete,
        last.payer_code,
        last.request_id,
        [array_literal(claim.warnings) if claim.warnings else None for claim in claims],
        len(pages),
        keeper.by_person,
    )
    return status


def stored(claim: PayerClaim, *, with_handle: bool = False) -> str:
    """A claim's result line as the JSON list that a row's answer is.

    The handle is for jobs that ask for more of each claim; it is taken out of their answers.
    """
    line: dict[str, object] = dict(claim.line)
    if with_handle:
        line[HANDLE] = claim.handle
    return _ENCODER.encode((line,)).decode()


async def restart(connection: Connection, query_id: int) -> None:
    """Walk the window again from its first page; claims that are kept stay."""
    await connection.execute(_RESTART, query_id)


async def give_up(
    connection: Connection,
    query_id: int,
    code: str,
    *,
    payer_code: str | None = None,
    request_id: str | None = None,
) -> None:
    """The window will not become complete; rows that rest on it are told `code`."""
    await connection.execute(_GIVE_UP, query_id, code, payer_code, request_id)


async def walked(connection: Connection, job_id: UUID) -> list[WalkedWindow]:
    """All windows of the job's present attempt, by TIN and first day."""
    return [WalkedWindow(*row) for row in await connection.fetch(_WALKED, job_id)]


async def version(connection: Connection, job_id: UUID) -> str:
    """A text that changes whenever what `walked` says about finished windows does."""
    text: str = await connection.fetchval(_VERSION, job_id)
    return text
