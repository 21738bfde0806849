"""The cellar's tables: what is known of each file, and the spool."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Timestamps, primary_key

STATES = ("waiting", "stored", "failed", "deleted")
KINDS = ("local", "s3", "cloudinary")


class File(Timestamps, Base):
    """A file. `kind` is the store that holds it, so that a read always goes where the bytes are.

    Waiting: the spool has the bytes. Stored: the store has them, checked. Deleted: the store is
    still to be told. Failed: the spool's bytes are damaged, which nothing but a person can mend.
    """

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("state <> 'stored' OR kind IS NOT NULL", name="stored"),
        Index(
            "ix_files_due",
            "next_try_at",
            postgresql_where=text("state IN ('waiting', 'deleted')"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    key: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    organization_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    kind: Mapped[str | None]
    version: Mapped[str | None]
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    lease_token: Mapped[UUID | None]
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stored_at: Mapped[datetime | None]


class FilePiece(Base):
    """A megabyte of a file that waits to be stored, or was stored within the last hour."""

    __tablename__ = "file_pieces"

    file_id: Mapped[UUID] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
