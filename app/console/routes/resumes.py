"""Résumés: handed in, read, shown with where in the text each skill stands."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from app.accounts.deps import CurrentUser, SessionWrite, account_key
from app.analysis import sight
from app.analysis.answers import analysis_out
from app.analysis.schemas import AnalysisOut
from app.console import resumes as view
from app.console.applicants import in_words
from app.console.frame import Frame, TheFrame
from app.console.language import speech_for
from app.console.rendering import fragment, page
from app.console.routing import console_router, redirect
from app.console.watching import stream
from app.core.attachments import attachment
from app.core.db import Database, Scope
from app.core.limits import limit
from app.core.pages import Pages
from app.core.sandbox import kept_in
from app.core.sse import EventStream
from app.core.state import services
from app.organizations.deps import SignedInViewer, ViewerRead
from app.resumes import originals, service
from app.resumes.deps import HIRING, OptionalFile, begun, require_sight
from app.resumes.errors import ResumeMissing
from app.resumes.schemas import resume_out
from app.storage import service as storage

router = console_router()
_MOST_MATCHES = 5


@router.get("/resumes")
async def browse(
    request: Request, who: SignedInViewer, frame: TheFrame, session: ViewerRead, pages: Pages
) -> Response:
    """One's own résumés, and for who hires those that came with applications."""
    hires_for = who.organization_id if who.role in HIRING else None
    found = await service.browse(session, owner_id=who.person.id, hires_for=hires_for, query=pages)
    resumes = [resume_out(one, with_text=False) for one in found.rows]
    return page(
        request,
        "resumes.html.jinja",
        frame=frame,
        here="resumes",
        resumes=resumes,
        found=found,
        **view.TOOLS,
    )


@router.post("/resumes", dependencies=[limit("resumes.upload", key=account_key)])
async def upload(
    request: Request, user: CurrentUser, session: SessionWrite, file: OptionalFile = None
) -> Response:
    """Hand a résumé in and show it at work; the same bytes again are the same résumé."""
    if file is None:
        raise ResumeMissing
    content = await file.read()
    received = await asyncio.to_thread(service.receive, content, file.filename or "")
    made = await service.upload(session, owner_id=user.id, received=received)
    return redirect(request, f"/console/resumes/{made.id}")


@router.get("/resumes/{resume_id}")
async def get(
    request: Request, resume_id: UUID, who: SignedInViewer, frame: TheFrame, session: ViewerRead
) -> Response:
    """One résumé: how far it is, what was read, and from where in the text."""
    found = await service.get(session, resume_id=resume_id)
    require_sight(who, found)
    resume = resume_out(found, language=speech_for(request).language)
    seen = await sight.of_resume(session, resume_id=resume_id, most=_MOST_MATCHES)
    matches = [analysis_out(row) for row in seen]
    return page(
        request,
        "resume.html.jinja",
        frame=frame,
        here="resumes",
        resume=resume,
        is_own=found.owner_id == who.person.id,
        drawn=originals.pages_to_draw(content_type=resume.content_type, pages=resume.pages),
        passages=view.passages(resume),
        skills=view.by_category(resume.skills),
        ahead=view.still_to_come(resume),
        matches=matches,
        match_links=_links(frame, matches),
        known=in_words(speech_for(request)),
        **view.TOOLS,
    )


def _links(frame: Frame, matches: Sequence[AnalysisOut]) -> dict[UUID, str]:
    """Who hires goes on from a match to the job's board."""
    jobs = [one.job_id for one in matches if one.job_id is not None]
    return {job_id: f"/console/jobs/{job_id}" for job_id in jobs} if frame.hires else {}


@router.get("/resumes/{resume_id}/events")
async def watch(request: Request, resume_id: UUID, who: SignedInViewer) -> EventStream:
    """The steps while a résumé is read; the page reloads itself at the end."""
    async with services(request).database.read(who.scope) as session:
        require_sight(who, await service.get(session, resume_id=resume_id, with_text=False))

    async def look(database: Database, scope: Scope) -> tuple[str, bool]:
        async with database.read(scope) as session:
            found = await service.get(session, resume_id=resume_id, with_text=False)
        resume = resume_out(found, with_text=False, language=speech_for(request).language)
        ahead = view.still_to_come(resume)
        text = fragment(
            request, "parts/resume_steps.html.jinja", resume=resume, ahead=ahead, **view.TOOLS
        )
        return text, not ahead

    return stream(request, who.scope, look)


@router.get("/resumes/{resume_id}/file")
async def take(request: Request, resume_id: UUID, who: SignedInViewer) -> StreamingResponse:
    """The original, as it was handed in."""
    open_ends = services(request)
    async with open_ends.database.read(who.scope) as session:
        found = await service.get(session, resume_id=resume_id, with_text=False)
        require_sight(who, found)
    return StreamingResponse(
        await begun(storage.pieces(open_ends.database, open_ends.settings, found.file_id)),
        media_type=found.content_type,
        headers={
            **attachment(found.filename),
            "Content-Length": str(found.size),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


@router.get("/resumes/{resume_id}/pages/{number}")
async def show(request: Request, resume_id: UUID, number: int, who: SignedInViewer) -> Response:
    """A page of the original as a picture."""
    open_ends = services(request)
    async with open_ends.database.read(who.scope) as session:
        found = await service.get(session, resume_id=resume_id, with_text=False)
        require_sight(who, found)
    sandbox = kept_in(request.app.state, originals.WORK, originals.LIMITS)
    picture = await originals.draw(
        sandbox, open_ends.database, open_ends.settings, resume=found, number=number
    )
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(picture, media_type="image/webp", headers=headers)


@router.post("/resumes/{resume_id}/again")
async def again(
    request: Request, resume_id: UUID, user: CurrentUser, session: SessionWrite
) -> Response:
    """Read a résumé of one's own anew."""
    await service.reprocess(session, owner_id=user.id, resume_id=resume_id)
    return redirect(request, f"/console/resumes/{resume_id}")
