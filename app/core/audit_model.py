"""The tables of the audit log: what happened, and the chain that shows when it was changed.

Only INSERT and SELECT are granted, and triggers refuse all else to the owner too. The links and the
heads of the chains are written by a trigger at the commit, by nobody else.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnClause, Index, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, primary_key

NO_ORGANIZATION: Final = UUID(int=0)
"""The chain of entries without an organization."""


class AuditEntry(Base):
    """One act, in ids and codes. No foreign keys: an entry outlives what it tells of."""

    __tablename__ = "audit_entries"

    id: Mapped[UUID] = primary_key()
    at: Mapped[datetime]
    action: Mapped[str]
    actor_id: Mapped[UUID | None]
    organization_id: Mapped[UUID | None]
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    request_id: Mapped[str]
    network: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)


room_of_action: Final[ColumnClause[str]] = literal_column("split_part(action, '.', 1)")
"""The first word of an action: what a prefix like `claims.` asks for."""

# Each serves one way to ask, newest first, without a sort and without statistics.
Index("ix_audit_entries_at", AuditEntry.at, AuditEntry.id)
Index("ix_audit_entries_organization_id", AuditEntry.organization_id, AuditEntry.at, AuditEntry.id)
Index(
    "ix_audit_entries_organization_id_room",
    AuditEntry.organization_id,
    room_of_action,
    AuditEntry.at,
    AuditEntry.id,
)
Index("ix_audit_entries_actor_id", AuditEntry.actor_id, AuditEntry.at, AuditEntry.id)
Index("ix_audit_entries_subject_id", AuditEntry.subject_id, AuditEntry.at, AuditEntry.id)


class AuditChain(Base):
    """The head of an organization's chain: how long it is and the digest of its last link."""

    __tablename__ = "audit_chains"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes]


class AuditLink(Base):
    """The place of an entry in its chain: sha256 over the digest before it and the entry."""

    __tablename__ = "audit_links"

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(unique=True)
    digest: Mapped[bytes]
