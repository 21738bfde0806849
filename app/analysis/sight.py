"""Analyses as others than who asked for them see them: whoever may see the résumé and the job.

The session's scope decides: their owner's, and those of applications to the organization's jobs.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.analysis.models import Analysis
from app.analysis.queries import shown
from app.core.db import ReadSession
from app.jobs.models import Job
from app.resumes.models import Resume

Row = Mapping[str, Any]
# An answer that was made before its inputs were counted stays until something changes.
_IS_PRESENT: ColumnElement[bool] = func.coalesce(
    Analysis.resume_revision == Resume.revision, True
) & func.coalesce(Analysis.job_wording == Job.wording, True)


async def of_application(session: ReadSession, *, resume_id: UUID, job_id: UUID) -> Row | None:
    """The analysis whose score an application with this résumé shows; where there is none, the
    newest that is under way or has failed. `is_present`: nothing it was made of has changed since.
    """
    is_done = (Analysis.status == "completed") & _IS_PRESENT
    found = await session.execute(
        shown()
        .add_columns(_IS_PRESENT.label("is_present"))
        .where(Analysis.resume_id == resume_id, Analysis.job_id == job_id)
        .order_by(is_done.desc(), Analysis.id.desc())
        .limit(1)
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


async def of_resume(session: ReadSession, *, resume_id: UUID, most: int) -> list[Row]:
    """What the résumé was held against: of each job the newest answer, the best fit first."""
    newest = (
        select(Analysis.id)
        .ext(distinct_on(Analysis.job_id))
        .where(
            Analysis.resume_id == resume_id,
            Analysis.job_id.is_not(None),
            Analysis.status == "completed",
        )
        .order_by(Analysis.job_id, Analysis.id.desc())
        .subquery()
    )
    found = await session.execute(
        shown()
        .where(Analysis.id.in_(select(newest.c.id)))
        .order_by(Analysis.fit.desc(), Analysis.id.desc())
        .limit(most)
    )
    return [dict(row) for row in found.mappings()]
