"""The posts' tables.

`search` holds everything that is searched, `search_head` only title and skills: a word that half of
all jobs mention is answered from the second one, so that a broad search stays cheap.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, FetchedValue, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

LOCATION_TYPES = ("on_site", "remote", "hybrid")
JOB_TYPES = ("full_time", "part_time", "contract", "temporary", "internship", "freelance")
EXPERIENCE_LEVELS = ("entry", "junior", "mid", "senior", "lead", "executive")
STATUSES = ("draft", "active", "closed", "archived")
_ACTIVE = text("status = 'active'")


class _Post(Timestamps):
    """The columns that the table and its view share."""

    title: Mapped[str]
    company: Mapped[str]
    location: Mapped[str] = mapped_column(server_default="")
    location_type: Mapped[str]
    job_type: Mapped[str]
    experience_level: Mapped[str]
    description: Mapped[str]
    requirements: Mapped[str] = mapped_column(server_default="")
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    # PostgreSQL does not take array_to_string into a generated column, so the joined skills stand
    # beside the list.
    skills_text: Mapped[str] = mapped_column(server_default="", deferred=True)
    skill_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """What the skills are compared by, one for each in their order (app/skills/keys.py)."""
    skills_version: Mapped[str | None] = mapped_column(
        server_onupdate=FetchedValue(for_update=True)
    )
    """The taxonomy that the keys are of; null where somebody wrote the skills without them."""
    salary_min: Mapped[int | None]
    salary_max: Mapped[int | None]
    currency: Mapped[str]
    language: Mapped[str]
    status: Mapped[str]
    posted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    applications_count: Mapped[int] = mapped_column(server_default="0")
    views_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    wording: Mapped[int] = mapped_column(
        server_default="1", server_onupdate=FetchedValue(for_update=True)
    )
    """Grows, by the database's hand, each time that what a score rests on is worded anew."""
    search: Mapped[str] = mapped_column(
        TSVECTOR, FetchedValue(), FetchedValue(for_update=True), deferred=True
    )
    search_head: Mapped[str] = mapped_column(
        TSVECTOR, FetchedValue(), FetchedValue(for_update=True), deferred=True
    )


class Job(_Post, Base):
    """A post of an organization. A draft is seen by its organization alone."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(f"location_type IN {LOCATION_TYPES}", name="location_type"),
        CheckConstraint(f"job_type IN {JOB_TYPES}", name="job_type"),
        CheckConstraint(f"experience_level IN {EXPERIENCE_LEVELS}", name="experience_level"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("language IN ('en', 'fr')", name="language"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("salary_min <= salary_max", name="salary"),
        CheckConstraint("status = 'draft' OR posted_at IS NOT NULL", name="posted"),
        Index("ix_jobs_active", "posted_at", "id", postgresql_where=_ACTIVE),
        Index("ix_jobs_organization_id_id", "organization_id", "id"),
        Index("ix_jobs_posted_by_id", "posted_by", "id"),
        Index(
            "ix_jobs_expiring",
            "expires_at",
            postgresql_where=text("status = 'active' AND expires_at IS NOT NULL"),
        ),
        Index("ix_jobs_search", "search", postgresql_using="gin", postgresql_where=_ACTIVE),
        Index("ix_jobs_skill_keys", "skill_keys", postgresql_using="gin", postgresql_where=_ACTIVE),
        Index(
            "ix_jobs_search_head", "search_head", postgresql_using="gin", postgresql_where=_ACTIVE
        ),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    posted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None] = mapped_column(FetchedValue(for_update=True))
    """When it was closed or archived, kept by the database; null again once it is active."""


class OpenJob(_Post, Base):
    """A view: the jobs that everybody may see, active and not over, whoever asks."""

    __tablename__ = "open_jobs"
    __table_args__ = {"info": {"is_view": True}}  # noqa: RUF012 - SQLAlchemy reads it as it stands.

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    posted_by: Mapped[UUID | None]


class JobWord(Base):
    """A word that some published job has in its head: what typing errors are corrected to."""

    __tablename__ = "job_words"
    __table_args__ = (
        Index(
            "ix_job_words_word",
            "word",
            postgresql_using="gist",
            postgresql_ops={"word": "gist_trgm_ops"},
        ),
    )

    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)
