"""Applications as the bench sees them: which résumés came with them, and which have no answer yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.core.db import ReadSession


@dataclass(frozen=True, slots=True)
class Applied:
    """The résumé that came with an application, and how often it has been read."""

    candidate_id: UUID
    resume_id: UUID
    job_id: UUID
    revision: int


# The table belongs to the room beside this one, which nothing here may import; five of its columns
# are all that is known of it.
_APPLIED: Final = """
    SELECT applications.candidate_id, applications.resume_id, applications.job_id, resumes.revision
    FROM applications JOIN resumes ON resumes.id = applications.resume_id
    JOIN jobs ON jobs.id = applications.job_id
"""
_ASKED_FOR: Final = """
    SELECT 1 FROM analyses WHERE analyses.resume_id = applications.resume_id
    AND analyses.job_id = applications.job_id
    AND analyses.resume_revision = resumes.revision AND analyses.job_wording = jobs.wording
"""


async def without_score(session: ReadSession, limit: int) -> list[Applied]:
    """Applications whose résumé, as it reads now, was never held against the job as it is worded now.

    The database takes the score away when either changes, so the few without one are all to look at.
    """
    found = await session.execute(
        text(
            f"""
            {_APPLIED} WHERE applications.score IS NULL AND NOT EXISTS ({_ASKED_FOR})
            ORDER BY applications.id LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [Applied(**each) for each in found.mappings()]


async def asked_by_other_versions(
    session: ReadSession, jobs: Sequence[UUID], model_version: str
) -> list[Applied]:
    """Applications to these jobs that this version has not been asked about."""
    found = await session.execute(
        text(
            f"""
            {_APPLIED} WHERE applications.job_id = ANY(CAST(:jobs AS uuid[]))
            AND NOT EXISTS ({_ASKED_FOR} AND analyses.model_version = :model_version)
            """
        ),
        {"jobs": list(jobs), "model_version": model_version},
    )
    return [Applied(**each) for each in found.mappings()]
