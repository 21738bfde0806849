"""Interviews with applicants."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, tenant_policy

revision = "0018a_interviews"
down_revision = "0021_progress"
branch_labels = None
depends_on = None

_TABLE = "interviews"


def upgrade() -> None:
    _create_table()
    _create_indexes()
    tenant_policy(_TABLE, also=f"candidate_id = {PERSON}")


def downgrade() -> None:
    op.drop_table(_TABLE)


def _stamp(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _belongs(column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{_TABLE}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{_TABLE}_{name}"))


def _create_table() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("interviewer_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        _time("starts_at"),
        _time("ends_at"),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("attendees", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column("meeting_url", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="scheduled", nullable=False),
        _stamp("cancelled_at", nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), server_default="pending", nullable=False),
        _stamp("responded_at", nullable=True),
        sa.Column("response_note", sa.Text(), nullable=True),
        sa.Column("calendar_provider", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("announced_sequence", sa.Integer(), nullable=True),
        _stamp("announced_starts_at", nullable=True),
        _stamp("announce_at"),
        _stamp("remind_at", nullable=True),
        _stamp("created_at"),
        _stamp("updated_at"),
        _check("status", "status IN ('scheduled', 'cancelled')"),
        _check("response", "response IN ('pending', 'confirmed', 'declined')"),
        _check("calendar_provider", "calendar_provider IN ('google_calendar', 'outlook_calendar')"),
        _check("times", "starts_at < ends_at"),
        # Nobody is reminded of what does not take place.
        _check("silent", "status = 'scheduled' OR remind_at IS NULL"),
        _belongs("application_id", "applications", "CASCADE"),
        _belongs("organization_id", "organizations", "CASCADE"),
        _belongs("candidate_id", "users", "CASCADE"),
        _belongs("interviewer_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )


def _create_indexes() -> None:
    scheduled = sa.text("status = 'scheduled'")
    # A second click makes no second interview, also when two requests race.
    op.create_index(
        "uq_interviews_application_id_starts_at",
        _TABLE,
        ["application_id", "starts_at"],
        unique=True,
        postgresql_where=scheduled,
    )
    for owner in ("organization_id", "candidate_id", "interviewer_id"):
        op.create_index(f"ix_{_TABLE}_{owner}_starts_at_id", _TABLE, [owner, "starts_at", "id"])
    op.create_index(
        "ix_interviews_announce_at",
        _TABLE,
        ["announce_at"],
        postgresql_where=sa.text("announced_sequence IS DISTINCT FROM sequence"),
    )
    op.create_index(
        "ix_interviews_remind_at",
        _TABLE,
        ["remind_at"],
        postgresql_where=sa.text("remind_at IS NOT NULL"),
    )
    op.create_index("ix_interviews_upcoming", _TABLE, ["ends_at"], postgresql_where=scheduled)
