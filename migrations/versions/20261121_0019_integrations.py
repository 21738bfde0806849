"""Connections to providers, events in calendars, posts."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, TENANT, grant_app, tenant_policy

revision = "0019_integrations"
down_revision = "0015_payer_places"
branch_labels = None
depends_on = None

_ANY = "provider IN ('linkedin', 'google_calendar', 'outlook_calendar')"


def upgrade() -> None:
    _states()
    _connections()
    _events()
    _posts()
    for table in ("oauth_states", "connections"):
        _owners_alone(table)
    for table in ("calendar_events", "posts"):
        tenant_policy(table)


def downgrade() -> None:
    for table in ("posts", "calendar_events", "connections", "oauth_states"):
        op.drop_table(table)


def _owners_alone(table: str) -> None:
    """Colleagues of the same organization see nothing of it."""
    condition = f"(organization_id = {TENANT} AND user_id = {PERSON}) OR {SYSTEM}"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner ON {table} USING ({condition}) WITH CHECK ({condition})")
    grant_app(table)


def _text(name: str, default: str | None = None, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(
        name, sa.Text(), server_default=default and sa.text(default), nullable=nullable
    )


def _number(name: str, default: str | None) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=default is None)


def _time(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("now()") if now else None,
        nullable=nullable,
    )


def _stamps() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return _time("created_at", now=True), _time("updated_at", now=True)


def _lease(*, nullable: bool) -> tuple[sa.Column[Any], sa.Column[Any]]:
    token = sa.Column("lease_token", sa.Uuid(), nullable=nullable)
    return token, _time("lease_until", nullable=nullable)


def _ids(table: str, **places: str) -> list[sa.Column[Any] | sa.ForeignKeyConstraint]:
    parts: list[sa.Column[Any] | sa.ForeignKeyConstraint] = []
    for column, to in places.items():
        name = op.f(f"fk_{table}_{column}_{to}")
        parts.append(sa.Column(column, sa.Uuid(), nullable=False))
        parts.append(sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete="CASCADE"))
    return parts


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _states() -> None:
    table = "oauth_states"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        *_ids(table, organization_id="organizations", user_id="users"),
        _text("provider"),
        _time("expires_at"),
        _check(table, "provider", _ANY),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def _connections() -> None:
    table = "connections"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        *_ids(table, organization_id="organizations", user_id="users"),
        _text("provider"),
        _text("state", "'connected'"),
        _text("access_token"),
        _text("refresh_token", nullable=True),
        _text("account", nullable=True),
        sa.Column(
            "missing_scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False
        ),
        _time("expires_at", nullable=True),
        _time("grant_ends_at", nullable=True),
        _number("grants", "1"),
        _time("connected_at", now=True),
        _time("refreshed_at", now=True),
        _time("last_used_at", nullable=True),
        _time("warned_at", nullable=True),
        _text("last_error", nullable=True),
        _number("attempts", "0"),
        *_lease(nullable=True),
        *_stamps(),
        _check(table, "provider", _ANY),
        _check(table, "state", "state IN ('connected', 'needs_reconnect', 'revoking')"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "organization_id",
            "user_id",
            "provider",
            name=op.f(f"uq_{table}_organization_id_user_id_provider"),
        ),
    )
    op.create_index(f"ix_{table}_state_refreshed_at", table, ["state", "refreshed_at"])


def _events() -> None:
    table = "calendar_events"
    op.create_table(
        table,
        *_ids(table, interview_id="interviews"),
        *_ids(table, organization_id="organizations", user_id="users"),
        _text("provider"),
        sa.Column("with_meeting", sa.Boolean(), nullable=False),
        _number("generation", "0"),
        _text("event_id", nullable=True),
        _text("event_url", nullable=True),
        _text("meeting_url", nullable=True),
        _text("state", "'due'"),
        _number("synced_sequence", None),
        _number("attempts", "0"),
        _time("run_after", now=True),
        _text("last_error", nullable=True),
        *_lease(nullable=True),
        *_stamps(),
        _check(table, "provider", "provider IN ('google_calendar', 'outlook_calendar')"),
        _check(table, "state", "state IN ('due', 'kept', 'removed', 'stuck')"),
        sa.PrimaryKeyConstraint("interview_id", name=op.f(f"pk_{table}")),
    )
    due = sa.text("state = 'due'")
    op.create_index(f"ix_{table}_run_after", table, ["run_after"], postgresql_where=due)
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _posts() -> None:
    table = "posts"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        *_ids(table, organization_id="organizations", user_id="users", job_id="jobs"),
        _text("author"),
        _text("digest"),
        _text("state", "'sending'"),
        _text("post_id", nullable=True),
        _time("published_at", nullable=True),
        _text("last_error", nullable=True),
        *_lease(nullable=False),
        *_stamps(),
        _check(table, "state", "state IN ('sending', 'published', 'failed')"),
        _check(table, "published", "state <> 'published' OR post_id IS NOT NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        # A second click finds the row that the first one wrote before it called LinkedIn.
        sa.UniqueConstraint(
            "user_id",
            "job_id",
            "author",
            "digest",
            name=op.f(f"uq_{table}_user_id_job_id_author_digest"),
        ),
    )
    op.create_index(f"ix_{table}_job_id", table, ["job_id"])
