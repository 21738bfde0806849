"""The people: users, their sign-ins and identities elsewhere, and two windows onto memberships."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

ROLES = ("candidate", "employer", "staff", "viewer", "admin")
ROLE_CHECK = f"role IN ({', '.join(repr(role) for role in ROLES)})"


class User(Base, Timestamps):
    """A person with a way to sign in, and the professional profile that they show.

    An e-mail address belongs to one user whatever its case; it is empty for those whose identity
    provider tells none, or one that is somebody else's here. `email_verified_at` is when it was
    proven to be theirs. `role` counts only while the user belongs to no organization; there the
    membership's role takes its place.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(ROLE_CHECK, name="role"),
        CheckConstraint("auth_provider IN ('local', 'clerk', 'keycloak')", name="auth_provider"),
    )

    id: Mapped[UUID] = primary_key()
    email: Mapped[str]
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    full_name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="candidate")
    is_active: Mapped[bool] = mapped_column(server_default="true")
    is_superuser: Mapped[bool] = mapped_column(server_default="false")
    auth_provider: Mapped[str] = mapped_column(server_default="local")
    headline: Mapped[str | None]
    location: Mapped[str | None]
    phone: Mapped[str | None]
    summary: Mapped[str | None]
    links: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    skills: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    erased_at: Mapped[datetime | None]
    """When the person had everything about them removed; nothing here is theirs since."""
    erasure_settled_at: Mapped[datetime | None]
    """When what requests that were under way had still written was removed as well."""


Index(
    "ix_users_erased_at",
    User.erased_at,
    postgresql_where=text("erased_at IS NOT NULL AND erasure_settled_at IS NULL"),
)
Index("uq_users_email", func.lower(User.email), unique=True, postgresql_where=text("email <> ''"))


class ExternalIdentity(Base):
    """Who a subject of an issuer is here, and the newest claims that the account was made after."""

    __tablename__ = "external_identities"
    __table_args__ = (CheckConstraint("provider IN ('clerk', 'keycloak')", name="provider"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    claims_digest: Mapped[bytes]
    claims_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RefreshFamily(Base):
    """One sign-in: every refresh token that came from it lives and ends with it.

    `network`, `browser` and `system` say from where it was opened, in coarse words.

    One that began with a foreign token keeps that token's digest in `origin`, so that the same
    token begins no second one; of the organizations that its `issuer` keeps it acts in `acts_in`
    only.
    """

    __tablename__ = "refresh_families"
    __table_args__ = (
        Index(
            "uq_refresh_families_origin",
            "origin",
            unique=True,
            postgresql_where=text("origin IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    last_used_at: Mapped[datetime | None]
    network: Mapped[str | None]
    browser: Mapped[str | None]
    system: Mapped[str | None]
    origin: Mapped[bytes | None]
    issuer: Mapped[str | None]
    acts_in: Mapped[UUID | None]
    impersonated_by: Mapped[str | None]


class RefreshToken(Base):
    """One token of a family, as its hash; `replaced_at` is when its successor was given."""

    __tablename__ = "refresh_tokens"

    family_id: Mapped[UUID] = mapped_column(
        ForeignKey("refresh_families.id", ondelete="CASCADE"), primary_key=True
    )
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token_hash: Mapped[bytes]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class AddressProof(Base):
    """A token sent to an address, by which its owner sets a password or proves that it is theirs.

    It begins as a mere request for an address, without an account; a worker then finds the account,
    or removes the row. Without a token it was used, or a newer one has taken its place. A `welcome`
    is never mailed: `intake dev` prints it. Only the system sees these rows.
    """

    __tablename__ = "address_proofs"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('password_reset', 'email_verification', 'welcome')", name="purpose"
        ),
        Index(
            "ix_address_proofs_created_at",
            "created_at",
            postgresql_where=text("user_id IS NULL"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    purpose: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UserCard(Base):
    """A view: each user as the outside sees them, once for every organization they belong to.

    `is_first` marks the row of the oldest membership, or the only row of a user without one. The
    view runs with the reader's rights, so row-level security decides which memberships it shows.
    """

    __tablename__ = "user_cards"
    __table_args__ = {"info": {"is_view": True}}  # noqa: RUF012 - SQLAlchemy reads it as it stands.
    __mapper_args__ = {"primary_key": ["id", "organization_id"]}  # noqa: RUF012 - the same.

    id: Mapped[UUID]
    email: Mapped[str]
    full_name: Mapped[str]
    role: Mapped[str]
    organization_id: Mapped[UUID | None]
    organization_name: Mapped[str | None]
    organization_slug: Mapped[str | None]
    is_active: Mapped[bool]
    is_superuser: Mapped[bool]
    auth_provider: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    is_first: Mapped[bool]
    own_role: Mapped[str]
    organization_issuer: Mapped[str | None]
    organization_alias: Mapped[str | None]
    organization_external_id: Mapped[str | None]


class MemberRole(Base):
    """A view through which an admin's change of a user's role reaches the membership."""

    __tablename__ = "member_roles"
    __table_args__ = {"info": {"is_view": True}}  # noqa: RUF012 - SQLAlchemy reads it as it stands.

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    updated_at: Mapped[datetime]
