"""The firms and who belongs to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import ROLE_CHECK
from app.core.models import Base, Timestamps, primary_key

_IS_EXTERNAL = text("issuer IS NOT NULL")


class Organization(Base, Timestamps):
    """A tenant. Everybody may read its card; only its own transactions change it.

    One with an `issuer` is kept there under its alias or id: memberships follow the issuer's tokens.
    """

    __tablename__ = "organizations"
    __table_args__ = (
        Index(
            "uq_organizations_external_alias",
            *("issuer", "external_alias"),
            unique=True,
            postgresql_where=_IS_EXTERNAL,
        ),
        Index(
            "uq_organizations_external_id",
            *("issuer", "external_id"),
            unique=True,
            postgresql_where=_IS_EXTERNAL,
        ),
    )

    id: Mapped[UUID] = primary_key()
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    website: Mapped[str | None]
    description: Mapped[str | None]
    location: Mapped[str | None]
    industry: Mapped[str | None]
    issuer: Mapped[str | None]
    external_alias: Mapped[str | None]
    external_id: Mapped[str | None]
    logo_file_id: Mapped[UUID | None]

    @property
    def logo_url(self) -> str | None:
        """Where the logo is shown; a new one has a new address, so that no cache shows the old."""
        if self.logo_file_id is None:
            return None
        return f"/api/v1/organizations/{self.id}/logo?v={self.logo_file_id.hex[-12:]}"


class Membership(Base, Timestamps):
    """A user's place and role in an organization; a trigger keeps the last admin in it."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint(ROLE_CHECK, name="role"),)

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str]


class Invite(Base):
    """A place that waits for the owner of an address; a second one for the address replaces it."""

    __tablename__ = "invites"
    __table_args__ = (CheckConstraint(ROLE_CHECK, name="role"),)

    id: Mapped[UUID] = primary_key()
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


Index("uq_invites_email", Invite.organization_id, func.lower(Invite.email), unique=True)

LAST_ADMIN = "memberships_keep_an_admin"
