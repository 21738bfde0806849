"""What employers see of applications: their analyses, boards by stage, and who waits."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import TENANT

revision = "0024_hiring_pages"
down_revision = "0025_welcome"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Readers wait for the policy's lock and not for an index's, so the policy comes last.
    op.create_index(
        "ix_applications_job_id_status_id",
        "applications",
        ["job_id", "status", "id"],
        postgresql_include=["organization_id", "candidate_id"],
    )
    op.create_index(
        "ix_applications_waiting",
        "applications",
        ["organization_id", "created_at"],
        postgresql_where=sa.text("status = 'applied'"),
    )
    # An organization sees how those who applied with a résumé score for that very job.
    op.execute(
        f"""
        CREATE POLICY applied_with ON analyses FOR SELECT USING (EXISTS (
            SELECT 1 FROM applications WHERE applications.resume_id = analyses.resume_id
            AND applications.job_id = analyses.job_id
            AND applications.organization_id = {TENANT}))
        """  # noqa: S608 - the one value is a constant of this code.
    )


def downgrade() -> None:
    op.execute("DROP POLICY applied_with ON analyses")
    op.drop_index("ix_applications_waiting", "applications")
    op.drop_index("ix_applications_job_id_status_id", "applications")
