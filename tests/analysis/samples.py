"""Analyses that tests use."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import func, insert, update

from app.analysis.engine.values import Post
from app.analysis.models import Analysis
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.jobs.models import Job
from app.resumes.models import Resume
from app.resumes.understanding.understand import understand
from app.storage import service as storage
from tests.jobs.samples import make_job
from tests.people import API, Actor, Crew
from tests.resumes.samples import TEXT

ANALYSIS = f"{API}/resume-analysis"
DAY = date(2023, 6, 1)
RESULT: dict[str, list[Any]] = {"components": [], "matched": [], "missing": [], "advice": []}
POST = Post(
    title="Senior Data Engineer",
    description="You build the pipelines that our analysts live on. We use Airflow on AWS.",
    requirements=(
        "5+ years of experience with Python and SQL\n"
        "Bachelor's degree in computer science\n"
        "Strong knowledge of Spark\n"
        "Nice to have:\n- Kubernetes, Terraform"
    ),
    skills=("PostgreSQL", "Python", "Terraform"),
    level="senior",
)


async def make_read_resume(database: Database, owner_id: UUID, content: str = TEXT) -> UUID:
    """A résumé that was read and understood, with its file."""
    resume_id = new_id()
    understood = understand(content, document_date=DAY)
    step = {"status": "skills_extracted", "at": now().isoformat()}
    values = {
        "id": resume_id,
        "owner_id": owner_id,
        "filename": "cv.txt",
        "content_type": "text/plain",
        "status": "skills_extracted",
        "status_history": [step],
        "text": content,
        "understanding": msgspec.to_builtins(understood),
    }
    async with database.write(Scope.system()) as session:
        stored = await storage.store(
            session,
            content=content.encode(),
            content_type="text/plain",
            purpose="resumes",
            owner_id=owner_id,
        )
        values |= {"file_id": stored.id, "size": stored.size, "sha256": stored.sha256}
        await session.execute(insert(Resume).values(**values))
    return resume_id


async def make_analysis(
    database: Database, crew: Crew, job_id: UUID | None = None, **changes: Any
) -> tuple[UUID, UUID]:
    """The candidate's completed analysis for a job; the ids of job and analysis."""
    job_id = job_id or await make_job(database, crew)
    resume_id = changes.pop("resume_id", None)
    if resume_id is None:
        resume_id = await make_read_resume(database, crew.candidate.id, f"{TEXT}\n{new_id()}")
    values = {
        "id": new_id(),
        "owner_id": crew.candidate.id,
        "resume_id": resume_id,
        "job_id": job_id,
        "status": "completed",
        "model_version": "1.1+words",
        "overall_score": 70.5,
        "fit": 60.0,
        "result": RESULT,
        "asked_at": now(),
        "completed_at": now(),
        **changes,
    }
    async with database.write(Scope.system()) as session:
        await session.execute(insert(Analysis).values(**values))
    analysis_id: UUID = values["id"]
    return job_id, analysis_id


async def analyze(
    client: httpx.AsyncClient, actor: Actor, content: str | None = TEXT, **form: Any
) -> httpx.Response:
    """Ask for an analysis of a file, or of what the form names."""
    files = None if content is None else {"resume": ("cv.txt", content.encode(), "text/plain")}
    data = {name: str(value) for name, value in form.items()}
    return await client.post(f"{ANALYSIS}/analyze", files=files, data=data, headers=actor.headers)


async def change_job(database: Database, job_id: UUID, **values: Any) -> None:
    """Change a job as its employer would."""
    # One transaction is the whole test, and now() stands still in it.
    later = {**values, "updated_at": func.clock_timestamp()}
    async with database.write(Scope.system()) as session:
        await session.execute(update(Job).where(Job.id == job_id).values(later))
