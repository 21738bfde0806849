"""The letters' tables."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    CheckConstraint,
    FetchedValue,
    Float,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.applications.moves import STATUSES
from app.core.models import Base, Timestamps, primary_key


class Application(Timestamps, Base):
    """One person's application to one job. Its organization is the job's.

    `notes`, `rating`, `tags` and `score` are the employer's and never shown to the applicant.
    `reached`, `responded_at` and `accepted_at` follow from the moves: the database keeps them.
    """

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.UniqueConstraint("job_id", "candidate_id"),
        Index("ix_applications_candidate_id_id", "candidate_id", "id"),
        Index("ix_applications_organization_id_id", "organization_id", "id"),
        Index(
            "ix_applications_resume_id",
            "resume_id",
            postgresql_where=sa.text("resume_id IS NOT NULL"),
        ),
        Index(
            "ix_applications_organization_id_created_at",
            "organization_id",
            "created_at",
            postgresql_include=["status", "reached", "source", "candidate_id"],
        ),
        Index(
            "ix_applications_responded",
            "organization_id",
            "responded_at",
            postgresql_include=["created_at", "candidate_id"],
            postgresql_where=sa.text("responded_at IS NOT NULL"),
        ),
        Index(
            "ix_applications_accepted",
            "organization_id",
            "accepted_at",
            postgresql_include=["created_at", "candidate_id"],
            postgresql_where=sa.text("accepted_at IS NOT NULL"),
        ),
        Index(
            "ix_applications_responded_rank",
            "organization_id",
            sa.text("duration_rank(created_at, responded_at)"),
            "responded_at",
            postgresql_include=["created_at", "candidate_id"],
            postgresql_where=sa.text("responded_at IS NOT NULL"),
        ),
        Index(
            "ix_applications_accepted_rank",
            "organization_id",
            sa.text("duration_rank(created_at, accepted_at)"),
            "accepted_at",
            postgresql_include=["created_at", "candidate_id"],
            postgresql_where=sa.text("accepted_at IS NOT NULL"),
        ),
        Index(
            "ix_applications_job_id_status_id",
            "job_id",
            "status",
            "id",
            postgresql_include=["organization_id", "candidate_id"],
        ),
        Index(
            "ix_applications_waiting",
            "organization_id",
            "created_at",
            postgresql_where=sa.text("status = 'applied'"),
        ),
        Index(
            "ix_applications_unscored",
            "id",
            postgresql_where=sa.text("resume_id IS NOT NULL AND score IS NULL"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    candidate_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    resume_id: Mapped[UUID | None] = mapped_column(ForeignKey("resumes.id", ondelete="SET NULL"))
    status: Mapped[str]
    cover_letter: Mapped[str | None]
    source: Mapped[str | None]
    notes: Mapped[str | None]
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    score: Mapped[float | None] = mapped_column(Float)
    reached: Mapped[int] = mapped_column(
        SmallInteger, FetchedValue(for_update=True), server_default="0"
    )
    """The furthest stage, by its place in STAGES; 5 is accepted."""
    responded_at: Mapped[datetime | None] = mapped_column(FetchedValue(for_update=True))
    """The employer's first move other than `viewed`."""
    accepted_at: Mapped[datetime | None] = mapped_column(FetchedValue(for_update=True))


class ApplicationMove(Base):
    """One step of an application; the first comes from nothing."""

    __tablename__ = "application_moves"
    __table_args__ = (Index("ix_application_moves_application_id_id", "application_id", "id"),)

    id: Mapped[UUID] = primary_key()
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    note: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class JobScorecard(Timestamps, Base):
    """What the applicants for a job are judged by; a job without a row has the usual criteria."""

    __tablename__ = "job_scorecards"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    criteria: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ApplicationReview(Timestamps, Base):
    """What one colleague thinks of an application: 1 to 5 by the names of criteria."""

    __tablename__ = "application_reviews"
    __table_args__ = (sa.UniqueConstraint("application_id", "reviewer_id"),)

    id: Mapped[UUID] = primary_key()
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    reviewer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    scores: Mapped[dict[str, int]] = mapped_column(JSONB)
    comment: Mapped[str | None]
