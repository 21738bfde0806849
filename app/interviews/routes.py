"""Interviews over HTTP."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from app.accounts.deps import CurrentUser, SessionWrite, account_key
from app.applications.errors import ApplicationNotFound
from app.core import clock
from app.core.attachments import attachment
from app.core.db import ReadSession, Scope
from app.core.etags import require_match, tagged
from app.core.idempotency import body_digest, run_once
from app.core.limits import limit
from app.core.openapi import IdempotencyKey, IfMatch, problems
from app.core.pages import Page, Pages
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.core.state import services
from app.interviews import reading, responses, service
from app.interviews.announcements import colleagues, happening
from app.interviews.calendar import calendar_of
from app.interviews.deps import Asked
from app.interviews.errors import (
    InterviewApplicationEnded,
    InterviewCancelled,
    InterviewDuplicate,
    InterviewEndBeforeStart,
    InterviewNotFound,
    InterviewOver,
    InterviewPast,
    InterviewTooFar,
    InterviewTooLong,
    ResponseLinkInvalid,
    ResponseLinkOutdated,
    TimeSkipped,
    TimezoneUnknown,
)
from app.interviews.links import ResponseClaim, ResponseLinks
from app.interviews.schemas import (
    CancelIn,
    InterviewIn,
    InterviewOut,
    InterviewPatch,
    InvitationOut,
    LinkIn,
    LinkResponseIn,
    OwnInterviewOut,
    ResponseIn,
    WholeInterviewOut,
)
from app.organizations.deps import SignedInViewer, Viewer, ViewerRead, ViewerWrite

router = RoomRouter(prefix="/interviews", tags=["interviews"])
AnyInterview = WholeInterviewOut | OwnInterviewOut
_SENSE = (
    TimezoneUnknown,
    TimeSkipped,
    InterviewPast,
    InterviewTooFar,
    InterviewEndBeforeStart,
    InterviewTooLong,
)
_LINK = (ResponseLinkInvalid, ResponseLinkOutdated)
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}
}


async def _whole(session: ReadSession, who: Viewer, interview_id: UUID) -> AnyInterview:
    """The interview as the caller may see it."""
    found = await reading.details(session, viewer=who, interview_id=interview_id)
    if found.party == "applicant":
        return OwnInterviewOut.model_validate(found.row)
    return WholeInterviewOut.model_validate({**found.row, "warnings": found.warnings})


@router.post(
    "",
    status_code=201,
    response_model=WholeInterviewOut,
    dependencies=[limit("interviews.schedule", key=account_key)],
    responses=problems(
        ApplicationNotFound, InterviewApplicationEnded, InterviewDuplicate, Forbidden, *_SENSE
    ),
)
async def create(
    request: Request,
    body: InterviewIn,
    who: SignedInViewer,
    session: ViewerWrite,
    _key: IdempotencyKey = None,
) -> Response:
    """Invite an applicant to an interview; for who posted the job and the organization's admins.

    The application moves to `interview` where it stands before. `warnings` names interviews at the
    same time with somebody who is in this one.
    """

    async def work() -> Response:
        values: Any = body.model_dump()
        made = await service.schedule(session, viewer=who, **values)
        answer = await _whole(session, who, made.id)
        headers = {"Location": f"/api/v1/interviews/{made.id}"}
        response = tagged(request, answer, status=201)
        response.headers.update(headers)
        return response

    digest = await body_digest(request)
    return await run_once(session, request, scope=str(who.person.id), digest=digest, work=work)


@router.get("")
async def browse(
    who: SignedInViewer,
    session: ViewerRead,
    query: Pages,
    asked: Asked,
    application_id: UUID | None = None,
) -> Page[InterviewOut | OwnInterviewOut]:
    """The interviews that you may see, the earliest first.

    Those of the organization for its admins, all for superusers, else those that you take part in.
    """
    wanted = replace(asked.wanted(), application_id=application_id)
    found = await reading.browse(session, viewer=who, wanted=wanted, query=query)
    return found.page(lambda row: _listed(row, who))


@router.get("/mine")
async def browse_own(
    who: SignedInViewer, session: ViewerRead, query: Pages, asked: Asked
) -> Page[InterviewOut | OwnInterviewOut]:
    """The interviews that you take part in, the earliest first: as the applicant, as who scheduled
    them, or as who posted the job."""
    found = await reading.browse(session, viewer=who, wanted=asked.wanted(), query=query, own=True)
    return found.page(lambda row: _listed(row, who))


def _listed(row: dict[str, Any], who: Viewer) -> InterviewOut | OwnInterviewOut:
    is_own = row["candidate_id"] == who.person.id
    return (OwnInterviewOut if is_own else InterviewOut).model_validate(row)


@router.post("/preview", dependencies=[limit("auth.mailed_token")], responses=problems(*_LINK))
async def preview(body: LinkIn, request: Request) -> InvitationOut:
    """What the link of a mail invites to, for the page that it leads to."""
    claim = _claim(request, body.token)
    async with services(request).database.read(Scope.person(claim.candidate_id)) as session:
        return InvitationOut.model_validate(await responses.by_link(session, claim))


@router.post(
    "/respond",
    dependencies=[limit("auth.mailed_token")],
    responses=problems(*_LINK, InterviewCancelled, InterviewOver),
)
async def respond_by_link(body: LinkResponseIn, request: Request) -> InvitationOut:
    """Confirm or decline by the link of a mail, without signing in; an answer may change."""
    claim = _claim(request, body.token)
    async with services(request).database.write(Scope.person(claim.candidate_id)) as session:
        await responses.respond_by_link(
            session, claim=claim, response=body.response, note=body.note
        )
        return InvitationOut.model_validate(await responses.by_link(session, claim))


def _claim(request: Request, token: str) -> ResponseClaim:
    links = ResponseLinks(services(request).settings.auth)
    return links.read(token, now=clock.now())


@router.get(
    "/{interview_id}",
    response_model=AnyInterview,
    responses=problems(InterviewNotFound, Forbidden),
)
async def get(
    request: Request, interview_id: UUID, who: SignedInViewer, session: ViewerRead
) -> Response:
    """One interview: your own, or one for a job of yours."""
    return tagged(request, await _whole(session, who, interview_id))


@router.patch(
    "/{interview_id}",
    response_model=WholeInterviewOut,
    responses=problems(
        InterviewNotFound,
        InterviewCancelled,
        InterviewOver,
        InterviewDuplicate,
        Forbidden,
        *_SENSE,
    ),
)
async def update(
    request: Request,
    interview_id: UUID,
    body: InterviewPatch,
    who: SignedInViewer,
    session: ViewerWrite,
    if_match: IfMatch = None,
) -> Response:
    """Move an interview, or change what is said about it; everybody in it is told.

    At another time the applicant is asked again. With starts_at alone it keeps its length.
    """
    if if_match is not None:
        await service.get(session, viewer=who, interview_id=interview_id, locked=True)
        present = tagged(request, await _whole(session, who, interview_id))
        require_match(request, present.headers["etag"])
    values: Any = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if value is not None or name == "meeting_url"
    }
    await service.reschedule(session, viewer=who, interview_id=interview_id, **values)
    return tagged(request, await _whole(session, who, interview_id))


@router.post(
    "/{interview_id}/cancel",
    response_model=WholeInterviewOut,
    responses=problems(InterviewNotFound, InterviewOver, Forbidden),
)
async def cancel(
    request: Request, interview_id: UUID, body: CancelIn, who: SignedInViewer, session: ViewerWrite
) -> Response:
    """Call an interview off; everybody in it is told. Repeating it changes nothing."""
    await service.cancel(session, viewer=who, interview_id=interview_id, reason=body.reason)
    return tagged(request, await _whole(session, who, interview_id))


@router.post(
    "/{interview_id}/response",
    responses=problems(InterviewNotFound, InterviewCancelled, InterviewOver, Forbidden),
)
async def respond(
    interview_id: UUID, body: ResponseIn, user: CurrentUser, session: SessionWrite
) -> OwnInterviewOut:
    """Confirm or decline your interview; the interviewer is told. An answer may change."""
    await responses.respond(
        session,
        person_id=user.id,
        interview_id=interview_id,
        response=body.response,
        note=body.note,
    )
    return OwnInterviewOut.model_validate(await reading.row(session, interview_id=interview_id))


@router.get(
    "/{interview_id}/calendar.ics",
    response_class=Response,
    responses={**_FILE, **problems(InterviewNotFound, Forbidden)},
)
async def calendar(
    request: Request, interview_id: UUID, who: SignedInViewer, session: ViewerRead
) -> Response:
    """The interview as a file for any calendar (RFC 5545)."""
    found = await reading.details(session, viewer=who, interview_id=interview_id)
    others = None if found.party == "applicant" else colleagues(found.row)
    content = calendar_of(happening(found.row, services(request).settings.mail.mail_from, others))
    return Response(
        content,
        media_type="text/calendar; charset=utf-8",
        headers=attachment(f"interview-{interview_id}.ics"),
    )
