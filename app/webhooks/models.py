"""Where an organization wants to be told, and what it is to be told: the outbox."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import SealedColumn
from app.core.models import Base, Timestamps, primary_key

SECRET = SealedColumn("webhooks.secret", bound_by=("organization_id", "id"))


class WebhookEndpoint(Timestamps, Base):
    """An address that events are posted to, and the secret that signs them."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("disabled_reason IN ('gone', 'failing')", name="disabled_reason"),
        CheckConstraint("is_active = (disabled_at IS NULL)", name="disabled"),
        Index("ix_webhook_endpoints_organization_id_id", "organization_id", "id"),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    url: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    events: Mapped[list[str]] = mapped_column(sa.ARRAY(Text))
    secret: Mapped[str] = mapped_column(info=SECRET.info)
    """Sealed, bound to the organization and the endpoint."""
    previous_secret: Mapped[str | None] = mapped_column(info=SECRET.info)
    """Sealed; signs beside the present one until `previous_secret_until`."""
    previous_secret_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    """Why it was switched off by itself; null when a person did it."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Tries that failed since the last one that did not."""
    failing_since: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one endpoint: leased, posted, tried again, and kept for a month.

    `token` is the fence: only who holds the lease writes what became of a try.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_due", "run_after", postgresql_where=text("state = 'pending'")),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID]
    endpoint_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    event_id: Mapped[UUID]
    """The header webhook-id: equal in every try and at every endpoint."""
    event_type: Mapped[str]
    payload: Mapped[str]
    """The body to the byte, so that every try sends the same."""
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """Tries since it was made, or asked for again."""
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    response_status: Mapped[int | None]
    error: Mapped[str | None]
    duration_ms: Mapped[int | None]
    last_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """One `{at, status, error, duration_ms}` for each of the last tries."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
