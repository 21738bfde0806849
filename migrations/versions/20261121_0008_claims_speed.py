"""The ledger at speed: evidence that many answers share is written once, kept claims as answers."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import tenant_policy

revision = "0008_claims_speed"
down_revision = "0005_providers"
branch_labels = None
depends_on = None

ANSWERS = ("claim_answers", "claim_answer_history")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.create_table(
        "claim_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("query_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_evidence")),
    )
    op.create_index("ix_claim_evidence_job_id", "claim_evidence", ["job_id"], unique=False)
    tenant_policy("claim_evidence")
    for table in ANSWERS:
        op.add_column(table, sa.Column("evidence_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "claim_jobs",
        sa.Column("alike_found", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    # A kept claim is stored as the answer that it becomes: a list of one line, its warnings apart.
    op.add_column("payer_claims", sa.Column("warnings", sa.ARRAY(sa.Text()), nullable=True))
    op.execute(
        "UPDATE payer_claims SET data = jsonb_build_array(data - 'warnings'), warnings ="
        " CASE WHEN data ? 'warnings'"
        " THEN ARRAY(SELECT jsonb_array_elements_text(data->'warnings')) END"
    )
    op.alter_column("payer_claims", "data", new_column_name="results")
    # Rows alike are looked for when it is time to ask one singly, by what they ask.
    op.drop_column("claim_rows", "question_key")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.add_column("claim_rows", sa.Column("question_key", sa.Uuid(), nullable=True))
    op.alter_column("payer_claims", "results", new_column_name="data")
    op.execute(
        "UPDATE payer_claims SET data = CASE WHEN warnings IS NULL THEN data->0"
        " ELSE (data->0) || jsonb_build_object('warnings', to_jsonb(warnings)) END"
    )
    op.drop_column("payer_claims", "warnings")
    op.drop_column("claim_jobs", "alike_found")
    for table in ANSWERS:
        op.execute(
            f"UPDATE {table} a SET query_ids = e.query_ids FROM claim_evidence e"  # noqa: S608 - constants.
            " WHERE e.id = a.evidence_id"
        )
        op.drop_column(table, "evidence_id")
    op.drop_table("claim_evidence")
