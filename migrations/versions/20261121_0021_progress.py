"""How far applications came and when jobs closed: facts of the moves, kept beside the rows.

Numbers over a million applications are read from these columns; read from the moves they would take
a second.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_progress"
down_revision = "0013_resumes"
branch_labels = None
depends_on = None

_STAGE = (
    "array_position(ARRAY['applied', 'viewed', 'shortlisted', 'interview', 'offer', 'accepted'],"
    " {0}) - 1"
)
_MOMENTS = ("responded_at", "accepted_at")


def upgrade() -> None:
    op.add_column(
        "applications",
        sa.Column("reached", sa.SmallInteger(), server_default="0", nullable=False),
    )
    for name in _MOMENTS:
        op.add_column("applications", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    _fill_from_history()
    _follow_moves()
    _follow_jobs()
    # Each index holds all that its numbers need, the policy's candidate included, so that the wide
    # rows themselves (letters, notes) are not read.
    op.create_index(
        "ix_applications_organization_id_created_at",
        "applications",
        ["organization_id", "created_at"],
        postgresql_include=["status", "reached", "source", "candidate_id"],
    )
    for name in _MOMENTS:
        op.create_index(
            f"ix_applications_{name.removesuffix('_at')}",
            "applications",
            ["organization_id", name],
            postgresql_include=["created_at", "candidate_id"],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def downgrade() -> None:
    op.execute("DROP TRIGGER follow_jobs ON jobs")
    op.execute("DROP TRIGGER follow_moves ON application_moves")
    op.execute("DROP FUNCTION follow_jobs()")
    op.execute("DROP FUNCTION follow_moves()")
    for name in _MOMENTS:
        op.drop_index(f"ix_applications_{name.removesuffix('_at')}", "applications")
    op.drop_index("ix_applications_organization_id_created_at", "applications")
    op.drop_column("jobs", "closed_at")
    for name in (*_MOMENTS, "reached"):
        op.drop_column("applications", name)


def _fill_from_history() -> None:
    op.execute(
        f"""
        UPDATE applications SET
            reached = facts.reached, responded_at = facts.responded_at,
            accepted_at = facts.accepted_at
        FROM (
            SELECT application_id, coalesce(max({_STAGE.format("to_status")}), 0) AS reached,
                   min(at) FILTER (
                       WHERE to_status NOT IN ('applied', 'viewed', 'withdrawn')
                   ) AS responded_at,
                   min(at) FILTER (WHERE to_status = 'accepted') AS accepted_at
            FROM application_moves GROUP BY application_id
        ) AS facts
        WHERE applications.id = facts.application_id
        """  # noqa: S608 - the one value is a constant of this code.
    )


def _follow_moves() -> None:
    op.execute(
        f"""
        CREATE FUNCTION follow_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE applications SET
                reached = greatest(reached, {_STAGE.format("NEW.to_status")}),
                responded_at = CASE
                    WHEN NEW.to_status IN ('viewed', 'withdrawn') THEN responded_at
                    ELSE coalesce(responded_at, NEW.at) END,
                accepted_at = CASE
                    WHEN NEW.to_status = 'accepted' THEN coalesce(accepted_at, NEW.at)
                    ELSE accepted_at END
            WHERE id = NEW.application_id;
            RETURN NULL;
        END $$
        """  # noqa: S608 - the one value is a constant of this code.
    )
    op.execute(
        """
        CREATE TRIGGER follow_moves AFTER INSERT ON application_moves
        FOR EACH ROW WHEN (NEW.to_status <> 'applied') EXECUTE FUNCTION follow_moves()
        """
    )


def _follow_jobs() -> None:
    op.execute(
        """
        CREATE FUNCTION follow_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.closed_at := CASE
                WHEN NEW.status NOT IN ('closed', 'archived') THEN NULL
                WHEN OLD.status IN ('closed', 'archived') THEN OLD.closed_at
                ELSE now() END;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER follow_jobs BEFORE UPDATE OF status ON jobs
        FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status)
        EXECUTE FUNCTION follow_jobs()
        """
    )
