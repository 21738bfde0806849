"""What employers judge applicants by, and how."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import tenant_policy

revision = "0018b_scorecards"
down_revision = "0016_claim_leavings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_scorecards()
    _create_reviews()
    # No policy names the applicant: not even a fault of a query could show them a review.
    for table in ("job_scorecards", "application_reviews"):
        op.create_index(f"ix_{table}_organization_id", table, ["organization_id"])
        tenant_policy(table)


def downgrade() -> None:
    op.drop_table("application_reviews")
    op.drop_table("job_scorecards")


def _stamp(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _belongs(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _create_scorecards() -> None:
    table = "job_scorecards"
    op.create_table(
        table,
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("criteria", postgresql.ARRAY(sa.Text()), nullable=False),
        _stamp("created_at"),
        _stamp("updated_at"),
        _belongs(table, "job_id", "jobs", "CASCADE"),
        _belongs(table, "organization_id", "organizations", "CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_scorecards")),
    )


def _create_reviews() -> None:
    table = "application_reviews"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("scores", postgresql.JSONB(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        _stamp("created_at"),
        _stamp("updated_at"),
        _belongs(table, "application_id", "applications", "CASCADE"),
        _belongs(table, "organization_id", "organizations", "CASCADE"),
        _belongs(table, "reviewer_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_reviews")),
        sa.UniqueConstraint(
            "application_id",
            "reviewer_id",
            name=op.f("uq_application_reviews_application_id_reviewer_id"),
        ),
    )
    op.create_index("ix_application_reviews_reviewer_id", table, ["reviewer_id"])
