"""Interviews that tests use."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.interviews.models import Interview
from app.interviews.plans import next_reminder
from tests.applications.samples import make_application
from tests.people import API, Crew

INTERVIEWS = f"{API}/interviews"


def in_days(days: float) -> datetime:
    """A full minute that lies so many days ahead."""
    return (now() + timedelta(days=days)).replace(second=0, microsecond=0)


def plan(**changes: Any) -> dict[str, Any]:
    """What is sent to schedule an hour's interview in three days."""
    starts_at = changes.pop("starts_at", in_days(3))
    return {
        "title": "First talk",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "timezone": "Europe/Paris",
        **changes,
    }


async def make_interview(
    database: Database, crew: Crew, application_id: UUID | None = None, **changes: Any
) -> UUID:
    """An interview of the crew's candidate with the employer, in three days unless told else."""
    if application_id is None:
        _, application_id = await make_application(database, crew, status="interview")
    starts_at = changes.pop("starts_at", in_days(3))
    values = {
        "id": new_id(),
        "application_id": application_id,
        "organization_id": crew.organization_id,
        "candidate_id": crew.candidate.id,
        "interviewer_id": crew.employer.id,
        "title": "First talk",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "timezone": "Europe/Paris",
        "remind_at": next_reminder(starts_at, now()),
        **changes,
    }
    async with database.write(Scope.system()) as session:
        await session.execute(insert(Interview).values(**values))
    interview_id: UUID = values["id"]
    return interview_id
