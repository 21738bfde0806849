"""Claim jobs say what they want to know of each claim beside its summary."""

import sqlalchemy as sa
from alembic import op

revision = "0009_payers"
down_revision = "0006_mail_and_invites"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "claim_jobs",
        sa.Column("include", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("claim_jobs", "include")
