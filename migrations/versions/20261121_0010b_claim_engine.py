"""Epochs of the database, so that workers notice a crash; and what deleted claim jobs have left."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import grant_app, tenant_policy

revision = "0010b_claim_engine"
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
    op.create_table(
        "claim_leavings",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_claim_leavings")),
    )
    tenant_policy("claim_leavings")


def downgrade() -> None:
    op.drop_table("claim_leavings")
    op.drop_table("claim_epochs")
