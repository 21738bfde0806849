"""The mails that are to go out, or went out lately."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, primary_key

WAITING = "waiting"
SENT = "sent"
FAILED = "failed"


class Mail(Base):
    """One mail to one person. Every transaction may add one; only the system reads them.

    `context` is what its template shows, `secrets` the sealed part of that (links with a token);
    both are emptied when the mail has ended. A claim moves `next_try_at` into the future and puts a
    new `fence` on the row: whoever dies while sending is followed by another one at that time, and
    whoever comes back late writes nothing.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
        Index("ix_mails_next_try_at", "next_try_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_mails_ended_at", "ended_at", postgresql_where=text("state <> 'waiting'")),
    )

    id: Mapped[UUID] = primary_key()
    recipient: Mapped[str]
    template: Mapped[str]
    language: Mapped[str]
    context: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    secrets: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    fence: Mapped[UUID | None]
    error: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
