"""Analyses over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import File, Form, Query, Request, Response, UploadFile
from pydantic import BeforeValidator

from app.accounts.deps import CurrentUser, SessionRead, SessionWrite, account_key
from app.analysis import service
from app.analysis.answers import (
    analysis_out,
    asked_out,
    comparison_out,
    progress_out,
    recommendations_out,
    stats_out,
    summary_out,
)
from app.analysis.errors import (
    AnalysisComparisonSize,
    AnalysisJobClosed,
    AnalysisNotFound,
    AnalysisWithoutResume,
)
from app.analysis.models import ENDED
from app.analysis.schemas import (
    AnalysisOut,
    AskedOut,
    ComparisonOut,
    ProgressOut,
    RecommendationsOut,
    StatsOut,
    SummaryOut,
)
from app.core.db import Database, DatabaseAway, DatabaseBusy, Scope
from app.core.etags import tagged
from app.core.idempotency import digest_of, run_once
from app.core.limits import limit
from app.core.openapi import IdempotencyKey, problems, stream_of
from app.core.pages import Page, Pages
from app.core.routing import RoomRouter
from app.core.sse import Event, EventStream
from app.core.state import services
from app.jobs.errors import JobNotFound
from app.mail.languages import Language
from app.resumes import service as resumes
from app.resumes.deps import Spoken
from app.resumes.errors import (
    ResumeMissing,
    ResumeNotFound,
    ResumeTooLarge,
    ResumeTypeUnsupported,
)

router = RoomRouter(prefix="/resume-analysis", tags=["analysis"])
_LOOK_SECONDS = 0.5


def _no_text(value: object) -> object:
    # A plain field of the file's name is no file: the room's own problem says so better.
    return None if isinstance(value, str) else value


def _or_none(value: object) -> object:
    # Browsers send a field that was left open as empty text.
    return None if value == "" else value


OptionalFile = Annotated[
    UploadFile | None, BeforeValidator(_no_text), File(description="PDF, Word (.docx) or text")
]
OptionalId = Annotated[UUID | None, BeforeValidator(_or_none), Form()]


@router.post(
    "/analyze",
    status_code=202,
    response_model=AskedOut,
    responses=problems(
        AnalysisWithoutResume,
        AnalysisJobClosed,
        JobNotFound,
        ResumeNotFound,
        ResumeMissing,
        ResumeTypeUnsupported,
        ResumeTooLarge,
    ),
    dependencies=[limit("analysis.analyze", key=account_key)],
)
async def analyze(
    request: Request,
    user: CurrentUser,
    session: SessionWrite,
    resume: OptionalFile = None,
    job_id: OptionalId = None,
    resume_id: OptionalId = None,
    _key: IdempotencyKey = None,
) -> Response:
    """Hold a résumé against a job, or against all open jobs; answered in the background.

    The résumé comes as a file or as the id of one handed in before. The same inputs have the same
    analysis.
    """
    if (resume is None) == (resume_id is None):
        raise AnalysisWithoutResume
    received = None
    if resume is not None:
        content = await resume.read()
        received = await asyncio.to_thread(resumes.receive, content, resume.filename or "")

    async def work() -> Response:
        if received is not None:
            kept = await resumes.upload(session, owner_id=user.id, received=received)
        elif resume_id is not None:
            kept = await service.own_resume(session, owner_id=user.id, resume_id=resume_id)
        else:
            raise AnalysisWithoutResume
        made = await service.ask(session, owner_id=user.id, resume=kept, job_id=job_id)
        return Response(
            asked_out(made).model_dump_json(),
            202,
            headers={"Location": f"/api/v1/resume-analysis/results/{made.id}"},
            media_type="application/json",
        )

    digest = digest_of(received.sha256 if received else resume_id, job_id)
    return await run_once(session, request, scope=str(user.id), digest=digest, work=work)


@router.get("/user/analyses")
async def browse(
    user: CurrentUser, session: SessionRead, query: Pages, language: Spoken
) -> Page[AnalysisOut]:
    """Your analyses of single jobs, the last asked for first."""
    found = await service.browse(session, owner_id=user.id, query=query)
    return found.page(lambda row: analysis_out(row, language))


@router.get("/user/top-matches")
async def top_matches(
    user: CurrentUser,
    session: SessionRead,
    query: Pages,
    resume_id: Annotated[
        UUID | None, Query(description="Of this résumé; without it, of the last analysed one")
    ] = None,
) -> Page[AnalysisOut]:
    """Open jobs that your résumé goes best with, the highest fit first."""
    found = await service.top_matches(session, owner_id=user.id, resume_id=resume_id, query=query)
    return found.page(analysis_out)


@router.get("/user/stats")
async def stats(user: CurrentUser, session: SessionRead) -> StatsOut:
    """Numbers over your analyses, of each job the newest."""
    return stats_out(await service.stats(session, owner_id=user.id))


@router.get("/compare", responses=problems(AnalysisNotFound, AnalysisComparisonSize))
async def compare(
    user: CurrentUser,
    session: SessionRead,
    language: Spoken,
    job_ids: Annotated[list[UUID], Query(description="2 to 10 jobs, or analyses of yours")],
) -> ComparisonOut:
    """Your newest analyses for several jobs side by side."""
    chosen = list(dict.fromkeys(job_ids))
    if not 2 <= len(chosen) <= 10:
        raise AnalysisComparisonSize
    found = await service.compare(session, owner_id=user.id, either_ids=chosen)
    return comparison_out(found, language)


@router.get("/results/{job_id}", response_model=AnalysisOut, responses=problems(AnalysisNotFound))
async def get(
    request: Request, job_id: UUID, user: CurrentUser, session: SessionRead, language: Spoken
) -> Response:
    """Your newest analysis for a job, or the analysis of this id."""
    found = await service.get(session, owner_id=user.id, either_id=job_id)
    return tagged(request, analysis_out(found, language))


@router.get("/summary/{job_id}", response_model=SummaryOut, responses=problems(AnalysisNotFound))
async def summarize(
    request: Request, job_id: UUID, user: CurrentUser, session: SessionRead, language: Spoken
) -> Response:
    """The same without its lists."""
    found = await service.get(session, owner_id=user.id, either_id=job_id)
    return tagged(request, summary_out(found, language))


@router.get(
    "/recommendations/{job_id}",
    response_model=RecommendationsOut,
    responses=problems(AnalysisNotFound),
)
async def recommend(
    request: Request, job_id: UUID, user: CurrentUser, session: SessionRead
) -> Response:
    """What would raise the score, the largest gain first."""
    found = await service.get(session, owner_id=user.id, either_id=job_id)
    return tagged(request, recommendations_out(found))


@router.get(
    "/{analysis_id}/events",
    response_class=EventStream,
    responses={**stream_of(ProgressOut), **problems(AnalysisNotFound)},
)
async def watch(
    request: Request, analysis_id: UUID, user: CurrentUser, language: Spoken
) -> EventStream:
    """The status as Server-Sent Events: now, at each change, and `done` at the end."""
    open_ends = services(request)
    async with open_ends.database.read(Scope.person(user.id)) as session:
        found = await service.get(session, owner_id=user.id, either_id=analysis_id)
    events = _events(open_ends.database, user.id, found["Analysis"].id, language)
    return EventStream(events, closing=open_ends.closing)


async def _events(
    database: Database, owner_id: UUID, analysis_id: UUID, language: Language
) -> AsyncGenerator[Event, None]:
    seen = ""
    while True:
        try:
            async with database.read(Scope.person(owner_id)) as session:
                found = await service.get(session, owner_id=owner_id, either_id=analysis_id)
        except (DatabaseAway, DatabaseBusy):
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        except AnalysisNotFound:
            yield Event(id=seen or "0", event="done", data={"id": str(analysis_id)})
            return
        progress = progress_out(found, language)
        version = f"{progress.resume_status}.{progress.status}"
        if version != seen:
            seen = version
            yield Event(id=version, event="progress", data=progress)
        if progress.status in ENDED:
            yield Event(id=version, event="done", data=progress)
            return
        await asyncio.sleep(_LOOK_SECONDS)
