"""Every statement about endpoints, and what is listed of their deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, delete, func, insert, null, select, text, update

from app.core.db import ReadSession, WriteSession
from app.webhooks.models import WebhookDelivery, WebhookEndpoint

# Unlike a lock of the organization's row it holds up nobody but another new endpoint.
_ONE_AT_A_TIME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('webhooks.endpoints:' || :organization, 0))"
)


def endpoints(organization_id: UUID) -> Select[WebhookEndpoint]:
    """The endpoints of an organization."""
    return select(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization_id)


async def find(
    session: ReadSession, organization_id: UUID, endpoint_id: UUID
) -> WebhookEndpoint | None:
    """One endpoint as it stands in the database now."""
    statement = endpoints(organization_id).where(WebhookEndpoint.id == endpoint_id)
    return (
        await session.execute(statement.execution_options(populate_existing=True))
    ).scalar_one_or_none()


async def lock(session: WriteSession, organization_id: UUID, endpoint_id: UUID) -> bool:
    """Hold one endpoint until the transaction ends; whether it is there."""
    statement = (
        select(WebhookEndpoint.id)
        .where(
            WebhookEndpoint.organization_id == organization_id, WebhookEndpoint.id == endpoint_id
        )
        .with_for_update(key_share=True)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def count_alone(session: WriteSession, organization_id: UUID) -> int:
    """How many endpoints there are; until the transaction ends nobody else adds one."""
    await session.execute(_ONE_AT_A_TIME, {"organization": str(organization_id)})
    statement = select(func.count()).where(WebhookEndpoint.organization_id == organization_id)
    return int((await session.execute(statement)).scalar_one())


async def insert_endpoint(session: WriteSession, values: Mapping[str, Any]) -> None:
    """Add an endpoint."""
    await session.execute(insert(WebhookEndpoint).values(**values))


async def update_endpoint(
    session: WriteSession, endpoint_id: UUID, values: Mapping[str, Any]
) -> None:
    """Change columns of an endpoint."""
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(**values, updated_at=func.now())
    )


async def delete_endpoint(session: WriteSession, organization_id: UUID, endpoint_id: UUID) -> bool:
    """Delete an endpoint with its deliveries; whether it was there."""
    statement = (
        delete(WebhookEndpoint)
        .where(
            WebhookEndpoint.organization_id == organization_id, WebhookEndpoint.id == endpoint_id
        )
        .returning(WebhookEndpoint.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


def _shown() -> Sequence[Any]:
    due = case((WebhookDelivery.state == "pending", WebhookDelivery.run_after), else_=null())
    return (
        WebhookDelivery.id,
        WebhookDelivery.event_id,
        WebhookDelivery.event_type,
        WebhookDelivery.state,
        WebhookDelivery.attempts,
        WebhookDelivery.response_status,
        WebhookDelivery.error,
        WebhookDelivery.duration_ms,
        WebhookDelivery.last_attempt_at,
        due.label("next_attempt_at"),
        WebhookDelivery.delivered_at,
        WebhookDelivery.created_at,
        WebhookDelivery.payload,
        WebhookDelivery.history,
    )


def deliveries(endpoint_id: UUID) -> Select[Any]:
    """The deliveries to an endpoint with what is shown of each."""
    statement: Select[Any] = select(*_shown())
    return statement.where(WebhookDelivery.endpoint_id == endpoint_id)


async def find_delivery(
    session: ReadSession, endpoint_id: UUID, delivery_id: UUID
) -> Mapping[str, Any] | None:
    """One delivery with what is shown of it."""
    statement = deliveries(endpoint_id).where(WebhookDelivery.id == delivery_id)
    found: Mapping[str, Any] | None = (await session.execute(statement)).mappings().one_or_none()
    return found


async def send_again(session: WriteSession, endpoint_id: UUID, delivery_id: UUID) -> None:
    """Make a delivery due now, with all its tries before it; one that is being sent stays so."""
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.id == delivery_id)
        .values(
            state="pending",
            attempts=0,
            run_after=func.clock_timestamp(),
            error=null(),
            delivered_at=null(),
        )
    )
