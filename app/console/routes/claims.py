"""Claim files: the list with live progress, and one file with all that can be done about it."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.claims.deps import JobId
from app.claims.models import ENDED
from app.claims.service import files, jobs, trail
from app.console import claims as view
from app.console.frame import Frame, TheFrame
from app.console.language import speech_for
from app.console.rendering import fragment, page
from app.console.routing import console_router
from app.console.watching import stream
from app.core.db import Database, Scope
from app.core.dependencies import in_the_loop
from app.core.pages import Pages
from app.core.schema import OptionalLine
from app.core.sse import EventStream
from app.core.state import services
from app.organizations.deps import ClaimsReader, Member, TenantRead, TenantWrite

router = console_router()
Group = Literal["all", "running", "queued", "attention", "completed", "cancelled"]
_POINTS = 120
_EVENTS = 30


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read claim files, and what stands around their page."""

    member: Member
    frame: Frame


async def reader(member: ClaimsReader, frame: TheFrame) -> Reader:
    """The reader of a page about claim files."""
    return Reader(member, frame)


TheReader = Annotated[Reader, Depends(reader)]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which files the list shows."""

    group: Group = "all"
    text: Annotated[OptionalLine, Query(description="A part of the file's name")] = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """Which failed rows a file's page shows, and whether it tells whose they are."""

    reason: Annotated[OptionalLine, Query()] = ""
    reveal: bool = False


@router.get("/claims")
async def browse(
    request: Request,
    who: TheReader,
    session: TenantRead,
    pages: Pages,
    narrowed: Annotated[Narrowed, Depends(in_the_loop(Narrowed))],
) -> Response:
    """The organization's files in one of the groups that people look for."""
    member, group, text = who.member, narrowed.group, narrowed.text
    found = await files.browse(
        session, organization_id=member.organization_id, group=group, text=text, query=pages
    )
    return page(
        request,
        "claims.html.jinja",
        frame=who.frame,
        here="claims",
        group=group,
        groups=files.GROUPS,
        text=text,
        jobs=found.rows,
        found=found,
        **view.TOOLS,
    )


@router.get("/claims/events")
async def watch_all(
    request: Request,
    member: ClaimsReader,
    job: Annotated[list[UUID], Query(max_length=100)],
) -> EventStream:
    """The rows of the list that change, again and again until all have ended; order never moves."""
    wanted = list(dict.fromkeys(job))

    async def look(database: Database, scope: Scope) -> tuple[str, bool]:
        async with database.read(scope) as session:
            shown = await files.several(
                session, organization_id=member.organization_id, job_ids=wanted
            )
        text = fragment(request, "parts/claim_rows.html.jinja", jobs=shown, **view.TOOLS)
        return text, all(view.is_over(one) for one in shown)

    return stream(request, Scope.tenant(member.organization_id, member.user_id), look)


@router.get("/claims/{job_id}")
async def get(
    request: Request,
    job_id: JobId,
    who: TheReader,
    session: TenantWrite,
    pages: Pages,
    wanted: Annotated[Shown, Depends(in_the_loop(Shown))],
) -> Response:
    """One file: progress, pace, reasons, failed rows. Names are masked; revealing is recorded."""
    member, reason, reveal = who.member, wanted.reason, wanted.reveal
    job = await jobs.get(session, organization_id=member.organization_id, job_id=job_id)
    speech = speech_for(request)
    found = await files.failed_rows(session, job=job, error_code=reason, query=pages)
    if reveal:
        act = trail.Act(member.organization_id, job_id, member.user_id)
        trail.note(session, "claims.rows_read", act, rows=len(found.rows))
    since, step, points = await files.pace(session, job=job, points=_POINTS)
    return page(
        request,
        "claim.html.jinja",
        frame=who.frame,
        here="claims",
        job=job,
        reasons=view.reasons(job, speech),
        reason=reason,
        reveal=reveal,
        chart=view.chart(points, since=since, step=step),
        history=view.history(await files.history(session, job=job, most=_EVENTS), job, speech),
        may_act=_may_act(member),
        rows=[view.shown_row(row, speech, reveal=reveal) for row in found.rows],
        found=found,
        **view.TOOLS,
    )


@router.get("/claims/{job_id}/events")
async def watch(request: Request, job_id: JobId, member: ClaimsReader) -> EventStream:
    """The file's figures while they change; the page reloads itself at the end."""
    scope = Scope.tenant(member.organization_id, member.user_id)
    async with services(request).database.read(scope) as session:
        await jobs.get(session, organization_id=member.organization_id, job_id=job_id)

    async def look(database: Database, scope: Scope) -> tuple[str, bool]:
        async with database.read(scope) as session:
            job = await jobs.get(session, organization_id=member.organization_id, job_id=job_id)
        reasons = view.reasons(job, speech_for(request))
        text = fragment(
            request,
            "parts/claim_figures.html.jinja",
            job=job,
            reasons=reasons,
            may_act=_may_act(member),
            **view.TOOLS,
        )
        return text, job.status in ENDED

    return stream(request, Scope.tenant(member.organization_id, member.user_id), look)


def _may_act(member: Member) -> bool:
    return member.role in ("staff", "admin")
