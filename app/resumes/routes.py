"""Résumés over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from app.accounts.deps import CurrentUser, SessionWrite, account_key
from app.core.attachments import attachment
from app.core.db import Database, DatabaseAway, DatabaseBusy, Scope
from app.core.etags import tagged
from app.core.idempotency import digest_of, run_once
from app.core.limits import limit
from app.core.openapi import IdempotencyKey, problems, stream_of
from app.core.pages import Page, Pages
from app.core.routing import RoomRouter
from app.core.sse import Event, EventStream
from app.core.state import services
from app.mail.languages import Language
from app.organizations.deps import SignedInViewer, ViewerRead
from app.resumes import service
from app.resumes.deps import HIRING, OptionalFile, Spoken, begun, require_sight
from app.resumes.errors import (
    ResumeBeingRead,
    ResumeMissing,
    ResumeNotFound,
    ResumeTooLarge,
    ResumeTypeUnsupported,
)
from app.resumes.models import ENDED
from app.resumes.reading.results import CONTENT_TYPES
from app.resumes.schemas import ProgressOut, ResumeOut, progress_out, resume_out
from app.storage import service as storage
from app.storage.service import FileAway

router = RoomRouter(prefix="/resumes", tags=["resumes"])
_LOOK_SECONDS = 0.5
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": dict.fromkeys(CONTENT_TYPES.values(), _BINARY)}
}


@router.post(
    "",
    status_code=201,
    response_model=ResumeOut,
    responses=problems(ResumeMissing, ResumeTypeUnsupported, ResumeTooLarge),
    dependencies=[limit("resumes.upload", key=account_key)],
)
async def upload(
    request: Request,
    user: CurrentUser,
    session: SessionWrite,
    language: Spoken,
    file: OptionalFile = None,
    _key: IdempotencyKey = None,
) -> Response:
    """Hand in a résumé; it is read in the background. The same bytes again are the same résumé."""
    if file is None:
        raise ResumeMissing
    content = await file.read()
    received = await asyncio.to_thread(service.receive, content, file.filename or "")

    async def work() -> Response:
        made = await service.upload(session, owner_id=user.id, received=received)
        answer = resume_out(made, language=language)
        return Response(
            answer.model_dump_json(),
            201,
            headers={"Location": f"/api/v1/resumes/{answer.id}"},
            media_type="application/json",
        )

    digest = digest_of(received.sha256, received.filename)
    return await run_once(session, request, scope=str(user.id), digest=digest, work=work)


@router.get("")
async def browse(
    who: SignedInViewer, session: ViewerRead, query: Pages, language: Spoken
) -> Page[ResumeOut]:
    """Your résumés, and for who hires those that came with applications; newest first, no texts."""
    found = await service.browse(
        session,
        owner_id=who.person.id,
        hires_for=who.organization_id if who.role in HIRING else None,
        query=query,
    )
    return found.page(lambda resume: resume_out(resume, with_text=False, language=language))


@router.get("/{resume_id}", response_model=ResumeOut, responses=problems(ResumeNotFound))
async def get(
    request: Request, resume_id: UUID, who: SignedInViewer, session: ViewerRead, language: Spoken
) -> Response:
    """A résumé of yours, or one that came with an application to your organization."""
    found = await service.get(session, resume_id=resume_id)
    require_sight(who, found)
    return tagged(request, resume_out(found, language=language))


@router.delete("/{resume_id}", status_code=204, responses=problems(ResumeNotFound))
async def remove(resume_id: UUID, user: CurrentUser, session: SessionWrite) -> None:
    """Delete a résumé of yours with its file, for good."""
    await service.remove(session, owner_id=user.id, resume_id=resume_id)


@router.get(
    "/{resume_id}/file",
    response_class=StreamingResponse,
    responses={**_FILE, **problems(ResumeNotFound, FileAway)},
)
async def download(request: Request, resume_id: UUID, who: SignedInViewer) -> StreamingResponse:
    """The original, as it was handed in."""
    open_ends = services(request)
    async with open_ends.database.read(who.scope) as session:
        found = await service.get(session, resume_id=resume_id, with_text=False)
        require_sight(who, found)
    try:
        pieces = await begun(storage.pieces(open_ends.database, open_ends.settings, found.file_id))
    except FileAway:
        # Removed between the two looks, it is not away but gone.
        async with open_ends.database.read(who.scope) as session:
            await service.get(session, resume_id=resume_id, with_text=False)
        raise
    return StreamingResponse(
        pieces,
        media_type=found.content_type,
        headers={
            **attachment(found.filename),
            "Content-Length": str(found.size),
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.post(
    "/{resume_id}/reprocess",
    status_code=202,
    response_model=ResumeOut,
    responses=problems(ResumeNotFound, ResumeBeingRead),
)
async def reprocess(resume_id: UUID, user: CurrentUser, session: SessionWrite) -> ResumeOut:
    """Read a résumé of yours anew: one that failed, or after the reading has improved."""
    return resume_out(await service.reprocess(session, owner_id=user.id, resume_id=resume_id))


@router.get(
    "/{resume_id}/events",
    response_class=EventStream,
    responses={**stream_of(ProgressOut), **problems(ResumeNotFound)},
)
async def watch(
    request: Request, resume_id: UUID, who: SignedInViewer, language: Spoken
) -> EventStream:
    """The status as Server-Sent Events: now, at each change, and `done` at the end."""
    open_ends = services(request)
    async with open_ends.database.read(who.scope) as session:
        require_sight(who, await service.get(session, resume_id=resume_id, with_text=False))
    events = _events(open_ends.database, who.scope, resume_id, language)
    return EventStream(events, closing=open_ends.closing)


async def _events(
    database: Database, scope: Scope, resume_id: UUID, language: Language
) -> AsyncGenerator[Event, None]:
    seen = ""
    while True:
        try:
            async with database.read(scope) as session:
                found = await service.get(session, resume_id=resume_id, with_text=False)
        except (DatabaseAway, DatabaseBusy):
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        except ResumeNotFound:
            yield Event(id=seen or "0", event="done", data={"id": str(resume_id)})
            return
        version = f"{found.revision}.{len(found.status_history)}"
        if version != seen:
            seen = version
            yield Event(id=version, event="progress", data=progress_out(found, language))
        if found.status in ENDED:
            yield Event(id=version, event="done", data=progress_out(found, language))
            return
        await asyncio.sleep(_LOOK_SECONDS)
