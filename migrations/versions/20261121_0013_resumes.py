"""Résumés: the file, what was read in it, and how far its work is."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, TENANT, grant_app

revision = "0013_resumes"
down_revision = "0010b_claim_engine"
branch_labels = None
depends_on = None

_STATUSES = ("uploaded", "text_extracted", "skills_extracted", "extraction_failed")


def upgrade() -> None:
    _create_resumes()
    op.create_foreign_key(
        "fk_applications_resume_id_resumes",
        "applications",
        "resumes",
        ["resume_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(
        "ix_applications_resume_id",
        "applications",
        ["resume_id"],
        postgresql_where=sa.text("resume_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_applications_resume_id", "applications")
    op.drop_constraint("fk_applications_resume_id_resumes", "applications")
    op.drop_table("resumes")


def _moment(name: str, default: str | None = None) -> sa.Column[Any]:
    stamp = sa.DateTime(timezone=True)
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, stamp, server_default=server_default, nullable=default is None)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="uploaded", nullable=False),
        sa.Column("status_history", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("error", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("links", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("cautions", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("understanding", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("skill_keys", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        _moment("lease_until"),
        _moment("created_at", "now()"),
        _moment("updated_at", "now()"),
    ]


def _create_resumes() -> None:
    op.create_table(
        "resumes",
        *_columns(),
        sa.CheckConstraint(f"status IN {_STATUSES}", name=op.f("ck_resumes_status")),
        sa.CheckConstraint(
            "(status = 'extraction_failed') = (error IS NOT NULL)", name=op.f("ck_resumes_error")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_resumes_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resumes")),
        # The same bytes from the same person are the same résumé, also when two uploads race.
        sa.UniqueConstraint("owner_id", "sha256", name=op.f("uq_resumes_owner_id_sha256")),
    )
    op.create_index("ix_resumes_owner_id_id", "resumes", ["owner_id", "id"])
    op.create_index(
        "ix_resumes_due",
        "resumes",
        ["id"],
        postgresql_where=sa.text("status IN ('uploaded', 'text_extracted')"),
    )
    op.execute("ALTER TABLE resumes ENABLE ROW LEVEL SECURITY")
    own = f"owner_id = {PERSON} OR {SYSTEM}"
    op.execute(f"CREATE POLICY owner ON resumes USING ({own}) WITH CHECK ({own})")
    # An organization sees what came with the applications to its jobs, and changes nothing in it.
    op.execute(
        f"""
        CREATE POLICY applied_with ON resumes FOR SELECT USING (EXISTS (
            SELECT 1 FROM applications WHERE applications.resume_id = resumes.id
            AND applications.organization_id = {TENANT}))
        """  # noqa: S608 - the one value is a constant of this code.
    )
    grant_app("resumes")
