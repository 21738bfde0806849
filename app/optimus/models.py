"""Counts of applications that the database keeps by itself (decision 32). Only it writes them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base

_KEY = ("organization_id", "measure", "at", "rank", "status", "source")


class ApplicationTally(Base):
    """How many applications of an organization have this key: the sum over its rows.

    `measure` says what is counted, `at` the time it belongs to, cut to where counting is fine enough:

    - `arrived`: when somebody applied, to the quarter of an hour, which every zone's midnight falls on;
    - `stands`: when somebody applied, to the day, with `status`, the furthest stage as `rank`, and
      `source`, `=` before it; empty is an application without one;
    - `responded`, `accepted`: when, to the week, with the length of time since applying as `rank`.
    """

    __tablename__ = "application_tallies"
    __table_args__ = (
        Index(
            "uq_application_tallies_folded", *_KEY, unique=True, postgresql_where=text("is_folded")
        ),
        Index("ix_application_tallies_unfolded", *_KEY[:3], postgresql_where=text("NOT is_folded")),
    )

    organization_id: Mapped[UUID]
    measure: Mapped[str]
    at: Mapped[datetime]
    rank: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    source: Mapped[str]
    count: Mapped[int]
    is_folded: Mapped[bool] = mapped_column(server_default="false")
    # Rows are never told apart, so the table has no key of its own.
    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy's word.
        "primary_key": [*_KEY, "is_folded"]
    }


class TallyTotal(Base):
    """The sum of folded tallies over a longer step: six hours of `arrived`, 28 days of the others.

    What is folded stands in both tables, what is not in neither's sum: a reader takes whole steps from
    here, the folded rows of what sticks out, and all that are not folded (decision 37).
    """

    __tablename__ = "tally_totals"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class TallyBacklog(Base):
    """An organization whose applications from before there were counts are being counted."""

    __tablename__ = "tally_backlog"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime | None]
