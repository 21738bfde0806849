"""Epochs of the database, so that the ledger's workers notice a crash under them."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import grant_app

revision = "0010b_claim_epochs"
down_revision = "0010_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_epochs",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("epoch", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.CheckConstraint("id", name=op.f("ck_claim_epochs_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_epochs")),
        prefixes=["UNLOGGED"],
    )
    # No tenant's data: one random name that everybody may read and set when there is none.
    grant_app("claim_epochs", "SELECT", "INSERT")


def downgrade() -> None:
    op.drop_table("claim_epochs")
