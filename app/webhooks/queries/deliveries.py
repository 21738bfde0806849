"""Statements of the outbox: what goes in, who sends it, what became of it, what is past its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any]"

KEPT_TRIES: Final = 30

_SUBSCRIBED: Final = """
SELECT id FROM webhook_endpoints
WHERE organization_id = $1 AND is_active AND $2 = ANY (events)
ORDER BY id
"""

_INSERT: Final = """
INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, payload)
VALUES ($1, $2, $3, $4, $5, $6)
"""

# A receiver that hangs holds at most $3 senders, so that the others get their events meanwhile.
_CLAIM: Final = """
WITH next AS MATERIALIZED (
    SELECT due.id
    FROM webhook_deliveries due
    JOIN webhook_endpoints e ON e.id = due.endpoint_id
    WHERE due.state = 'pending' AND due.run_after <= clock_timestamp()
      AND (due.lease_until IS NULL OR due.lease_until < clock_timestamp())
      AND e.is_active
      AND $3 > (
          SELECT count(*) FROM webhook_deliveries sent
          WHERE sent.endpoint_id = due.endpoint_id AND sent.state = 'pending'
            AND sent.lease_until >= clock_timestamp()
      )
    ORDER BY due.run_after, due.id
    LIMIT 1
    FOR UPDATE OF due SKIP LOCKED
)
UPDATE webhook_deliveries d
SET token = $1, lease_until = clock_timestamp() + make_interval(secs => $2),
    attempts = d.attempts + 1
FROM next, webhook_endpoints e
WHERE d.id = next.id AND e.id = d.endpoint_id
RETURNING d.id, d.organization_id, d.endpoint_id, d.event_id, d.event_type, d.payload, d.attempts,
    e.url, e.secret,
    CASE WHEN e.previous_secret_until > clock_timestamp() THEN e.previous_secret END
        AS previous_secret
"""

_DUE: Final = """
SELECT EXISTS (
    SELECT FROM webhook_deliveries
    WHERE state = 'pending' AND run_after <= clock_timestamp()
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
)
"""

_RECORD: Final = f"""
UPDATE webhook_deliveries
SET state = $3, run_after = clock_timestamp() + make_interval(secs => $4), token = NULL,
    lease_until = NULL, response_status = $5, error = $6, duration_ms = $7,
    last_attempt_at = clock_timestamp(),
    delivered_at = CASE WHEN $3 = 'delivered' THEN clock_timestamp() END,
    history = CASE WHEN jsonb_array_length(history) >= {KEPT_TRIES} THEN history - 0
        ELSE history END || jsonb_build_object('at', clock_timestamp(), 'status', $5::int,
        'error', $6::text, 'duration_ms', $7::int)
WHERE id = $1 AND token = $2 AND state = 'pending'
RETURNING id
"""  # noqa: S608 # nosec B608 - a constant number.

_WELL: Final = """
UPDATE webhook_endpoints SET failures = 0, failing_since = NULL
WHERE id = $1 AND failures > 0
"""

_ILL: Final = """
UPDATE webhook_endpoints
SET failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp())
WHERE id = $1 AND is_active
RETURNING failures, extract(epoch FROM clock_timestamp() - failing_since)::float8 AS seconds
"""

_DISABLE: Final = """
UPDATE webhook_endpoints
SET is_active = false, disabled_at = clock_timestamp(), disabled_reason = $2, updated_at = now()
WHERE id = $1 AND is_active
RETURNING id
"""

_GIVE_UP: Final = """
UPDATE webhook_deliveries
SET state = 'failed', token = NULL, lease_until = NULL, error = 'endpoint_disabled'
WHERE endpoint_id = $1 AND state = 'pending'
"""

_PURGE: Final = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries
    WHERE created_at < clock_timestamp() - make_interval(days => $1)
    ORDER BY created_at LIMIT $2
    FOR UPDATE SKIP LOCKED
)
"""

_FORGET: Final = """
UPDATE webhook_endpoints SET previous_secret = NULL, previous_secret_until = NULL
WHERE previous_secret_until < clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery in hand; `token` is the fence. Secrets are sealed."""

    id: UUID
    token: UUID
    organization_id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    payload: str
    attempts: int
    url: str
    secret: str
    previous_secret: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try; `wait` is in seconds from now, for one that is tried again."""

    state: str
    status: int | None
    error: str | None
    duration_ms: int
    wait: float = 0.0


async def subscribed(connection: Connection, organization_id: UUID, event_type: str) -> list[UUID]:
    """The endpoints that are to be told of an event."""
    return [row["id"] for row in await connection.fetch(_SUBSCRIBED, organization_id, event_type)]


async def insert(connection: Connection, deliveries: Sequence[tuple[Any, ...]]) -> None:
    """Add deliveries: id, organization, endpoint, event's id and type, body."""
    await connection.executemany(_INSERT, deliveries)


async def is_any_due(connection: Connection) -> bool:
    """Whether anything may have to be sent."""
    due: bool = await connection.fetchval(_DUE)
    return due


async def claim(
    connection: Connection, token: UUID, lease_seconds: float, at_once: int
) -> Leased | None:
    """Lease the delivery that is due the longest, or None where nothing is due."""
    row = await connection.fetchrow(_CLAIM, token, lease_seconds, at_once)
    return None if row is None else Leased(token=token, **dict(row))


async def record(connection: Connection, leased: Leased, outcome: Outcome) -> bool:
    """Write what became of a try; False where the lease is somebody else's by now."""
    written = await connection.fetchval(
        _RECORD,
        leased.id,
        leased.token,
        outcome.state,
        outcome.wait,
        outcome.status,
        outcome.error,
        outcome.duration_ms,
    )
    return written is not None


async def well(connection: Connection, endpoint_id: UUID) -> None:
    """The endpoint took something: nothing counts against it any more."""
    await connection.execute(_WELL, endpoint_id)


async def ill(connection: Connection, endpoint_id: UUID) -> tuple[int, float]:
    """Count a failure: how many there were in a row, and for how many seconds."""
    row = await connection.fetchrow(_ILL, endpoint_id)
    return (row["failures"], row["seconds"]) if row else (0, 0.0)


async def disable(connection: Connection, endpoint_id: UUID, reason: str | None) -> bool:
    """Switch an endpoint off and end what waits for it; False where it was off."""
    if await connection.fetchval(_DISABLE, endpoint_id, reason) is None:
        return False
    await connection.execute(_GIVE_UP, endpoint_id)
    return True


async def purge(connection: Connection, days: int, at_most: int) -> int:
    """Delete some deliveries that are older than so many days; says how many."""
    tag: str = await connection.execute(_PURGE, days, at_most)
    return int(tag.rpartition(" ")[2])


async def forget_previous_secrets(connection: Connection) -> None:
    """Remove secrets whose time of overlap is over."""
    await connection.execute(_FORGET)
