"""What people were told, and how they want to be told."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, grant_app

revision = "0017a_notifications"
down_revision = "0018c_erasure"
branch_labels = None
depends_on = None

_TOLD = "notifications"
_WISHES = "notification_settings"


def upgrade() -> None:
    _create_notifications()
    _create_indexes()
    _create_settings()


def downgrade() -> None:
    op.drop_table(_WISHES)
    op.drop_table(_TOLD)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _stamp(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete="CASCADE")


def _own(table: str) -> None:
    """A person's rows are theirs, whatever organization they act in."""
    own = f"user_id = {PERSON} OR {SYSTEM}"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {table} USING ({own}) WITH CHECK ({own})")
    grant_app(table)


def _create_notifications() -> None:
    op.create_table(
        _TOLD,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("params", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        _moment("read_at"),
        _moment("mail_at"),
        _moment("mailed_at"),
        _stamp("created_at"),
        _belongs(_TOLD, "user_id", "users"),
        _belongs(_TOLD, "organization_id", "organizations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TOLD}")),
    )
    _own(_TOLD)
    # Who applies tells the employer, and the other way round: everybody may add, and see no more.
    op.execute(f"CREATE POLICY tell ON {_TOLD} FOR INSERT WITH CHECK (true)")


def _create_indexes() -> None:
    op.create_index("uq_notifications_fingerprint", _TOLD, ["user_id", "fingerprint"], unique=True)
    op.create_index("ix_notifications_user_id_id", _TOLD, ["user_id", "id"])
    op.create_index(
        "ix_notifications_unread",
        _TOLD,
        ["user_id", "id"],
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(
        "ix_notifications_mail_at",
        _TOLD,
        ["mail_at"],
        postgresql_where=sa.text("mail_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_mailed",
        _TOLD,
        ["user_id", "kind", "mailed_at"],
        postgresql_where=sa.text("mailed_at IS NOT NULL"),
    )
    op.create_index("ix_notifications_organization_id", _TOLD, ["organization_id"])
    op.create_index("ix_notifications_created_at", _TOLD, ["created_at"])


def _create_settings() -> None:
    op.create_table(
        _WISHES,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("choices", postgresql.JSONB(), server_default="{}", nullable=False),
        _stamp("created_at"),
        _stamp("updated_at"),
        _belongs(_WISHES, "user_id", "users"),
        sa.PrimaryKeyConstraint("user_id", name=op.f(f"pk_{_WISHES}")),
    )
    _own(_WISHES)
