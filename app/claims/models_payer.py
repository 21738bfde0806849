"""What a payer was asked and what it gave: tables of the ledger, part of the ledger."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base


class PayerQuery(Base):
    """One question to a payer and how far its pages were walked."""

    __tablename__ = "payer_queries"
    __table_args__ = (
        Index("ix_payer_queries_job_id", "job_id"),
        Index("ix_payer_queries_unit_id", "unit_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    job_id: Mapped[UUID]
    organization_id: Mapped[UUID]
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    """The window unit that walks it; null for a question asked for a single row."""
    tin: Mapped[str]
    payer_id: Mapped[str]
    from_date: Mapped[date]
    to_date: Mapped[date]
    kind: Mapped[str]
    """`window` (all claims of the practice) or `patient` (narrowed to one person)."""
    page_token: Mapped[str | None]
    pages: Mapped[int] = mapped_column(server_default=text("0"))
    claims: Mapped[int] = mapped_column(server_default=text("0"))
    complete: Mapped[bool] = mapped_column(server_default=text("false"))
    error_code: Mapped[str | None]
    payer_code: Mapped[str | None]
    payer_request_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class StoredPayerClaim(Base):
    """A claim that a window gave; the key makes a repeated page change nothing."""

    __tablename__ = "payer_claims"
    __table_args__ = (
        Index(
            "ix_payer_claims_job_id_date_of_birth",
            "job_id",
            "date_of_birth",
            postgresql_where=text("by_person"),
        ),
    )

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_key: Mapped[str] = mapped_column(primary_key=True)
    tin: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    query_id: Mapped[int] = mapped_column(BigInteger)
    by_person: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether rows look for it by whom it is about; those with a claim number need no second index."""
    first_key: Mapped[str]
    last_key: Mapped[str]
    date_of_birth: Mapped[date | None]
    service_from: Mapped[date | None]
    service_to: Mapped[date | None]
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What a result line shows, as the answer of a row that it alone answers; the payer's own
    answer is not kept."""
    warnings: Mapped[list[str] | None] = mapped_column(sa.ARRAY(Text))


class ClaimEvidence(Base):
    """A list of payer queries that many answers of a job rest on, written once for all of them."""

    __tablename__ = "claim_evidence"
    __table_args__ = (Index("ix_claim_evidence_job_id", "job_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    job_id: Mapped[UUID]
    organization_id: Mapped[UUID]
    query_ids: Mapped[list[int]] = mapped_column(sa.ARRAY(BigInteger))


class PayerPlaces(Base):
    """How many calls in flight one process may have with a credential; a lease, renewed in use.

    Nothing of a tenant: a digest, a process's random name, and numbers.
    """

    __tablename__ = "payer_places"

    credential: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[UUID] = mapped_column(primary_key=True)
    places: Mapped[int]
    wanted: Mapped[int]
    until: Mapped[datetime]
