"""Asking for analyses and reading them. The session's scope decides which are there."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.analysis import numbers, queries
from app.analysis.engine.version import model_version
from app.analysis.errors import AnalysisJobClosed, AnalysisNotFound
from app.analysis.inputs import OF_ALL_JOBS, digest_of, key_of, post_of
from app.analysis.models import Analysis
from app.core.clock import now
from app.core.db import ReadSession, WriteSession
from app.core.pages import PageQuery, Slice, paginate
from app.jobs import service as jobs
from app.jobs.models import Job
from app.resumes import service as resumes
from app.resumes.models import Resume
from app.worker.doorbell import ring

WORK = "analysis.work"
Row = Mapping[str, Any]
_MOST_COMMON = 10


async def ask(
    session: WriteSession, *, owner_id: UUID, resume: Resume, job_id: UUID | None
) -> Analysis:
    """The analysis of the person's résumé for a job, or for all open ones; made, or found again.

    Raises:
        JobNotFound: no such job, or a draft.
        AnalysisJobClosed: the job is closed, archived or expired.
    """
    version = model_version()
    key, wording = OF_ALL_JOBS, None
    if job_id is not None:
        job = await jobs.get(session, job_id=job_id)
        if not _is_open(job):
            raise AnalysisJobClosed
        key = key_of(job.id, digest_of(post_of(job)), resume.revision, version)
        wording = job.wording
    made = await queries.ask(
        session,
        {
            "owner_id": owner_id,
            "resume_id": resume.id,
            "job_id": job_id,
            "key": key,
            "resume_revision": resume.revision,
            "job_wording": wording,
            "model_version": version,
        },
    )
    ring(session, WORK, analysis_id=made.id)
    return made


def _is_open(job: Job) -> bool:
    return job.status == "active" and (job.expires_at is None or job.expires_at > now())


async def own_resume(session: ReadSession, *, owner_id: UUID, resume_id: UUID) -> Resume:
    """One of the person's own résumés.

    Raises:
        ResumeNotFound: there is none, or it is another person's.
    """
    return await resumes.get_own(session, owner_id=owner_id, resume_id=resume_id)


async def get(session: ReadSession, *, owner_id: UUID, either_id: UUID) -> Row:
    """The person's analysis of this id, else their newest for the job of this id.

    Raises:
        AnalysisNotFound: there is neither.
    """
    found = await queries.find(session, owner_id, either_id)
    if found is None:
        raise AnalysisNotFound
    return found


async def compare(session: ReadSession, *, owner_id: UUID, either_ids: Sequence[UUID]) -> list[Row]:
    """The newest analyses for several jobs, in the order of the ids.

    Raises:
        AnalysisNotFound: one of them has none.
    """
    return [await get(session, owner_id=owner_id, either_id=each) for each in either_ids]


async def browse(session: ReadSession, *, owner_id: UUID, query: PageQuery) -> Slice[Row]:
    """The person's analyses, the last asked for first."""
    keys: Any = [(Analysis.asked_at, "desc"), (Analysis.id, "desc")]
    return await paginate(
        session, queries.asked_by(owner_id), keys=keys, query=query, tenant=owner_id
    )


async def top_matches(
    session: ReadSession, *, owner_id: UUID, resume_id: UUID | None, query: PageQuery
) -> Slice[Row]:
    """Open jobs that a résumé goes best with; of the one that was last analysed unless one is named."""
    chosen = resume_id or await queries.newest_resume(session, owner_id)
    if chosen is None:
        return Slice([], None, None, 0 if query.with_count else None)
    keys: Any = [(Analysis.fit, "desc"), (Analysis.id, "desc")]
    return await paginate(
        session, queries.top(owner_id, chosen), keys=keys, query=query, tenant=owner_id
    )


async def stats(session: ReadSession, *, owner_id: UUID) -> Row:
    """Numbers over the newest analysis of each job; what was never computed is null."""
    totals = await numbers.totals(session, owner_id)
    return {
        **totals,
        "top": await numbers.best(session, owner_id),
        "missing": await numbers.most_common(session, owner_id, "missing", _MOST_COMMON),
        "matched": await numbers.most_common(session, owner_id, "matched", _MOST_COMMON),
    }
