"""Places for calls in flight, shared out in the database; one index less for claims with numbers."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import grant_app

revision = "0015_payer_places"
down_revision = "0017c_saved_searches"
branch_labels = None
depends_on = None
_INDEX = "ix_payer_claims_job_id_date_of_birth"


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
    op.add_column(
        "payer_claims",
        sa.Column("by_person", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.drop_index(_INDEX, table_name="payer_claims")
    op.create_index(
        _INDEX,
        "payer_claims",
        ["job_id", "date_of_birth"],
        postgresql_where=sa.text("by_person"),
    )


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="payer_claims")
    op.create_index(_INDEX, "payer_claims", ["job_id", "date_of_birth"])
    op.drop_column("payer_claims", "by_person")
    op.drop_table("payer_places")
