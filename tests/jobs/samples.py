"""Jobs that tests use."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.jobs.models import Job
from tests.people import API, Crew

JOBS = f"{API}/jobs"
JOB = {
    "title": "Data Engineer",
    "location": "Lyon",
    "location_type": "hybrid",
    "job_type": "full_time",
    "experience_level": "senior",
    "description": "You build the pipelines that our analysts live on.",
    "requirements": "Three years with PostgreSQL.",
    "skills": ["PostgreSQL", "Python"],
    "salary_min": 52000,
    "salary_max": 64000,
    "currency": "EUR",
}


async def make_job(database: Database, crew: Crew, **changes: Any) -> UUID:
    """A job that the crew's employer has posted, active unless `changes` say otherwise."""
    values = {
        "id": new_id(),
        "organization_id": crew.organization_id,
        "posted_by": crew.employer.id,
        "company": "Northwind",
        "language": "en",
        "status": "active",
        "posted_at": now(),
        **JOB,
        **changes,
    }
    values["skills_text"] = ", ".join(values["skills"])
    async with database.write(Scope.system()) as session:
        await session.execute(insert(Job).values(**values))
    job_id: UUID = values["id"]
    return job_id
