"""The door for rooms that have something to tell: an event is written with the work it tells of."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from app.core.clock import now
from app.core.db import WriteSession, driver
from app.core.ids import new_id
from app.webhooks.queries import deliveries
from app.webhooks.queries.deliveries import Connection
from app.webhooks.schemas import EventType
from app.worker.doorbell import ring

DELIVER: Final = "webhooks.deliver"
TEST_EVENT: Final = "webhooks.test"
# Standard Webhooks: a payload stays below 20 kB, and holds ids rather than what they name.
MAX_PAYLOAD_BYTES: Final = 20_000


async def emit(
    session: WriteSession, *, organization_id: UUID, event_type: EventType, data: Mapping[str, Any]
) -> int:
    """Tell every endpoint that asked for it, once the transaction has committed; says how many.

    `data` holds ids, words and counts, and never anything personal: it leaves this server.

    Raises:
        ValueError: the body would be larger than receivers take.
    """
    count = await emit_over(
        await driver(session), organization_id=organization_id, event_type=event_type, data=data
    )
    if count:
        ring(session, DELIVER)
    return count


async def emit_over(
    connection: Connection,
    *,
    organization_id: UUID,
    event_type: EventType,
    data: Mapping[str, Any],
) -> int:
    """As `emit`, for work that goes over the driver's connection; a worker finds it in seconds."""
    endpoints = await deliveries.subscribed(connection, organization_id, event_type)
    if endpoints:
        await put(connection, organization_id, endpoints, event_type, data)
    return len(endpoints)


async def put(
    connection: Connection,
    organization_id: UUID,
    endpoints: list[UUID],
    event_type: str,
    data: Mapping[str, Any],
) -> UUID:
    """Write one event for some endpoints; gives the last delivery's id.

    Raises:
        ValueError: the body would be larger than receivers take.
    """
    event_id, body = new_id(), body_of(event_type, data)
    rows = [(new_id(), organization_id, one, event_id, event_type, body) for one in endpoints]
    await deliveries.insert(connection, rows)
    return rows[-1][0]


def body_of(event_type: str, data: Mapping[str, Any]) -> str:
    """The event as Standard Webhooks lays it out.

    Raises:
        ValueError: it would be larger than receivers take.
    """
    moment = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {"type": event_type, "timestamp": moment, "data": data}
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    if len(body.encode()) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"the body of {event_type} is too large for a webhook")
    return body
