"""Scores of applications end with their inputs: a résumé read anew, a job worded anew.

What an answer is made of stands in numbers beside it: how often its résumé had been read, how often
its job had been worded. Only an answer to the present ones is shown with an application.
"""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import grant_app

revision = "0022a_fresh_scores"
down_revision = "0020_analysis"
branch_labels = None
depends_on = None

_WORDING = ("title", "description", "requirements", "skills", "experience_level")
_NUMBERS = ("resume_revision", "job_wording")
_FORMER = (
    "SELECT overall_score FROM analyses WHERE status = 'completed'"
    " AND resume_id = NEW.resume_id AND job_id = NEW.job_id ORDER BY id DESC LIMIT 1"
)
_PRESENT = """
    SELECT overall_score FROM analyses
    JOIN resumes ON resumes.id = analyses.resume_id AND resumes.revision = analyses.resume_revision
    JOIN jobs ON jobs.id = analyses.job_id AND jobs.wording = analyses.job_wording
    WHERE analyses.status = 'completed'
    AND analyses.resume_id = NEW.resume_id AND analyses.job_id = NEW.job_id
    ORDER BY analyses.id DESC LIMIT 1
"""
_OPEN_JOBS = """
    SELECT * FROM jobs WHERE status = 'active' AND (expires_at IS NULL OR expires_at > now())
"""


def upgrade() -> None:
    # Unknown in what was answered before: such an answer stays until something changes.
    for name in _NUMBERS:
        op.add_column("analyses", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("wording", sa.Integer(), server_default="1", nullable=False))
    op.execute(f"CREATE OR REPLACE VIEW open_jobs AS {_OPEN_JOBS}")
    _count_wordings()
    _end_scores("resumes", "revision", "resume_id")
    _end_scores("jobs", "wording", "job_id")
    _give(_PRESENT)
    _give_on(f"status, {', '.join(_NUMBERS)}")


def downgrade() -> None:
    _give(_FORMER)
    _give_on("status")
    for table in ("jobs", "resumes"):
        op.execute(f"DROP TRIGGER end_scores ON {table}")
        op.execute(f"DROP FUNCTION end_scores_of_{table}()")
    op.execute("DROP TRIGGER count_wordings ON jobs")
    op.execute("DROP FUNCTION count_wordings()")
    op.execute("DROP VIEW open_jobs")
    op.drop_column("jobs", "wording")
    for name in _NUMBERS:
        op.drop_column("analyses", name)
    op.execute(f"CREATE VIEW open_jobs AS {_OPEN_JOBS}")
    grant_app("open_jobs", "SELECT")


def _count_wordings() -> None:
    op.execute(
        """
        CREATE FUNCTION count_wordings() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.wording := OLD.wording + 1;
            RETURN NEW;
        END $$
        """
    )
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _WORDING)
    op.execute(
        f"""
        CREATE TRIGGER count_wordings BEFORE UPDATE OF {", ".join(_WORDING)} ON jobs
        FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION count_wordings()
        """
    )


def _end_scores(table: str, number: str, column: str) -> None:
    """An application shows no score while there is none for what it consists of now."""
    op.execute(
        f"""
        CREATE FUNCTION end_scores_of_{table}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE applications SET score = NULL
            WHERE {column} = NEW.id AND resume_id IS NOT NULL AND score IS NOT NULL;
            RETURN NULL;
        END $$
        """  # noqa: S608 - the one value is a constant of this code.
    )
    # Not "UPDATE OF": the number may be another trigger's doing.
    op.execute(
        f"""
        CREATE TRIGGER end_scores AFTER UPDATE ON {table}
        FOR EACH ROW WHEN (NEW.{number} <> OLD.{number})
        EXECUTE FUNCTION end_scores_of_{table}()
        """
    )


def _give(newest: str) -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION give_score() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE applications SET score = coalesce(({newest}), score)
            WHERE resume_id = NEW.resume_id AND job_id = NEW.job_id;
            RETURN NULL;
        END $$
        """  # noqa: S608 - the one value is a constant of this code.
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION take_score() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF TG_OP = 'UPDATE' OR NEW.score IS NULL THEN
                NEW.score := ({newest});
            END IF;
            RETURN NEW;
        END $$
        """
    )


def _give_on(columns: str) -> None:
    op.execute("DROP TRIGGER give_score ON analyses")
    op.execute(
        f"""
        CREATE TRIGGER give_score AFTER INSERT OR UPDATE OF {columns} ON analyses
        FOR EACH ROW WHEN (NEW.status = 'completed' AND NEW.job_id IS NOT NULL)
        EXECUTE FUNCTION give_score()
        """
    )
