"""The ledger's tables.

Bulk tables (`claim_rows`, `claim_answers`, `payer_claims`) have no foreign keys: PostgreSQL would
check them row by row while a million rows are copied in. They carry their organization, so that
row-level security holds without a join, and go with their job in one transaction.

A row's answer stands in a table of its own: rows are written once and never updated, so there are
no dead rows to vacuum, and the primary key alone makes a second answer impossible.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import app.claims.models_payer  # noqa: F401 - the tables of the room are known together.
from app.core.models import Base, Timestamps, primary_key

STATUSES = ("PENDING", "PROCESSING", "CANCELLING", "CANCELLED", "COMPLETED", "FAILED")
ENDED = ("CANCELLED", "COMPLETED", "FAILED")


class Practice(Timestamps, Base):
    """A practice that claims are asked for, known to payers by its TIN."""

    __tablename__ = "practices"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "name"),
        CheckConstraint("tin ~ '^[0-9]{9}$'", name="tin"),
        CheckConstraint("npi ~ '^[0-9]{10}$'", name="npi"),
    )

    id: Mapped[int] = mapped_column(sa.Integer, Identity(always=True), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    tin: Mapped[str]
    npi: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class ClaimJob(Timestamps, Base):
    """One uploaded claim file and how far its work is."""

    __tablename__ = "claim_jobs"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(
            "(status IN ('CANCELLED', 'COMPLETED', 'FAILED')) = (processing_completed_at IS NOT NULL)",
            name="ended",
        ),
        Index("ix_claim_jobs_organization_id_id", "organization_id", "id"),
        Index("ix_claim_jobs_organization_id_file_sha256", "organization_id", "file_sha256"),
        Index(
            "ix_claim_jobs_open",
            "id",
            postgresql_where=text("status IN ('PENDING', 'PROCESSING', 'CANCELLING')"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    provider: Mapped[str]
    use_batch_query: Mapped[bool]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    include: Mapped[list[str]] = mapped_column(sa.ARRAY(Text), server_default=text("'{}'"))
    filename: Mapped[str]
    original_filename: Mapped[str]
    file_size: Mapped[int] = mapped_column(BigInteger)
    file_sha256: Mapped[str]
    shape: Mapped[str]
    encoding: Mapped[str]
    delimiter: Mapped[str]
    date_order: Mapped[str]
    header: Mapped[list[str]] = mapped_column(sa.ARRAY(Text))
    """The file's own column names, in its order; `claim_rows.cells` follows it."""
    mapping: Mapped[dict[str, int]] = mapped_column(JSONB)
    """Our field to the position of its column in `header`."""
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    status: Mapped[str] = mapped_column(server_default=text("'PENDING'"))
    status_reason: Mapped[str | None]
    status_reason_code: Mapped[str | None]
    status_reason_at: Mapped[datetime | None]
    """The moment that the reason speaks of: until when it is tried again."""
    attempt: Mapped[int] = mapped_column(server_default=text("1"))
    total_rows: Mapped[int]
    success_count: Mapped[int] = mapped_column(server_default=text("0"))
    """Final once the job has ended; while it runs, the sum over its units."""
    failure_count: Mapped[int] = mapped_column(server_default=text("0"))
    failures_by_reason: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    celery_task_id: Mapped[UUID]
    request_id: Mapped[str] = mapped_column(server_default=text("''"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    """Grows with every event; the SSE id."""
    duplicate_of: Mapped[UUID | None]
    processing_started_at: Mapped[datetime | None]
    processing_completed_at: Mapped[datetime | None]
    alike_found: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether `claim_twins` tells which rows ask the same; looked for before any is asked singly."""
    outage_since: Mapped[datetime | None]
    """First failure of the payer in a row of failures; cleared by the next good answer."""
    parked_until: Mapped[datetime | None]
    """No unit of the job is claimed before; so an outage costs no churn over all its units."""
    expires_at: Mapped[datetime]


class ClaimRow(Base):
    """One data row as it came in, and what is compared and asked; never updated."""

    __tablename__ = "claim_rows"

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    claim_key: Mapped[str | None]
    first_key: Mapped[str | None]
    last_key: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    service_from: Mapped[date | None]
    service_to: Mapped[date | None]
    practice_id: Mapped[int | None]
    tin: Mapped[str | None]
    payer_id: Mapped[str | None]
    fault: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """`{code, field, message}` when the row itself is wrong and no payer is asked."""
    warnings: Mapped[list[str] | None] = mapped_column(sa.ARRAY(Text))
    cells: Mapped[list[str]] = mapped_column(sa.ARRAY(Text))


class ClaimTwin(Base):
    """A row that asks the same as an earlier one of its job, and gets that one's answer."""

    __tablename__ = "claim_twins"
    __table_args__ = (Index("ix_claim_twins_job_id_leader", "job_id", "leader"),)

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    leader: Mapped[int]


class AnswerColumns:
    """What an answer says; the same in the present table and in the history."""

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    outcome: Mapped[str]
    error_code: Mapped[str | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """`{field, message}`; the code's title, hint and retriable come from the registry."""
    results: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """One object a claim found: what a result line shows."""
    warnings: Mapped[list[str] | None] = mapped_column(sa.ARRAY(Text))
    query_ids: Mapped[list[int] | None] = mapped_column(sa.ARRAY(BigInteger))
    """The payer queries that it rests on: the evidence, where they are few."""
    evidence_id: Mapped[int | None] = mapped_column(BigInteger)
    """Where they are many: the list that it shares with others."""
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ClaimAnswer(AnswerColumns, Base):
    """The one final answer of a row in the job's present attempt."""

    __tablename__ = "claim_answers"
    __table_args__ = (
        CheckConstraint("outcome IN ('succeeded', 'failed')", name="outcome"),
        CheckConstraint("(outcome = 'failed') = (error_code IS NOT NULL)", name="error"),
        Index(
            "ix_claim_answers_failed",
            "job_id",
            "error_code",
            "row_no",
            postgresql_where=text("outcome = 'failed'"),
        ),
    )

    attempt: Mapped[int]
    """The job's attempt in which it was decided."""


class ClaimAnswerHistory(AnswerColumns, Base):
    """Answers that a retry put aside; kept until the job is purged."""

    __tablename__ = "claim_answer_history"

    attempt: Mapped[int] = mapped_column(primary_key=True)


class ClaimUnit(Base):
    """A leased piece of a job's work: its plan, a payer window, or a range of rows.

    `token` is the fence: each write names it, and a worker that lost its lease changes nothing.
    """

    __tablename__ = "claim_units"
    __table_args__ = (
        CheckConstraint("kind IN ('plan', 'window', 'rows')", name="kind"),
        CheckConstraint("state IN ('WAITING', 'READY', 'LEASED', 'DONE')", name="state"),
        Index("ix_claim_units_job_id_kind_lo", "job_id", "kind", "lo"),
        Index(
            "ix_claim_units_runnable",
            "job_id",
            "id",
            postgresql_where=text("state IN ('READY', 'LEASED')"),
        ),
        Index(
            "ix_claim_units_leased",
            "organization_id",
            "job_id",
            postgresql_where=text("state = 'LEASED'"),
        ),
        Index("ix_claim_units_open", "job_id", "kind", postgresql_where=text("state <> 'DONE'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    job_id: Mapped[UUID]
    organization_id: Mapped[UUID]
    kind: Mapped[str]
    lo: Mapped[int] = mapped_column(server_default=text("0"))
    hi: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str]
    token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """Claims since its last progress: a unit that kills its workers is told by it."""
    faults: Mapped[int] = mapped_column(server_default=text("0"))
    """Rounds in a row that ended with a payer fault and without a good answer."""
    failing_since: Mapped[datetime | None]
    succeeded: Mapped[int] = mapped_column(server_default=text("0"))
    failed: Mapped[int] = mapped_column(server_default=text("0"))


class ClaimJobEvent(Base):
    """What happened to a job, in order: history, and what a stream resumes from."""

    __tablename__ = "claim_job_events"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("claim_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    organization_id: Mapped[UUID]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
