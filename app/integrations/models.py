"""What is kept of connections, of events in calendars, and of posts.

A connection is a person's own: a colleague neither sees nor uses it. Tokens and the account's name
are sealed, bound to the row, its owner and the provider.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import SealedColumn
from app.core.models import Base, Timestamps, primary_key
from app.integrations.names import NAMES, Name

_OWNER = ("id", "organization_id", "user_id", "provider")
ACCESS = SealedColumn("integrations.access_token", bound_by=_OWNER)
REFRESH = SealedColumn("integrations.refresh_token", bound_by=_OWNER)
ACCOUNT = SealedColumn("integrations.account", bound_by=_OWNER)


class OAuthState(Base):
    """A way to a consent page that nobody has come back from: one use, ten minutes."""

    __tablename__ = "oauth_states"
    __table_args__ = (
        CheckConstraint(f"provider IN {NAMES}", name="provider"),
        Index("ix_oauth_states_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[Name] = mapped_column(Text)
    expires_at: Mapped[datetime]


class Connection(Timestamps, Base):
    """A person's grant at a provider, within an organization.

    `state` is `connected`; `needs_reconnect` once the provider takes the grant no more; `revoking`
    when the person has ended it and the provider has yet to be told. `lease_token` is the fence of
    whoever refreshes. `grants` counts consents and refreshes: who has seen an older count refreshes
    nothing.
    """

    __tablename__ = "connections"
    __table_args__ = (
        CheckConstraint(f"provider IN {NAMES}", name="provider"),
        CheckConstraint("state IN ('connected', 'needs_reconnect', 'revoking')", name="state"),
        UniqueConstraint("organization_id", "user_id", "provider"),
        Index("ix_connections_state_refreshed_at", "state", "refreshed_at"),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[Name] = mapped_column(Text)
    state: Mapped[str] = mapped_column(server_default=text("'connected'"))
    access_token: Mapped[str] = mapped_column(info=ACCESS.info)
    refresh_token: Mapped[str | None] = mapped_column(info=REFRESH.info)
    account: Mapped[str | None] = mapped_column(info=ACCOUNT.info)
    """Sealed JSON: the account's id at the provider, and how its owner knows it."""
    missing_scopes: Mapped[list[str]] = mapped_column(sa.ARRAY(Text), server_default="{}")
    expires_at: Mapped[datetime | None]
    """When the access token ends; null where the provider has not said."""
    grant_ends_at: Mapped[datetime | None]
    """When even a refresh helps no more, where that is known."""
    grants: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    connected_at: Mapped[datetime] = mapped_column(server_default=func.now())
    refreshed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    """When its owner was told that it will end."""
    last_error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]


class CalendarEvent(Timestamps, Base):
    """An interview's event in somebody's calendar.

    `synced_sequence` is the interview's sequence that the calendar shows; null before the event is
    there. `generation` counts events: one that was deleted by hand gets another id when the
    interview moves. `state` is `due` until the calendar shows the interview as it is, then `kept`;
    `removed` after the interview was called off; `stuck` when only a person can help.
    """

    __tablename__ = "calendar_events"
    __table_args__ = (
        CheckConstraint("provider IN ('google_calendar', 'outlook_calendar')", name="provider"),
        CheckConstraint("state IN ('due', 'kept', 'removed', 'stuck')", name="state"),
        Index("ix_calendar_events_run_after", "run_after", postgresql_where=text("state = 'due'")),
        Index("ix_calendar_events_user_id", "user_id"),
    )

    interview_id: Mapped[UUID] = mapped_column(
        ForeignKey("interviews.id", ondelete="CASCADE"), primary_key=True
    )
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[Name] = mapped_column(Text)
    with_meeting: Mapped[bool]
    generation: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    event_id: Mapped[str | None]
    event_url: Mapped[str | None]
    meeting_url: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'due'"))
    synced_sequence: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    last_error: Mapped[str | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]


class Post(Timestamps, Base):
    """A job shared on LinkedIn, written before it is sent: a second click finds it.

    `author` is `person` or the URN of a company's page, `digest` what would be posted.
    """

    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint("state IN ('sending', 'published', 'failed')", name="state"),
        CheckConstraint("state <> 'published' OR post_id IS NOT NULL", name="published"),
        UniqueConstraint("user_id", "job_id", "author", "digest"),
        Index("ix_posts_job_id", "job_id"),
    )

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    author: Mapped[str]
    digest: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'sending'"))
    post_id: Mapped[str | None]
    published_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    lease_token: Mapped[UUID]
    lease_until: Mapped[datetime]
