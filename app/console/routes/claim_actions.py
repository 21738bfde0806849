"""What can be done with a claim file: taken, stopped, asked again, deleted."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import StreamingResponse

from app.claims.deps import JobId
from app.claims.schemas import ResultFormat, RetryIn
from app.claims.schemas import Scope as ResultScope
from app.claims.service import control, jobs, trail
from app.claims.service.handing_out import MEDIA, take
from app.console.routing import console_router, redirect
from app.core.attachments import attachment
from app.core.state import services
from app.organizations.deps import ClaimsReader, StaffMember, TenantWrite

router = console_router()


@router.get("/claims/{job_id}/results")
async def take_results(
    request: Request,
    job_id: JobId,
    member: ClaimsReader,
    form: ResultFormat = ResultFormat.CSV,
) -> StreamingResponse:
    """The answers as they are now; that somebody took them is recorded."""
    act = trail.Act(member.organization_id, job_id, member.user_id)
    taken = await take(services(request).database, act, (ResultScope.ALL, form))
    return StreamingResponse(
        taken.download.results(ResultScope.ALL, form),
        media_type=MEDIA[form],
        headers=attachment(taken.name("results", form)),
    )


@router.get("/claims/{job_id}/errors")
async def take_errors(request: Request, job_id: JobId, member: ClaimsReader) -> StreamingResponse:
    """The failed rows with why they failed, to be corrected and uploaded again."""
    act = trail.Act(member.organization_id, job_id, member.user_id)
    taken = await take(services(request).database, act)
    return StreamingResponse(
        taken.download.errors(),
        media_type=MEDIA[ResultFormat.CSV],
        headers=attachment(taken.name("errors", ResultFormat.CSV)),
    )


@router.post("/claims/{job_id}/cancel")
async def cancel(
    request: Request, job_id: JobId, member: StaffMember, session: TenantWrite
) -> Response:
    """Stop the file; answers that are there stay."""
    await control.cancel(
        session, organization_id=member.organization_id, job_id=job_id, by=member.user_id
    )
    return redirect(request, f"/console/claims/{job_id}")


@router.post("/claims/{job_id}/retry")
async def retry(
    request: Request,
    job_id: JobId,
    member: StaffMember,
    session: TenantWrite,
    error_code: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Ask again for the rows that failed, or for those of one reason."""
    wish = RetryIn(scope="failed", error_code=error_code) if error_code else RetryIn()
    await control.retry(
        session,
        organization_id=member.organization_id,
        job_id=job_id,
        wish=wish,
        by=member.user_id,
    )
    return redirect(request, f"/console/claims/{job_id}")


@router.post("/claims/{job_id}/remove")
async def remove(
    request: Request, job_id: JobId, member: StaffMember, session: TenantWrite
) -> Response:
    """Delete an ended file with its answers."""
    await jobs.remove(
        session, organization_id=member.organization_id, job_id=job_id, by=member.user_id
    )
    return redirect(request, "/console/claims")
