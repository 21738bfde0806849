"""What employers do with many applications at once, and what they think of one."""

from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse

from app.applications import bulk, export, scorecards, service
from app.applications.bulk import Outcome
from app.applications.deps import employers_job, party_of
from app.applications.errors import ApplicationNotFound, CriterionUnknown
from app.applications.schemas import (
    BulkMoveIn,
    BulkMoveOut,
    CriteriaIn,
    CriteriaOut,
    MovedOut,
    RefusalOut,
    ReviewIn,
    ScorecardOut,
)
from app.core.attachments import attachment
from app.core.db import ReadSession
from app.core.openapi import problems
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.core.state import services
from app.jobs.errors import JobNotFound
from app.organizations.deps import SignedInViewer, Viewer, ViewerRead, ViewerWrite

router = RoomRouter(prefix="/applications", tags=["hiring"])
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.post("/bulk-move")
async def bulk_move(body: BulkMoveIn, who: SignedInViewer, session: ViewerWrite) -> BulkMoveOut:
    """Move up to 200 applications to your jobs. Each is answered by itself; those that cannot move
    keep no other from moving, and a second click changes nothing."""
    outcomes = await bulk.move_many(
        session, viewer=who, application_ids=body.ids, status=body.status, note=body.note
    )
    results = [_moved(outcome) for outcome in outcomes]
    moved = sum(result.ok for result in results)
    return BulkMoveOut(moved=moved, failed=len(results) - moved, results=results)


def _moved(outcome: Outcome) -> MovedOut:
    problem = outcome.problem
    error = None if problem is None else RefusalOut.model_validate(problem)
    return MovedOut.model_validate(
        {
            "id": outcome.application_id,
            "ok": problem is None,
            "status": outcome.status,
            "error": error,
        }
    )


@router.get(
    "/job/{job_id}/export",
    response_class=StreamingResponse,
    responses={**_FILE, **problems(JobNotFound, Forbidden)},
)
async def export_of_job(request: Request, job_id: UUID, who: SignedInViewer) -> StreamingResponse:
    """The applications to a job as CSV, for who posted it and the organization's admins.

    Taking it is an entry in the audit log. Cells that a spreadsheet would run are defused.
    """
    database = services(request).database
    async with database.read(who.scope) as session:
        job = await employers_job(session, who, job_id)
    lines = await export.taken(
        database, who.scope, job=(job.id, job.organization_id), by=who.person.id
    )
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers=attachment(export.file_name(job.title)),
    )


@router.get("/job/{job_id}/criteria", responses=problems(JobNotFound, Forbidden))
async def criteria(job_id: UUID, who: SignedInViewer, session: ViewerRead) -> CriteriaOut:
    """What applicants for a job are judged by; the usual criteria where nobody has chosen any."""
    await employers_job(session, who, job_id)
    return CriteriaOut(criteria=await scorecards.criteria(session, job_id=job_id))


@router.put("/job/{job_id}/criteria", responses=problems(JobNotFound, Forbidden))
async def replace_criteria(
    job_id: UUID, body: CriteriaIn, who: SignedInViewer, session: ViewerWrite
) -> CriteriaOut:
    """Choose what applicants for a job are judged by.

    What was scored under a name that you leave out is kept, and comes back with the name.
    """
    job = await employers_job(session, who, job_id)
    names = await scorecards.replace_criteria(
        session,
        job_id=job_id,
        organization_id=job.organization_id,
        names=body.criteria,
        by=who.person.id,
    )
    return CriteriaOut(criteria=names)


async def _as_employer(session: ReadSession, who: Viewer, application_id: UUID) -> dict[str, Any]:
    """The application, for its employer alone."""
    found = await service.get(session, application_id=application_id)
    if party_of(who, found) != "employer":
        raise Forbidden
    return found


@router.get("/{application_id}/scorecard", responses=problems(ApplicationNotFound, Forbidden))
async def scorecard(application_id: UUID, who: SignedInViewer, session: ViewerRead) -> ScorecardOut:
    """What you and your colleagues think of an applicant. The applicant never sees it."""
    application = await _as_employer(session, who, application_id)
    return ScorecardOut.model_validate(await scorecards.get(session, application=application))


@router.put(
    "/{application_id}/scorecard",
    responses=problems(ApplicationNotFound, CriterionUnknown, Forbidden),
)
async def review(
    application_id: UUID, body: ReviewIn, who: SignedInViewer, session: ViewerWrite
) -> ScorecardOut:
    """Score an applicant; your former scores are replaced, those of others stay."""
    application = await _as_employer(session, who, application_id)
    card = await scorecards.review(
        session,
        application=application,
        by=who.person.id,
        scores=body.scores,
        comment=body.comment,
    )
    return ScorecardOut.model_validate(card)


@router.delete(
    "/{application_id}/scorecard",
    status_code=204,
    responses=problems(ApplicationNotFound, Forbidden),
)
async def remove_review(application_id: UUID, who: SignedInViewer, session: ViewerWrite) -> None:
    """Take your own review back. Repeating it changes nothing."""
    application = await _as_employer(session, who, application_id)
    await scorecards.take_back(session, application=application, by=who.person.id)
