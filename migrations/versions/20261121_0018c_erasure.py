"""Accounts that were erased, and notes of moves that go with them."""

import sqlalchemy as sa
from alembic import op

from app.core.db import APP_ROLE

revision = "0018c_erasure"
down_revision = "0018b_scorecards"
branch_labels = None
depends_on = None

_COLUMNS = ("erased_at", "erasure_settled_at")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("users", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_users_erased_at",
        "users",
        ["erased_at"],
        postgresql_where=sa.text("erased_at IS NOT NULL AND erasure_settled_at IS NULL"),
    )
    # A history is only ever added to, but what somebody wrote into it about a person goes with them.
    op.execute(f"GRANT UPDATE (note) ON application_moves TO {APP_ROLE}")


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE (note) ON application_moves FROM {APP_ROLE}")
    op.drop_index("ix_users_erased_at", "users")
    for name in reversed(_COLUMNS):
        op.drop_column("users", name)
