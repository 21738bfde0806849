"""What analyses hold of a person."""

from uuid import UUID

from sqlalchemy import delete, select

from app.analysis.models import Analysis
from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """The answers that the person asked for; those to applications are the employers'."""
    own = select(Analysis).where(Analysis.owner_id == user_id, Analysis.asked_at.is_not(None))
    names = (
        "id",
        "resume_id",
        "job_id",
        "status",
        "overall_score",
        "fit",
        "result",
        "error",
        "model_version",
        "asked_at",
        "created_at",
        "completed_at",
    )
    found = (await session.scalars(own.order_by(Analysis.id))).all()
    return PersonalData(
        {"analyses": [{name: getattr(one, name) for name in names} for one in found]}
    )


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Delete the person's analyses."""
    await session.execute(delete(Analysis).where(Analysis.owner_id == user_id))
