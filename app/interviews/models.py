"""The table of interviews."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

SCHEDULED = "scheduled"
CANCELLED = "cancelled"
STATUSES = (SCHEDULED, CANCELLED)
RESPONSES = ("pending", "confirmed", "declined")
PROVIDERS = ("google_calendar", "outlook_calendar")
_SCHEDULED = text("status = 'scheduled'")


class Interview(Timestamps, Base):
    """A talk with an applicant, from one point in time to another.

    `timezone` is the IANA name of the zone that people are told the time in. `interviewer_id` is
    who scheduled it. `sequence` counts what was changed about it (RFC 5545, 3.8.7.4): calendars
    elsewhere compare it with what they have. `announced_sequence` is what people have been told by
    mail, nothing yet while it is null, and `announce_at` when they are to be told. `remind_at` is
    when the next reminder is due, null when none is.
    """

    __tablename__ = "interviews"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(f"response IN {RESPONSES}", name="response"),
        CheckConstraint(f"calendar_provider IN {PROVIDERS}", name="calendar_provider"),
        CheckConstraint("starts_at < ends_at", name="times"),
        CheckConstraint("status = 'scheduled' OR remind_at IS NULL", name="silent"),
        Index(
            "uq_interviews_application_id_starts_at",
            "application_id",
            "starts_at",
            unique=True,
            postgresql_where=_SCHEDULED,
        ),
        Index("ix_interviews_organization_id_starts_at_id", "organization_id", "starts_at", "id"),
        Index("ix_interviews_candidate_id_starts_at_id", "candidate_id", "starts_at", "id"),
        Index("ix_interviews_interviewer_id_starts_at_id", "interviewer_id", "starts_at", "id"),
        Index(
            "ix_interviews_announce_at",
            "announce_at",
            postgresql_where=text("announced_sequence IS DISTINCT FROM sequence"),
        ),
        Index(
            "ix_interviews_remind_at", "remind_at", postgresql_where=text("remind_at IS NOT NULL")
        ),
        Index("ix_interviews_upcoming", "ends_at", postgresql_where=_SCHEDULED),
    )

    id: Mapped[UUID] = primary_key()
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    candidate_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    interviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str]
    attendees: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    location: Mapped[str] = mapped_column(server_default="")
    meeting_url: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=SCHEDULED)
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    response: Mapped[str] = mapped_column(server_default="pending")
    responded_at: Mapped[datetime | None]
    response_note: Mapped[str | None]
    calendar_provider: Mapped[str | None]
    sequence: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    announced_sequence: Mapped[int | None]
    announced_starts_at: Mapped[datetime | None]
    announce_at: Mapped[datetime] = mapped_column(server_default=func.now())
    remind_at: Mapped[datetime | None]
