"""Jobs over HTTP: list, progress, rows, downloads, cancel, retry, delete."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Select

from app.claims import errors
from app.claims.deps import Filters, JobId
from app.claims.models import ENDED, ClaimAnswer, ClaimJob, ClaimRow
from app.claims.queries import answers as rows
from app.claims.queries import reading
from app.claims.routes.packing import packed, takes_gzip
from app.claims.schemas import (
    JobOut,
    ProgressOut,
    ResultFormat,
    RetryIn,
    RowOut,
    RowStatus,
    Scope,
)
from app.claims.service import answers, control, jobs, trail
from app.claims.service.handing_out import MEDIA, take
from app.claims.workbook import MEDIA_TYPE
from app.core.attachments import attachment
from app.core.db import Database, DatabaseAway, DatabaseBusy
from app.core.db import Scope as DatabaseScope
from app.core.etags import tagged
from app.core.openapi import problems, stream_of
from app.core.pages import Column, Page, Pages, paginate
from app.core.routing import RoomRouter
from app.core.schema import OptionalLine
from app.core.sse import Event, EventStream
from app.core.state import services
from app.organizations.deps import ClaimsReader, Member, StaffMember, TenantRead, TenantWrite
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = RoomRouter(prefix="/claims/csv-jobs", tags=["claims"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
_JOB = problems(errors.JobNotFound, *_INSIDE)
_LOOK_SECONDS = 1.0
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
            MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


@router.get("", response_model=Page[JobOut], responses=problems(*_INSIDE))
async def browse(
    member: ClaimsReader, session: TenantRead, pages: Pages, filters: Filters
) -> Page[JobOut]:
    """Your organization's claim files, the newest first."""
    statement = reading.jobs_statement(member.organization_id)
    found = await paginate(
        session,
        statement.where(*filters.conditions),
        keys=[(ClaimJob.id, "desc")],
        query=pages,
        tenant=member.organization_id,
    )
    return found.page(jobs.job_out)


@router.get("/{job_id}", response_model=JobOut, responses=_JOB)
async def get(
    request: Request, job_id: JobId, member: ClaimsReader, session: TenantRead
) -> Response:
    """One job."""
    job = await jobs.get(session, organization_id=member.organization_id, job_id=job_id)
    return tagged(request, job)


@router.delete(
    "/{job_id}",
    status_code=204,
    responses=problems(errors.JobNotFound, errors.JobRunning, *_INSIDE),
)
async def remove(job_id: JobId, member: StaffMember, session: TenantWrite) -> None:
    """Delete an ended job with its rows and answers."""
    await jobs.remove(
        session, organization_id=member.organization_id, job_id=job_id, by=member.user_id
    )


@router.get("/{job_id}/progress", response_model=ProgressOut, responses=_JOB)
async def get_progress(
    job_id: JobId, member: ClaimsReader, session: TenantRead, response: Response
) -> ProgressOut:
    """The job's counters; while it runs, Retry-After says when to ask again."""
    counters, _ = await jobs.progress(
        session, organization_id=member.organization_id, job_id=job_id
    )
    response.headers["Cache-Control"] = "no-store"
    if counters.status not in ENDED:
        response.headers["Retry-After"] = "2"
    return counters


@router.get(
    "/{job_id}/events",
    response_class=EventStream,
    responses={**stream_of(ProgressOut), **_JOB},
)
async def watch(request: Request, job_id: JobId, member: ClaimsReader) -> EventStream:
    """The counters as Server-Sent Events: now, at each change, and `done` at the end."""
    open_ends = services(request)
    scope = DatabaseScope.tenant(member.organization_id, member.user_id)
    async with open_ends.database.read(scope) as session:
        await jobs.progress(session, organization_id=member.organization_id, job_id=job_id)
    events = _events(open_ends.database, scope, member, job_id)
    return EventStream(events, closing=open_ends.closing)


async def _events(
    database: Database, scope: DatabaseScope, member: Member, job_id: UUID
) -> AsyncGenerator[Event, None]:
    seen = ""
    while True:
        try:
            async with database.read(scope) as session:
                counters, version = await jobs.progress(
                    session, organization_id=member.organization_id, job_id=job_id
                )
        except errors.JobNotFound:
            # It was deleted while somebody watched; there is nothing to come any more.
            return
        except (DatabaseAway, DatabaseBusy):
            # Who watches has nothing to lose by waiting for the next look.
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        event_id = f"{version}-{counters.processed_rows}"
        has_ended = counters.status in ENDED
        if event_id != seen:
            yield Event(event_id, "progress", counters)
            seen = event_id
        if has_ended:
            yield Event(event_id, "done", counters)
            return
        await asyncio.sleep(_LOOK_SECONDS)


