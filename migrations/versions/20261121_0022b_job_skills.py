"""Jobs carry what their skills are compared by: the taxonomy's keys, beside the names.

Columns only: the periodic task jobs.name_skills fills them, a few jobs at a time. Code of the release
before writes the names alone; the trigger then says that the keys are of no version any more.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import grant_app

revision = "0022b_job_skills"
down_revision = "0024_hiring_pages"
branch_labels = None
depends_on = None

_OPEN_JOBS = """
    SELECT * FROM jobs WHERE status = 'active' AND (expires_at IS NULL OR expires_at > now())
"""
_COLUMNS = ("skill_keys", "skills_version")


def upgrade() -> None:
    op.add_column(
        "jobs",
        sa.Column("skill_keys", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("jobs", sa.Column("skills_version", sa.Text(), nullable=True))
    op.create_index(
        "ix_jobs_skill_keys",
        "jobs",
        ["skill_keys"],
        postgresql_using="gin",
        postgresql_where=sa.text("status = 'active'"),
    )
    op.execute(f"CREATE OR REPLACE VIEW open_jobs AS {_OPEN_JOBS}")
    op.execute(
        """
        CREATE FUNCTION doubt_skill_keys() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.skills_version := NULL;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER doubt_skill_keys BEFORE UPDATE OF skills ON jobs
        FOR EACH ROW WHEN (
            NEW.skills IS DISTINCT FROM OLD.skills AND NEW.skill_keys = OLD.skill_keys
        )
        EXECUTE FUNCTION doubt_skill_keys()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER doubt_skill_keys ON jobs")
    op.execute("DROP FUNCTION doubt_skill_keys()")
    columns = _columns_of_view()
    op.execute("DROP VIEW open_jobs")
    op.drop_index("ix_jobs_skill_keys", "jobs")
    for name in reversed(_COLUMNS):
        op.drop_column("jobs", name)
    op.execute(f"CREATE VIEW open_jobs AS {_OPEN_JOBS.replace('*', columns)}")
    grant_app("open_jobs", "SELECT")


def _columns_of_view() -> str:
    """The view's columns but for those of this migration, in their order."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = 'open_jobs' ORDER BY ordinal_position"
        )
    )
    return ", ".join(name for name in found.scalars() if name not in _COLUMNS)
