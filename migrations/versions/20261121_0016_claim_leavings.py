"""Units and payer queries of a deleted claim job are taken away in pieces, as its rows are."""

from alembic import op

revision = "0016_claim_leavings"
down_revision = "0018a_interviews"
branch_labels = None
depends_on = None

# Of a file that is asked for row by row these are as many as its rows: a cascade of hundreds of
# thousands in one statement.
_TABLES = ("claim_units", "payer_queries")


def upgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(f"fk_{table}_job_id_claim_jobs", table, type_="foreignkey")


def downgrade() -> None:
    for table in _TABLES:
        op.execute(
            f"DELETE FROM {table} t"  # noqa: S608 -- a constant name.
            " WHERE NOT EXISTS (SELECT FROM claim_jobs j WHERE j.id = t.job_id)"
        )
        op.create_foreign_key(
            f"fk_{table}_job_id_claim_jobs",
            table,
            "claim_jobs",
            ["job_id"],
            ["id"],
            ondelete="CASCADE",
        )
