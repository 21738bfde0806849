"""The papers' table.

What was read stands in the row itself: it is small, it belongs to the file alone, and it goes with
it. The bytes are in storage/.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

STATUSES = ("uploaded", "text_extracted", "skills_extracted", "extraction_failed")
ENDED = ("skills_extracted", "extraction_failed")
_DUE = text("status IN ('uploaded', 'text_extracted')")


class Resume(Timestamps, Base):
    """One person's résumé. `revision` grows each time that it is read anew."""

    __tablename__ = "resumes"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("(status = 'extraction_failed') = (error IS NOT NULL)", name="error"),
        sa.UniqueConstraint("owner_id", "sha256"),
        Index("ix_resumes_owner_id_id", "owner_id", "id"),
        Index("ix_resumes_due", "id", postgresql_where=_DUE),
        Index(
            "ix_resumes_understood_by",
            "understood_by",
            postgresql_where=text("status = 'skills_extracted'"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    file_id: Mapped[UUID]
    filename: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="uploaded")
    status_history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    text: Mapped[str | None] = mapped_column(deferred=True, deferred_group="whole")
    pages: Mapped[int | None]
    links: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    cautions: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    document_date: Mapped[date | None]
    understanding: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    skill_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", deferred=True)
    """What its skills are compared by (app/skills/keys.py)."""
    understood_by: Mapped[int] = mapped_column(SmallInteger, FetchedValue(), server_default="0")
    """The version of the rules that `understanding` comes from; a trigger takes it from there."""
    revision: Mapped[int] = mapped_column(server_default="1")
    attempts: Mapped[int] = mapped_column(server_default="0")
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
