"""Who was told what, and how they want to be told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key


class Notification(Base):
    """One event for one person; every transaction may add one, its person and the system read it.

    `fingerprint` is what makes two events the same one. `mail_at` is when a mail about it is due;
    null when there is none to come.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("uq_notifications_fingerprint", "user_id", "fingerprint", unique=True),
        Index("ix_notifications_user_id_id", "user_id", "id"),
        Index(
            "ix_notifications_unread",
            "user_id",
            "id",
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notifications_mail_at", "mail_at", postgresql_where=text("mail_at IS NOT NULL")),
        Index(
            "ix_notifications_mailed",
            "user_id",
            "kind",
            "mailed_at",
            postgresql_where=text("mailed_at IS NOT NULL"),
        ),
        Index("ix_notifications_organization_id", "organization_id"),
        Index("ix_notifications_created_at", "created_at"),
    )

    id: Mapped[UUID] = primary_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    kind: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    read_at: Mapped[datetime | None]
    mail_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NotificationSettings(Timestamps, Base):
    """How a person wants to be told; what they never chose is not here.

    `choices` holds off, in_app or email by kind. Without a `language` they are written to in that
    of what the mail is about, without a `timezone` in UTC.
    """

    __tablename__ = "notification_settings"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str | None]
    timezone: Mapped[str | None]
    choices: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class LetterTemplate(Timestamps, Base):
    """An organization's own words for a mail to its applicants; without a row ours are used."""

    __tablename__ = "letter_templates"
    __table_args__ = (CheckConstraint("language IN ('en', 'fr')", name="language"),)

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    body: Mapped[str]
