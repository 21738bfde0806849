"""The bench's tables.

An analysis holds its whole answer; what it was made of stands in its key, so that it is found again
for the same inputs and never for others. Jobs are read once for all résumés (`JobFeatures`), and
`JobTerm` finds those that a résumé has most in common with.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, REAL
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

STATUSES = ("pending", "running", "completed", "failed")
ENDED = ("completed", "failed")


class Analysis(Timestamps, Base):
    """A résumé held against a job; without `job_id`, against all open ones.

    `key` names the inputs and is null where the answer must not be given again. `resume_revision` and
    `job_wording` are the numbers that those inputs had when they were last seen: an application shows
    the answer as long as they are the present ones. `asked_at` is when its owner last asked for it,
    null when an application did.
    """

    __tablename__ = "analyses"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("overall_score BETWEEN 0 AND 100", name="overall_score"),
        CheckConstraint("fit BETWEEN 0 AND 100", name="fit"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name="error"),
        CheckConstraint("(status = 'completed') = (result IS NOT NULL)", name="result"),
        UniqueConstraint("resume_id", "key"),
        Index("ix_analyses_owner_id_asked_at", "owner_id", "asked_at", "id"),
        Index("ix_analyses_owner_id_job_id", "owner_id", "job_id", "asked_at"),
        Index("ix_analyses_resume_id_job_id", "resume_id", "job_id", "id"),
        Index("ix_analyses_job_id", "job_id"),
        Index("ix_analyses_due", "id", postgresql_where=text("status IN ('pending', 'running')")),
    )

    id: Mapped[UUID] = primary_key()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    resume_id: Mapped[UUID] = mapped_column(ForeignKey("resumes.id", ondelete="CASCADE"))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    key: Mapped[str | None]
    resume_revision: Mapped[int | None]
    job_wording: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default="pending")
    model_version: Mapped[str]
    overall_score: Mapped[float | None] = mapped_column(Float)
    fit: Mapped[float | None] = mapped_column(Float)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    asked_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]


class JobFeatures(Base):
    """An open job as the engine reads it. `seen_at`: the job's `updated_at` when it was read.

    `ranking`: as much of `features` as its rank rests on, in a third of the bytes.
    """

    __tablename__ = "job_features"
    __table_args__ = (
        Index("ix_job_features_unpacked", "job_id", postgresql_where=text("ranking IS NULL")),
    )

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str]
    model_version: Mapped[str]
    seen_at: Mapped[datetime]
    features: Mapped[bytes] = mapped_column(LargeBinary)
    ranking: Mapped[bytes | None] = mapped_column(LargeBinary)


class JobTerm(Base):
    """One of the words, pairs or skills that say most about an open job, by its number."""

    __tablename__ = "job_terms"
    __table_args__ = (Index("ix_job_terms_term_weight", "term", text("weight DESC"), "job_id"),)

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("job_features.job_id", ondelete="CASCADE"), primary_key=True
    )
    term: Mapped[int] = mapped_column(Integer, primary_key=True)
    weight: Mapped[float] = mapped_column(REAL)
