"""Analyses, jobs as they are read for them, and the score that applications show."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, grant_app

revision = "0020_analysis"
down_revision = "0019_integrations"
branch_labels = None
depends_on = None

_STATUSES = ("pending", "running", "completed", "failed")


def upgrade() -> None:
    _create_analyses()
    _create_features()
    _create_terms()
    _score_applications()


def downgrade() -> None:
    op.execute("DROP TRIGGER take_score ON applications")
    op.drop_index("ix_applications_unscored", "applications")
    op.drop_table("job_terms")
    op.drop_table("job_features")
    op.drop_table("analyses")
    op.execute("DROP FUNCTION give_score")
    op.execute("DROP FUNCTION take_score")


def _moment(name: str, default: str | None = None) -> sa.Column[Any]:
    stamp = sa.DateTime(timezone=True)
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, stamp, server_default=server_default, nullable=default is None)


def _belongs(table: str, column: str, to: str, key: str = "id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.{key}"], name=name, ondelete="CASCADE")


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("resume_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("overall_score", sa.Float(), nullable=True),
        sa.Column("fit", sa.Float(), nullable=True),
        sa.Column("result", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("error", postgresql.JSONB(none_as_null=True), nullable=True),
        _moment("asked_at"),
        _moment("completed_at"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        _moment("lease_until"),
        _moment("created_at", "now()"),
        _moment("updated_at", "now()"),
    ]


def _create_analyses() -> None:
    table = "analyses"
    checks = {
        "status": f"status IN {_STATUSES}",
        "overall_score": "overall_score BETWEEN 0 AND 100",
        "fit": "fit BETWEEN 0 AND 100",
        "error": "(status = 'failed') = (error IS NOT NULL)",
        "result": "(status = 'completed') = (result IS NOT NULL)",
    }
    op.create_table(
        table,
        *_columns(),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
            for name, rule in checks.items()
        ),
        _belongs(table, "owner_id", "users"),
        _belongs(table, "resume_id", "resumes"),
        _belongs(table, "job_id", "jobs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        # The same inputs have one answer, also when two requests race.
        sa.UniqueConstraint("resume_id", "key", name=op.f("uq_analyses_resume_id_key")),
    )
    op.create_index("ix_analyses_owner_id_asked_at", table, ["owner_id", "asked_at", "id"])
    op.create_index("ix_analyses_owner_id_job_id", table, ["owner_id", "job_id", "asked_at"])
    op.create_index("ix_analyses_resume_id_job_id", table, ["resume_id", "job_id", "id"])
    op.create_index("ix_analyses_job_id", table, ["job_id"])
    op.create_index(
        "ix_analyses_due",
        table,
        ["id"],
        postgresql_where=sa.text("status IN ('pending', 'running')"),
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    own = f"owner_id = {PERSON} OR {SYSTEM}"
    op.execute(f"CREATE POLICY owner ON {table} USING ({own}) WITH CHECK ({own})")
    grant_app(table)


def _create_features() -> None:
    table = "job_features"
    op.create_table(
        table,
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        _belongs(table, "job_id", "jobs"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_features")),
    )
    # Of open jobs, which everybody may read: no policy stands between a résumé and a hundred thousand.
    grant_app(table)


def _create_terms() -> None:
    table = "job_terms"
    op.create_table(
        table,
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("weight", sa.REAL(), nullable=False),
        _belongs(table, "job_id", "job_features", "job_id"),
        sa.PrimaryKeyConstraint("job_id", "term", name=op.f("pk_job_terms")),
    )
    op.create_index("ix_job_terms_term_weight", table, ["term", sa.text("weight DESC"), "job_id"])
    grant_app(table)


def _score_applications() -> None:
    """The score moves by the database's own hand: neither room may reach into the other.

    An application shows the newest answer for the résumé that it came with, and loses it with it.
    """
    newest = (
        "SELECT overall_score FROM analyses WHERE status = 'completed'"
        " AND resume_id = NEW.resume_id AND job_id = NEW.job_id ORDER BY id DESC LIMIT 1"
    )
    op.execute(
        f"""
        CREATE FUNCTION give_score() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE applications SET score = ({newest})
            WHERE resume_id = NEW.resume_id AND job_id = NEW.job_id;
            RETURN NULL;
        END $$
        """  # noqa: S608 - the one value is a constant of this code.
    )
    op.execute(
        """
        CREATE TRIGGER give_score AFTER INSERT OR UPDATE OF status ON analyses
        FOR EACH ROW WHEN (NEW.status = 'completed' AND NEW.job_id IS NOT NULL)
        EXECUTE FUNCTION give_score()
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION take_score() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF TG_OP = 'UPDATE' OR NEW.score IS NULL THEN
                NEW.score := ({newest});
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER take_score BEFORE INSERT OR UPDATE OF resume_id ON applications
        FOR EACH ROW EXECUTE FUNCTION take_score()
        """
    )
    op.create_index(
        "ix_applications_unscored",
        "applications",
        ["id"],
        postgresql_where=sa.text("resume_id IS NOT NULL AND score IS NULL"),
    )
