"""Jobs: all of the organization's, and what becomes of one."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Form, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.applications import board, export
from app.console import hiring as view
from app.console.hirer import TheHirer, board_of
from app.console.rendering import page
from app.console.routing import console_router, redirect
from app.core.attachments import attachment
from app.core.db import Scope
from app.core.dependencies import in_the_loop
from app.core.pages import Pages
from app.core.schema import OptionalLine
from app.core.state import services
from app.jobs import desk, service
from app.jobs.desk import Group
from app.organizations import service as organizations
from app.organizations.deps import TenantRead, TenantWrite

router = console_router()
Step = Literal["active", "closed", "archived"]
_OWN: Final = "mine"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which jobs the list shows."""

    group: Group = "all"
    text: Annotated[OptionalLine, Query(description="A part of title, place or company")] = ""
    whose: Literal["all", "mine"] = "all"


@router.get("/jobs")
async def browse(
    request: Request,
    who: TheHirer,
    session: TenantRead,
    pages: Pages,
    asked: Annotated[Narrowed, Depends(in_the_loop(Narrowed))],
) -> Response:
    """The organization's jobs in one of the groups that people look for."""
    narrowed = desk.Narrowed(
        who.member.organization_id,
        group=asked.group,
        text=asked.text,
        posted_by=who.member.user_id if asked.whose == _OWN else None,
    )
    found = await desk.browse(session, narrowed=narrowed, query=pages)
    seen = [job.id for job in found.rows if who.sees_applicants(job)]
    return page(
        request,
        "jobs.html.jinja",
        frame=who.frame,
        here="jobs",
        asked=asked,
        groups=desk.GROUPS,
        counts=await desk.counts(session, narrowed=narrowed),
        standing=await board.stages_of(session, job_ids=seen),
        found=found,
        **view.TOOLS,
    )


@router.post("/jobs/{job_id}/status")
async def change(
    request: Request,
    job_id: UUID,
    who: TheHirer,
    session: TenantWrite,
    status: Annotated[Step, Form()],
) -> Response:
    """Publish, close, reopen or archive a job of the organization."""
    organization_id = who.member.organization_id
    job = await service.get_locked(session, organization_id=organization_id, job_id=job_id)
    if job.status != status:
        company = (await organizations.get(session, organization_id=organization_id)).name
        await service.update(
            session,
            job=job,
            company=company,
            values={"status": status},
            by=who.member.user_id,
        )
    return redirect(request, f"/console/jobs/{job_id}")


@router.get("/jobs/{job_id}/file")
async def take(
    request: Request, job_id: UUID, who: TheHirer, session: TenantRead
) -> StreamingResponse:
    """The applications to a job as CSV; that somebody took them is recorded."""
    job = await board_of(session, who, job_id)
    lines = await export.taken(
        services(request).database,
        Scope.tenant(job.organization_id, who.member.user_id),
        job=(job.id, job.organization_id),
        by=who.member.user_id,
    )
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers=attachment(export.file_name(job.title)),
    )
