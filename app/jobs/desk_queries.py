"""An organization's own jobs in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from app.core.db import ReadSession
from app.jobs.models import Job

# What the sweep has not closed yet is over as well.
_IS_OVER = and_(Job.status.in_(("active", "closed")), Job.expires_at <= func.now())
_group: ColumnElement[str] = case((_IS_OVER, "expired"), else_=Job.status)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of the organization's jobs are meant; empty values narrow nothing."""

    organization_id: UUID
    group: str = "all"
    text: str = ""
    posted_by: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL, the group left out."""
        found: list[ColumnElement[bool]] = [Job.organization_id == self.organization_id]
        if self.posted_by is not None:
            found.append(Job.posted_by == self.posted_by)
        if self.text:
            words = func.concat_ws(" ", Job.title, Job.location, Job.company)
            found.append(func.unaccent(words).ilike(func.unaccent(_part(self.text)), escape="\\"))
        return found


def _part(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def listed(narrowed: Narrowed) -> Select[Any]:
    """The jobs, in no order."""
    statement: Select[Any] = select(Job).where(*narrowed.conditions())
    return statement if narrowed.group == "all" else statement.where(_group == narrowed.group)


async def counts(session: ReadSession, narrowed: Narrowed) -> dict[str, int]:
    """How many jobs each group has."""
    found = await session.execute(
        select(_group.label("group"), func.count())
        .where(*narrowed.conditions())
        .group_by(_group.label("group"))
    )
    return {group: int(many) for group, many in found}


async def newest(session: ReadSession, organization_id: UUID, most: int) -> Sequence[Job]:
    """Jobs that were ever posted."""
    found = await session.scalars(
        select(Job)
        .where(Job.organization_id == organization_id, Job.posted_at.is_not(None))
        .order_by(Job.id.desc())
        .limit(most)
    )
    return found.all()


async def expiring(
    session: ReadSession, narrowed: Narrowed, before: datetime, most: int
) -> Sequence[Job]:
    """Active jobs that will be over before then."""
    found = await session.scalars(
        select(Job)
        .where(
            *narrowed.conditions(),
            Job.status == "active",
            Job.expires_at > func.now(),
            Job.expires_at <= before,
        )
        .order_by(Job.expires_at)
        .limit(most)
    )
    return found.all()
