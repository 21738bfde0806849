"""Who is told of what becomes of applications: in the transaction that it becomes in."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.db import WriteSession
from app.jobs import service as jobs
from app.notifications.service import notify


async def tell_employer(
    session: WriteSession, application_id: UUID, job_id: UUID, candidate_id: UUID
) -> None:
    """Tell who posted the job that somebody applied; nobody when their account is gone."""
    job = await jobs.get(session, job_id=job_id)
    if job.posted_by is None:
        return
    await notify(
        session,
        user_id=job.posted_by,
        organization_id=job.organization_id,
        kind="application.received",
        subject_type="application",
        subject_id=application_id,
        params={
            "candidate_id": str(candidate_id),
            "job_id": str(job_id),
            "job_title": job.title,
            "language": job.language,
        },
    )


async def tell_candidates(
    session: WriteSession, applications: Sequence[Mapping[str, Any]], status: str
) -> None:
    """Tell applicants what their application is now, and nothing of what the employer notes."""
    if status in ("applied", "withdrawn"):
        # They know what they do themselves.
        return
    known = {one["job_id"] for one in applications}
    found = {job_id: await jobs.get(session, job_id=job_id) for job_id in known}
    for application in applications:
        job = found[application["job_id"]]
        await notify(
            session,
            user_id=application["candidate_id"],
            organization_id=application["organization_id"],
            kind="application.moved",
            subject_type="application",
            subject_id=application["id"],
            params={
                "job_id": str(job.id),
                "job_title": job.title,
                "company": job.company,
                "language": job.language,
                "status": status,
            },
        )
