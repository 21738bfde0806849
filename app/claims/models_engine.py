"""What the engine keeps beside its jobs: the database's epoch, and what deleted jobs have left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base


class ClaimEpoch(Base):
    """One row with a random name, or none.

    The table is unlogged, so that PostgreSQL empties it when it recovers from a crash, and it is
    empty on a standby that takes over: at the moments in which the end of the history may be lost.
    """

    __tablename__ = "claim_epochs"
    __table_args__ = (CheckConstraint("id", name="single"), {"prefixes": ["UNLOGGED"]})

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    epoch: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))


class ClaimLeaving(Base):
    """A job that is deleted, whose rows in the bulk tables the sweeper takes away in pieces."""

    __tablename__ = "claim_leavings"

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
