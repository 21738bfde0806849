"""Applications that tests use."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.applications.models import Application, ApplicationMove
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.jobs.samples import make_job
from tests.people import Crew


async def make_application(
    database: Database, crew: Crew, job_id: UUID | None = None, **changes: Any
) -> tuple[UUID, UUID]:
    """The candidate's application to `job_id`, or to a new job; the ids of job and application."""
    job_id = job_id or await make_job(database, crew)
    values = {
        "id": new_id(),
        "job_id": job_id,
        "organization_id": crew.organization_id,
        "candidate_id": crew.candidate.id,
        "status": "applied",
        **changes,
    }
    async with database.write(Scope.system()) as session:
        await session.execute(insert(Application).values(**values))
        await session.execute(
            insert(ApplicationMove).values(
                application_id=values["id"], to_status="applied", by_id=values["candidate_id"]
            )
        )
    application_id: UUID = values["id"]
    return job_id, application_id
