"""What people look for, and want to be told about."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

FREQUENCIES = ("instant", "daily", "weekly", "off")


class SavedSearch(Timestamps, Base):
    """A question with its filters. `expression` is what PostgreSQL is asked for it.

    Their owner knows of all jobs that were posted up to `alerted_until`. A daily or weekly one is
    due at `next_alert_at`, an instant one whenever something newer was posted; in the transaction
    that tells, both move on.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        CheckConstraint(f"frequency IN {FREQUENCIES}", name="frequency"),
        CheckConstraint(
            "(next_alert_at IS NOT NULL) = (frequency IN ('daily', 'weekly'))", name="next_alert"
        ),
        CheckConstraint("language IN ('en', 'fr')", name="language"),
        Index("ix_saved_searches_user_id_id", "user_id", "id"),
        Index(
            "ix_saved_searches_next_alert_at",
            "next_alert_at",
            "id",
            postgresql_where=text("next_alert_at IS NOT NULL"),
        ),
        Index(
            "ix_saved_searches_instant",
            "alerted_until",
            "id",
            postgresql_where=text("frequency = 'instant'"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    query: Mapped[str] = mapped_column(server_default="")
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    expression: Mapped[str] = mapped_column(server_default="")
    frequency: Mapped[str]
    language: Mapped[str]
    alerted_until: Mapped[datetime] = mapped_column(server_default=func.now())
    next_alert_at: Mapped[datetime | None]
    last_alert_at: Mapped[datetime | None]
