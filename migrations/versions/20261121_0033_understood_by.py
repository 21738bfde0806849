"""Which version of the rules each résumé was understood by, so that a sweep finds the older ones.

A plain number, because under a policy PostgreSQL uses no index over what stands inside JSON.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033_understood_by"
down_revision = "0032_tallies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0 is unknown: the sweep looks at those rows once.
    op.add_column(
        "resumes",
        sa.Column("understood_by", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.create_index(
        "ix_resumes_understood_by",
        "resumes",
        ["understood_by"],
        postgresql_where=sa.text("status = 'skills_extracted'"),
    )
    op.execute(
        """
        CREATE FUNCTION note_rules() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.understood_by := CASE
                WHEN NEW.understanding->>'version' ~ '^[0-9]{1,4}$'
                THEN (NEW.understanding->>'version')::smallint ELSE 0 END;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER note_rules BEFORE INSERT OR UPDATE OF understanding ON resumes
        FOR EACH ROW EXECUTE FUNCTION note_rules()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER note_rules ON resumes")
    op.execute("DROP FUNCTION note_rules()")
    op.drop_index("ix_resumes_understood_by", "resumes")
    op.drop_column("resumes", "understood_by")
