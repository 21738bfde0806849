"""Why a claim file waits gets a code and its moment, so that every language has words for it."""

import sqlalchemy as sa
from alembic import op

revision = "0034_why_files_wait"
down_revision = "0033_understood_by"
branch_labels = None
depends_on = None

_TABLE = "claim_jobs"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("status_reason_code", sa.Text()))
    op.add_column(_TABLE, sa.Column("status_reason_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column(_TABLE, "status_reason_at")
    op.drop_column(_TABLE, "status_reason_code")
