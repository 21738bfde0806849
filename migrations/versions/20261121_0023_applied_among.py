"""Which of a page's jobs somebody has applied to, asked within the statement that reads the page.

The function says whose eyes it takes before it looks, as every transaction does; the policy of the
applications stands as it is. In a function of several statements the first one is over before the
second begins, which no order of evaluation inside a single statement would promise.
"""

from alembic import op

from app.core.db import APP_ROLE

revision = "0023_applied_among"
down_revision = "0022b_job_skills"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION applied_among(person uuid, jobs uuid[]) RETURNS uuid[]
        LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM set_config('intake.person', person::text, true);
            RETURN ARRAY(
                SELECT job_id FROM applications
                WHERE candidate_id = person AND job_id = ANY(jobs)
            );
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION applied_among(uuid, uuid[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION applied_among(uuid, uuid[]) TO {APP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION applied_among(uuid, uuid[])")
