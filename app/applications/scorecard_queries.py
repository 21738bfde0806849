"""Criteria and reviews in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import User
from app.applications.models import ApplicationReview, JobScorecard
from app.core.db import ReadSession, WriteSession

Values = Mapping[str, Any]


async def criteria(session: ReadSession, job_id: UUID) -> list[str]:
    """The job's own criteria; none where nobody has chosen any."""
    found = await session.execute(
        select(JobScorecard.criteria).where(JobScorecard.job_id == job_id)
    )
    return found.scalar_one_or_none() or []


async def put_criteria(session: WriteSession, job_id: UUID, values: Values) -> None:
    """Put these criteria in the place of the former ones."""
    statement = insert(JobScorecard).values(job_id=job_id, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["job_id"],
            set_={"criteria": values["criteria"], "updated_at": func.now()},
        )
    )


async def reviews(session: ReadSession, application_id: UUID) -> Sequence[Mapping[str, Any]]:
    """The reviews of an application with their writers' names, the oldest first."""
    found = await session.execute(
        select(
            ApplicationReview.reviewer_id,
            User.full_name.label("reviewer_name"),
            ApplicationReview.scores,
            ApplicationReview.comment,
            ApplicationReview.updated_at,
        )
        .outerjoin(User, User.id == ApplicationReview.reviewer_id)
        .where(ApplicationReview.application_id == application_id)
        .order_by(ApplicationReview.id)
    )
    return [dict(row) for row in found.mappings()]


async def put_review(
    session: WriteSession, application_id: UUID, reviewer_id: UUID, values: Values
) -> None:
    """Put a reviewer's scores in the place of their former ones."""
    statement = insert(ApplicationReview).values(
        application_id=application_id, reviewer_id=reviewer_id, **values
    )
    changed = {"scores": values["scores"], "comment": values["comment"], "updated_at": func.now()}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["application_id", "reviewer_id"], set_=changed
        )
    )


async def remove_review(session: WriteSession, application_id: UUID, reviewer_id: UUID) -> bool:
    """Remove a reviewer's scores; False when there were none."""
    gone = await session.execute(
        delete(ApplicationReview)
        .where(
            ApplicationReview.application_id == application_id,
            ApplicationReview.reviewer_id == reviewer_id,
        )
        .returning(ApplicationReview.id)
    )
    return gone.scalar_one_or_none() is not None
