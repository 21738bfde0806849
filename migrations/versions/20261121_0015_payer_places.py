"""Places for calls in flight with a payer, shared out in the database and not in Redis."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import grant_app

revision = "0015_payer_places"
down_revision = "0010b_claim_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payer_places",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("credential", "holder", name=op.f("pk_payer_places")),
    )
    # No tenant's data: a digest, random names of processes, and numbers.
    grant_app("payer_places")


def downgrade() -> None:
    op.drop_table("payer_places")
