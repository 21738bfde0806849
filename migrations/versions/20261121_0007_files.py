"""Files: where each one's bytes are, and the spool that they wait in; logos of organizations."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core.migrations import PERSON, SYSTEM, TENANT, grant_app

revision = "0007_files"
down_revision = "0003_claims"
branch_labels = None
depends_on = None

_STATES = ("waiting", "stored", "failed", "deleted")
_KINDS = ("local", "s3", "cloudinary")


def upgrade() -> None:
    _create_files()
    _create_spool()
    op.add_column("organizations", sa.Column("logo_file_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("organizations", "logo_file_id")
    op.drop_table("file_pieces")
    op.drop_table("files")


def _moment(name: str, default: str | None = None) -> sa.Column[Any]:
    stamp = sa.DateTime(timezone=True)
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, stamp, server_default=server_default, nullable=default is None)


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        _moment("next_try_at", "now()"),
        _moment("stored_at"),
        _moment("created_at", "now()"),
        _moment("updated_at", "now()"),
        sa.CheckConstraint(f"state IN {_STATES}", name=op.f("ck_files_state")),
        sa.CheckConstraint(f"kind IN {_KINDS}", name=op.f("ck_files_kind")),
        sa.CheckConstraint("state <> 'stored' OR kind IS NOT NULL", name=op.f("ck_files_stored")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("key", name=op.f("uq_files_key")),
    )
    op.create_index(
        "ix_files_due",
        "files",
        ["next_try_at"],
        postgresql_where=sa.text("state IN ('waiting', 'deleted')"),
    )
    op.execute("ALTER TABLE files ENABLE ROW LEVEL SECURITY")
    seen = f"organization_id = {TENANT} OR owner_id = {PERSON} OR {SYSTEM}"
    op.execute(f"CREATE POLICY parties ON files USING ({seen}) WITH CHECK ({seen})")
    grant_app("files")


def _create_spool() -> None:
    op.create_table(
        "file_pieces",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.id"],
            name=op.f("fk_file_pieces_file_id_files"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_file_pieces")),
    )
    # Documents are compressed already; trying it again costs more than the writing.
    op.execute("ALTER TABLE file_pieces ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE file_pieces ENABLE ROW LEVEL SECURITY")
    # Whoever sees the file sees its bytes; the sub-select obeys that table's own policy.
    seen = "EXISTS (SELECT 1 FROM files WHERE files.id = file_id)"
    op.execute(f"CREATE POLICY parties ON file_pieces USING ({seen}) WITH CHECK ({seen})")
    grant_app("file_pieces")
