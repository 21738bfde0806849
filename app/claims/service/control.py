"""What people may ask of a job: to stop, and to run some of its rows again."""

from uuid import UUID

from sqlalchemy import update

from app.claims.engine import control as engine
from app.claims.errors import JobEnded, JobRunning, NothingToRetry
from app.claims.models import ENDED, ClaimJob
from app.claims.schemas import JobOut, RetryIn
from app.claims.service import jobs, trail
from app.core.db import WriteSession
from app.worker.doorbell import ring


async def cancel(session: WriteSession, *, organization_id: UUID, job_id: UUID, by: UUID) -> JobOut:
    """Stop a job; asking again is no mistake.

    Raises:
        JobNotFound: there is none, or it is another organization's.
        JobEnded: it had ended by itself.
    """
    job = await jobs.get(session, organization_id=organization_id, job_id=job_id)
    if job.can_cancel:
        if await engine.cancel(session, job_id=job_id) is not None:
            trail.note(session, "claims.job_cancelled", trail.Act(organization_id, job_id, by))
        # Somebody else may have been quicker: what counts is where the job stands now.
        job = await jobs.get(session, organization_id=organization_id, job_id=job_id)
    if job.status not in ("CANCELLED", "CANCELLING"):
        raise JobEnded
    return job


async def retry(
    session: WriteSession, *, organization_id: UUID, job_id: UUID, wish: RetryIn, by: UUID
) -> JobOut:
    """Let rows run again and ring for them.

    Raises:
        JobNotFound: there is none, or it is another organization's.
        JobRunning: it has not ended.
        NothingToRetry: no row is in the wished scope.
    """
    job = await jobs.get(session, organization_id=organization_id, job_id=job_id)
    if job.status not in ENDED:
        raise JobRunning
    again = await engine.retry(session, job_id=job_id, scope=wish.scope, error_code=wish.error_code)
    if not again:
        raise NothingToRetry
    act = trail.Act(organization_id, job_id, by)
    trail.note(session, "claims.job_retried", act, rows=again, scope=wish.scope or "default")
    task_id = ring(session, "claims.work")
    await session.execute(
        update(ClaimJob).where(ClaimJob.id == job_id).values(celery_task_id=task_id)
    )
    return await jobs.get(session, organization_id=organization_id, job_id=job_id)
