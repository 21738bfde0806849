"""Statements about the places for calls in flight, and which process has how many of them.

All times are the database's own, as with the leases of units.
"""

from typing import Final, NamedTuple
from uuid import UUID

from app.claims.payers.sharing import Standing
from app.claims.queries.engine.connection import Connection

# One bidder of a credential after the other, from here to the end of the transaction.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('payer_places ' || $1, 0))"

# A row without a holder is there for the turn: a place that cannot be divided changes hands so often.
_OTHERS: Final = """
SELECT floor(extract(epoch FROM clock_timestamp()) / 2)::bigint AS turn, p.holder, p.places, p.wanted
FROM (VALUES (1)) AS one
LEFT JOIN payer_places p
    ON p.credential = $1 AND p.holder <> $2 AND p.until > clock_timestamp()
"""

_WRITE: Final = """
INSERT INTO payer_places (credential, holder, places, wanted, until)
VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
ON CONFLICT (credential, holder) DO UPDATE
SET places = excluded.places, wanted = excluded.wanted, until = excluded.until
"""

# Takes away also what processes left that ended without a word.
_LEAVE: Final = """
DELETE FROM payer_places
WHERE credential = $1 AND (holder = $2 OR until < clock_timestamp() - interval '1 minute')
"""


class Entry(NamedTuple):
    """What is written down of one process."""

    credential: str
    holder: UUID
    places: int
    wanted: int
    lease_seconds: float


async def lock(connection: Connection, credential: str) -> None:
    """Be the only one to share out this credential's places until the transaction ends."""
    await connection.execute(_LOCK, credential)


async def others(
    connection: Connection, credential: str, holder: UUID
) -> tuple[dict[UUID, Standing], int]:
    """What all others have whose lease has not ended, and the number of the present turn."""
    rows = await connection.fetch(_OTHERS, credential, holder)
    found = {row["holder"]: Standing(row["places"], row["wanted"]) for row in rows if row["holder"]}
    return found, rows[0]["turn"]


async def write(connection: Connection, entry: Entry) -> None:
    """Write down what a process has, in the place of what it had."""
    await connection.execute(_WRITE, *entry)


async def leave(connection: Connection, credential: str, holder: UUID) -> None:
    """The process has none."""
    await connection.execute(_LEAVE, credential, holder)
