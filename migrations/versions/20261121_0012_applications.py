"""Applications, how they moved, and the jobs' count of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, TENANT, grant_app

revision = "0012_applications"
down_revision = "0011_jobs"
branch_labels = None
depends_on = None

_STATUSES = (
    "applied",
    "viewed",
    "shortlisted",
    "interview",
    "offer",
    "accepted",
    "rejected",
    "withdrawn",
)


def upgrade() -> None:
    _create_applications()
    _create_moves()
    _count_applications()


def downgrade() -> None:
    op.drop_table("application_moves")
    op.drop_table("applications")
    op.execute("DROP FUNCTION count_applications")


def _stamp(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _belongs(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _create_applications() -> None:
    table = "applications"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("resume_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cover_letter", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        _stamp("created_at"),
        _stamp("updated_at"),
        sa.CheckConstraint(f"status IN {_STATUSES}", name=op.f("ck_applications_status")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_applications_rating")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_applications_score")),
        _belongs(table, "job_id", "jobs", "CASCADE"),
        _belongs(table, "organization_id", "organizations", "CASCADE"),
        _belongs(table, "candidate_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        # One a person and job, also when two requests race.
        sa.UniqueConstraint(
            "job_id", "candidate_id", name=op.f("uq_applications_job_id_candidate_id")
        ),
    )
    op.create_index("ix_applications_candidate_id_id", table, ["candidate_id", "id"])
    op.create_index("ix_applications_organization_id_id", table, ["organization_id", "id"])
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    seen = f"organization_id = {TENANT} OR candidate_id = {PERSON} OR {SYSTEM}"
    op.execute(f"CREATE POLICY parties ON {table} USING ({seen}) WITH CHECK ({seen})")
    grant_app(table)


def _create_moves() -> None:
    table = "application_moves"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        _stamp("at"),
        _belongs(table, "application_id", "applications", "CASCADE"),
        _belongs(table, "by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_moves")),
    )
    op.create_index("ix_application_moves_application_id_id", table, ["application_id", "id"])
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # Whoever sees the application sees its history; the sub-select obeys that table's own policy.
    seen = "EXISTS (SELECT 1 FROM applications WHERE applications.id = application_id)"
    op.execute(f"CREATE POLICY parties ON {table} USING ({seen}) WITH CHECK ({seen})")
    # A history is only ever added to.
    grant_app(table, "SELECT", "INSERT")


def _count_applications() -> None:
    """The one who applies may not change the job, so its count moves by the database's own hand."""
    op.execute(
        """
        CREATE FUNCTION count_applications() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                UPDATE jobs SET applications_count = applications_count + 1 WHERE id = NEW.job_id;
            ELSE
                UPDATE jobs SET applications_count = applications_count - 1 WHERE id = OLD.job_id;
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER count_applications AFTER INSERT OR DELETE ON applications
        FOR EACH ROW EXECUTE FUNCTION count_applications()
        """
    )