@router.get("/{job_id}/rows", response_model=Page[RowOut], responses=_JOB)
async def browse_rows(
    job_id: JobId,
    member: ClaimsReader,
    session: TenantWrite,
    pages: Pages,
    status: RowStatus | None = None,
    error_code: Annotated[OptionalLine | None, Query()] = None,
) -> Page[RowOut]:
    """The job's rows with their answers, in the order of the file; that you read them is recorded."""
    mapping = await answers.mapping_of(
        session, organization_id=member.organization_id, job_id=job_id
    )
    statement: Select[Any] = rows.rows_statement(job_id, status=status)
    key: Column = ClaimRow.row_no
    if status in ("succeeded", "failed") or error_code:
        outcome = status or "failed"
        statement = rows.answered_statement(job_id, outcome=outcome, error_code=error_code or None)
        key = ClaimAnswer.row_no
    found = await paginate(
        session, statement, keys=[(key, "asc")], query=pages, tenant=member.organization_id
    )
    shown = await answers.with_cells(session, job_id=job_id, rows=found.rows)
    searches = await answers.evidence_for(session, shown)
    trail.note(session, "claims.rows_read", _act(member, job_id), rows=len(shown))
    return replace(found, rows=shown).page(lambda row: answers.row_out(row, mapping, searches))


def _act(member: Member, job_id: UUID) -> trail.Act:
    return trail.Act(member.organization_id, job_id, member.user_id)


@router.get(
    "/{job_id}/download_results",
    name="download_results_again",
    response_class=StreamingResponse,
    responses={**_FILES, **_JOB},
)
@router.get("/{job_id}/results", response_class=StreamingResponse, responses={**_FILES, **_JOB})
async def download_results(
    request: Request,
    job_id: JobId,
    member: ClaimsReader,
    scope: Scope = Scope.ALL,
    format: ResultFormat = ResultFormat.CSV,  # noqa: A002 - the contract's name of the parameter.
) -> StreamingResponse:
    """The answers as they are now, in any state of the job; that you took them is recorded."""
    taken = await take(services(request).database, _act(member, job_id), (scope, format))
    pieces = taken.download.results(scope, format)
    headers = attachment(taken.name("results", format))
    if format is ResultFormat.JSONL:
        # Each row says what its answer rests on, mostly what the row before it says.
        headers["Vary"] = "Accept-Encoding"
        if takes_gzip(request.headers.get("accept-encoding")):
            headers["Content-Encoding"] = "gzip"
            pieces = packed(pieces)
    return StreamingResponse(pieces, media_type=MEDIA[format], headers=headers)


@router.get("/{job_id}/errors", response_class=StreamingResponse, responses={**_FILE, **_JOB})
async def download_errors(
    request: Request, job_id: JobId, member: ClaimsReader
) -> StreamingResponse:
    """The failed rows as they came in with why they failed: correct them and upload them again."""
    taken = await take(services(request).database, _act(member, job_id))
    return StreamingResponse(
        taken.download.errors(),
        media_type=MEDIA[ResultFormat.CSV],
        headers=attachment(taken.name("errors", ResultFormat.CSV)),
    )


@router.post(
    "/{job_id}/cancel",
    response_model=JobOut,
    responses=problems(errors.JobNotFound, errors.JobEnded, *_INSIDE),
)
async def cancel(job_id: JobId, member: StaffMember, session: TenantWrite) -> JobOut:
    """Stop the job: rows not asked yet stay unprocessed, answers that are there stay."""
    return await control.cancel(
        session, organization_id=member.organization_id, job_id=job_id, by=member.user_id
    )


@router.post(
    "/{job_id}/retry",
    response_model=JobOut,
    responses=problems(errors.JobNotFound, errors.JobRunning, errors.NothingToRetry, *_INSIDE),
)
async def retry(
    job_id: JobId, member: StaffMember, session: TenantWrite, body: RetryIn | None = None
) -> JobOut:
    """Run rows of an ended job again, in the same job; succeeded rows are never asked again."""
    return await control.retry(
        session,
        organization_id=member.organization_id,
        job_id=job_id,
        wish=body or RetryIn(),
        by=member.user_id,
    )
