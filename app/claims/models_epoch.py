"""The database's epochs: what tells a worker that PostgreSQL has crashed under it."""

from uuid import UUID

from sqlalchemy import CheckConstraint, text
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
