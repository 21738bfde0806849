"""Claim files in the groups that people look for, and the pace at which a file was answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Float, and_, cast, extract, func, or_, select

from app.claims.models import ENDED, ClaimAnswer, ClaimJob, ClaimJobEvent
from app.core.db import ReadSession

_IS_OPEN: Final = ClaimJob.status.not_in(ENDED)
GROUPS: Final[dict[str, ColumnElement[bool]]] = {
    "running": ClaimJob.status.in_(("PROCESSING", "CANCELLING")),
    "queued": ClaimJob.status == "PENDING",
    "attention": or_(
        ClaimJob.status == "FAILED",
        and_(ClaimJob.status == "COMPLETED", ClaimJob.failure_count > 0),
        and_(_IS_OPEN, ClaimJob.status_reason.is_not(None)),
    ),
    "completed": ClaimJob.status == "COMPLETED",
    "cancelled": ClaimJob.status == "CANCELLED",
}


async def counts(session: ReadSession, organization_id: UUID) -> dict[str, int]:
    """How many files are in each group, and in `all`."""
    columns = [func.count().filter(condition).label(name) for name, condition in GROUPS.items()]
    found = await session.execute(
        select(func.count().label("all"), *columns).where(
            ClaimJob.organization_id == organization_id
        )
    )
    return dict(found.mappings().one())


async def pace(
    session: ReadSession, job_id: UUID, *, since: datetime, step: float
) -> list[tuple[float, int, int]]:
    """(seconds since `since`, rows answered, rows that failed) by steps of so many seconds.

    Steps without an answer are left out.
    """
    at: Any = func.floor(cast(extract("epoch", ClaimAnswer.decided_at - since), Float) / step)
    found = await session.execute(
        select(at, func.count(), func.count().filter(ClaimAnswer.outcome == "failed"))
        .where(ClaimAnswer.job_id == job_id, ClaimAnswer.decided_at >= since)
        .group_by(at)
        .order_by(at)
    )
    return [(float(place) * step, answered, failed) for place, answered, failed in found]


async def events(session: ReadSession, job_id: UUID, most: int) -> Sequence[ClaimJobEvent]:
    """What happened to a job, the newest first."""
    wanted = select(ClaimJobEvent).where(ClaimJobEvent.job_id == job_id)
    found = await session.scalars(wanted.order_by(ClaimJobEvent.version.desc()).limit(most))
    return found.all()
