"""Searches that people have saved, and are alerted by."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, grant_app

revision = "0017c_saved_searches"
down_revision = "0017b_letters"
branch_labels = None
depends_on = None

_TABLE = "saved_searches"
_FREQUENCIES = ("instant", "daily", "weekly", "off")


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), server_default="", nullable=False),
        sa.Column("filters", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("expression", sa.Text(), server_default="", nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        _stamp("alerted_until"),
        sa.Column("next_alert_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_alert_at", sa.DateTime(timezone=True), nullable=True),
        _stamp("created_at"),
        _stamp("updated_at"),
        _check("frequency", f"frequency IN {_FREQUENCIES}"),
        _check("next_alert", "(next_alert_at IS NOT NULL) = (frequency IN ('daily', 'weekly'))"),
        _check("language", "language IN ('en', 'fr')"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f(f"fk_{_TABLE}_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    _create_indexes()
    own = f"user_id = {PERSON} OR {SYSTEM}"
    op.execute(f"ALTER TABLE {_TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {_TABLE} USING ({own}) WITH CHECK ({own})")
    grant_app(_TABLE)


def downgrade() -> None:
    op.drop_table(_TABLE)


def _stamp(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{_TABLE}_{name}"))


def _create_indexes() -> None:
    op.create_index(f"ix_{_TABLE}_user_id_id", _TABLE, ["user_id", "id"])
    op.create_index(
        f"ix_{_TABLE}_next_alert_at",
        _TABLE,
        ["next_alert_at", "id"],
        postgresql_where=sa.text("next_alert_at IS NOT NULL"),
    )
    op.create_index(
        f"ix_{_TABLE}_instant",
        _TABLE,
        ["alerted_until", "id"],
        postgresql_where=sa.text("frequency = 'instant'"),
    )
