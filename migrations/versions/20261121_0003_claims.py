"""The ledger: practices, claim files, their rows, answers, units of work and payer queries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import tenant_policy

revision = "0003_claims"
down_revision = "0002_people"
branch_labels = None
depends_on = None

TABLES = (
    "practices",
    "claim_jobs",
    "claim_rows",
    "claim_twins",
    "claim_answers",
    "claim_answer_history",
    "claim_units",
    "payer_queries",
    "payer_claims",
    "claim_job_events",
)


def upgrade() -> None:
    _create_practices()
    _create_claim_jobs()
    _create_claim_rows()
    _create_claim_twins()
    _create_claim_answers()
    _create_claim_answer_history()
    _create_claim_units()
    _create_payer_queries()
    _create_payer_claims()
    _create_claim_job_events()
    for table in TABLES:
        tenant_policy(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_practices() -> None:
    op.create_table(
        "practices",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tin", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("npi ~ '^[0-9]{10}$'", name=op.f("ck_practices_npi")),
        sa.CheckConstraint("tin ~ '^[0-9]{9}$'", name=op.f("ck_practices_tin")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_practices_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practices")),
        sa.UniqueConstraint(
            "organization_id", "name", name=op.f("uq_practices_organization_id_name")
        ),
    )
    op.create_index(
        op.f("ix_practices_organization_id"), "practices", ["organization_id"], unique=False
    )


def _create_claim_jobs() -> None:
    op.create_table(
        "claim_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("use_batch_query", sa.Boolean(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("original_filename", sa.Text(), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("delimiter", sa.Text(), nullable=False),
        sa.Column("date_order", sa.Text(), nullable=False),
        sa.Column("header", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "warnings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default=sa.text("'PENDING'"), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("success_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "failures_by_reason",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("celery_task_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("processing_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processing_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outage_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status IN ('CANCELLED', 'COMPLETED', 'FAILED')) = (processing_completed_at IS NOT NULL)",
            name=op.f("ck_claim_jobs_ended"),
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'PROCESSING', 'CANCELLING', 'CANCELLED', 'COMPLETED', 'FAILED')",
            name=op.f("ck_claim_jobs_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_claim_jobs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_claim_jobs_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_jobs")),
    )
    op.create_index(
        "ix_claim_jobs_open",
        "claim_jobs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status IN ('PENDING', 'PROCESSING', 'CANCELLING')"),
    )
    op.create_index(
        "ix_claim_jobs_organization_id_file_sha256",
        "claim_jobs",
        ["organization_id", "file_sha256"],
        unique=False,
    )
    op.create_index(
        "ix_claim_jobs_organization_id_id", "claim_jobs", ["organization_id", "id"], unique=False
    )


def _create_claim_rows() -> None:
    op.create_table(
        "claim_rows",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("claim_key", sa.Text(), nullable=True),
        sa.Column("first_key", sa.Text(), nullable=True),
        sa.Column("last_key", sa.Text(), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_to", sa.Date(), nullable=True),
        sa.Column("practice_id", sa.Integer(), nullable=True),
        sa.Column("tin", sa.Text(), nullable=True),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("question_key", sa.Uuid(), nullable=True),
        sa.Column(
            "fault", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("warnings", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("cells", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "row_no", name=op.f("pk_claim_rows")),
    )


def _create_claim_twins() -> None:
    op.create_table(
        "claim_twins",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("leader", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "row_no", name=op.f("pk_claim_twins")),
    )
    op.create_index(
        "ix_claim_twins_job_id_leader", "claim_twins", ["job_id", "leader"], unique=False
    )


def _create_claim_answers() -> None:
    op.create_table(
        "claim_answers",
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column(
            "error", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "results", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("warnings", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("query_ids", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(outcome = 'failed') = (error_code IS NOT NULL)", name=op.f("ck_claim_answers_error")
        ),
        sa.CheckConstraint(
            "outcome IN ('succeeded', 'failed')", name=op.f("ck_claim_answers_outcome")
        ),
        sa.PrimaryKeyConstraint("job_id", "row_no", name=op.f("pk_claim_answers")),
    )
    op.create_index(
        "ix_claim_answers_failed",
        "claim_answers",
        ["job_id", "error_code", "row_no"],
        unique=False,
        postgresql_where=sa.text("outcome = 'failed'"),
    )


def _create_claim_answer_history() -> None:
    op.create_table(
        "claim_answer_history",
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column(
            "error", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "results", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("warnings", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("query_ids", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "attempt", "job_id", "row_no", name=op.f("pk_claim_answer_history")
        ),
    )


def _create_claim_units() -> None:
    op.create_table(
        "claim_units",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lo", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("hi", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "run_after", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("faults", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("kind IN ('plan', 'window', 'rows')", name=op.f("ck_claim_units_kind")),
        sa.CheckConstraint(
            "state IN ('WAITING', 'READY', 'LEASED', 'DONE')", name=op.f("ck_claim_units_state")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["claim_jobs.id"],
            name=op.f("fk_claim_units_job_id_claim_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_units")),
    )
    op.create_index(
        "ix_claim_units_job_id_kind_lo", "claim_units", ["job_id", "kind", "lo"], unique=False
    )
    op.create_index(
        "ix_claim_units_runnable",
        "claim_units",
        ["job_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('READY', 'LEASED')"),
    )
    op.create_index(
        "ix_claim_units_leased",
        "claim_units",
        ["organization_id", "job_id"],
        unique=False,
        postgresql_where=sa.text("state = 'LEASED'"),
    )
    op.create_index(
        "ix_claim_units_open",
        "claim_units",
        ["job_id", "kind"],
        unique=False,
        postgresql_where=sa.text("state <> 'DONE'"),
    )


def _create_payer_queries() -> None:
    op.create_table(
        "payer_queries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("tin", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("page_token", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claims", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("payer_code", sa.Text(), nullable=True),
        sa.Column("payer_request_id", sa.Text(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["claim_jobs.id"],
            name=op.f("fk_payer_queries_job_id_claim_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer_queries")),
    )
    op.create_index("ix_payer_queries_job_id", "payer_queries", ["job_id"], unique=False)
    op.create_index("ix_payer_queries_unit_id", "payer_queries", ["unit_id"], unique=False)


def _create_payer_claims() -> None:
    op.create_table(
        "payer_claims",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("claim_key", sa.Text(), nullable=False),
        sa.Column("tin", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("query_id", sa.BigInteger(), nullable=False),
        sa.Column("first_key", sa.Text(), nullable=False),
        sa.Column("last_key", sa.Text(), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_to", sa.Date(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "claim_key", "tin", name=op.f("pk_payer_claims")),
    )
    op.create_index(
        "ix_payer_claims_job_id_date_of_birth",
        "payer_claims",
        ["job_id", "date_of_birth"],
        unique=False,
    )


def _create_claim_job_events() -> None:
    op.create_table(
        "claim_job_events",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["claim_jobs.id"],
            name=op.f("fk_claim_job_events_job_id_claim_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "version", name=op.f("pk_claim_job_events")),
    )
