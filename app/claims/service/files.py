"""Files as people look through them: in groups, several at once, with their pace and failed rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.claims.models import ClaimAnswer, ClaimJob, ClaimJobEvent
from app.claims.queries import answers as rows
from app.claims.queries import groups, reading, upload
from app.claims.schemas import JobOut, RowOut
from app.claims.service import answers
from app.claims.service.intake import UploadWishes, asked_of
from app.claims.service.jobs import job_out
from app.core.db import ReadSession
from app.core.pages import PageQuery, Slice, paginate

GROUPS: Final = ("all", *groups.GROUPS)


async def counts(session: ReadSession, *, organization_id: UUID) -> dict[str, int]:
    """How many files are in each of GROUPS."""
    return await groups.counts(session, organization_id)


async def browse(
    session: ReadSession, *, organization_id: UUID, group: str, text: str, query: PageQuery
) -> Slice[JobOut]:
    """The files of a group whose names hold `text`, the newest first."""
    conditions = reading.conditions(
        status=None, provider=None, filename=text, has_errors=None, created_after=None
    )
    if group != "all":
        conditions.append(groups.GROUPS[group])
    found = await paginate(
        session,
        reading.jobs_statement(organization_id).where(*conditions),
        keys=[(ClaimJob.id, "desc")],
        query=query,
        tenant=organization_id,
    )
    return Slice([job_out(row) for row in found.rows], found.next, found.previous, found.count)


async def newest(session: ReadSession, *, organization_id: UUID, limit: int) -> list[JobOut]:
    """The newest files."""
    statement = reading.jobs_statement(organization_id).order_by(ClaimJob.id.desc()).limit(limit)
    return [job_out(row) for row in (await session.execute(statement)).mappings()]


async def several(
    session: ReadSession, *, organization_id: UUID, job_ids: Sequence[UUID]
) -> list[JobOut]:
    """These files in this order; those that are not there are left out."""
    statement = reading.jobs_statement(organization_id).where(ClaimJob.id.in_(job_ids))
    found = {row["id"]: job_out(row) for row in (await session.execute(statement)).mappings()}
    return [found[job_id] for job_id in job_ids if job_id in found]


async def failed_rows(
    session: ReadSession, *, job: JobOut, error_code: str, query: PageQuery
) -> Slice[RowOut]:
    """Rows that failed, for one reason or ("") for any, in the order of the file."""
    mapping = await answers.mapping_of(session, organization_id=job.organization, job_id=job.id)
    found = await paginate(
        session,
        rows.answered_statement(job.id, outcome="failed", error_code=error_code or None),
        keys=[(ClaimAnswer.row_no, "asc")],
        query=query,
        tenant=job.organization,
    )
    whole = await answers.with_cells(session, job_id=job.id, rows=found.rows)
    shown = [answers.row_out(row, mapping, {}) for row in whole]
    return Slice(shown, found.next, found.previous, found.count)


async def pace(
    session: ReadSession, *, job: JobOut, points: int
) -> tuple[datetime, float, list[tuple[float, int, int]]]:
    """(begin, seconds of a step, (seconds since the begin, rows answered, rows failed) by step)."""
    since = job.processing_started_at
    if since is None:
        return job.created_at, 1.0, []
    until = job.processing_completed_at or job.updated_at
    step = max(1.0, (until - since).total_seconds() / points)
    return since, step, await groups.pace(session, job.id, since=since, step=step)


async def earlier_upload(
    session: ReadSession, *, organization_id: UUID, file_sha256: str, wishes: UploadWishes
) -> UUID | None:
    """The file that holds the same bytes and was asked for in the same way, if there is one."""
    return await upload.earlier_upload(session, organization_id, file_sha256, asked_of(wishes))


async def history(session: ReadSession, *, job: JobOut, most: int) -> Sequence[ClaimJobEvent]:
    """What happened to a file, the newest first."""
    return await groups.events(session, job.id, most)
