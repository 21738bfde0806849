"""Accounts that were erased, and notes of moves that go with them."""

import sqlalchemy as sa
from alembic import op

from app.core.db import APP_ROLE

revision = "0018c_erasure"
down_revision = "0018b_scorecards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    # A history is only ever added to, but what somebody wrote into it about a person goes with them.
    op.execute(f"GRANT UPDATE (note) ON application_moves TO {APP_ROLE}")


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE (note) ON application_moves FROM {APP_ROLE}")
    op.drop_column("users", "erased_at")
