"""One application: who applied, what speaks for them, what became of it, what the employer notes."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form, Request, Response
from pydantic import BeforeValidator, Field, StringConstraints

from app.accounts import cookies
from app.analysis import sight
from app.applications import board, bulk, scorecards, service
from app.applications.schemas import Criterion, Rating, Status, Tag
from app.console import applicants
from app.console import hiring as view
from app.console.flash import COOKIE, Told, read_told, tell
from app.console.hirer import Hirer, TheHirer, application_of
from app.console.hiring import Notice
from app.console.language import speech_for
from app.console.rendering import page
from app.console.routing import console_router, redirect
from app.core.db import ReadSession
from app.core.schema import In, Prose
from app.interviews import reading
from app.organizations.deps import TenantRead, TenantWrite

router = console_router()
_MOST_INTERVIEWS = 10


class Move(In):
    """The form of a move; `seen` is where the reader saw the application stand."""

    to: Status
    seen: Status
    note: Annotated[Prose, StringConstraints(max_length=2000)] = ""


class Notes(In):
    """The form of what the employer notes; tags come in one field, divided by commas."""

    rating: Annotated[Rating | None, BeforeValidator(lambda value: value or None)] = None
    tags: Annotated[
        list[Tag],
        Field(default_factory=list, max_length=20),
        BeforeValidator(applicants.tags_of),
    ]
    notes: Prose = ""


class Review(In):
    """The form of a review: criteria and scores side by side."""

    criterion: Annotated[list[Criterion], Field(max_length=20)]
    score: Annotated[list[Literal["", "1", "2", "3", "4", "5"]], Field(max_length=20)]
    comment: Annotated[Prose, StringConstraints(max_length=5000)] = ""


@router.get("/applications/{application_id}")
async def get(
    request: Request, application_id: UUID, who: TheHirer, session: TenantRead
) -> Response:
    """The application, for who posted the job and the organization's admins."""
    told = read_told(request)
    notice = None if told is None else Notice(told.count, told.word)
    answer = await _shown(request, who, session, application_id, notice)
    if told is not None:
        cookies.forget(answer, COOKIE)
    return answer


async def _shown(
    request: Request,
    who: Hirer,
    session: ReadSession,
    application_id: UUID,
    notice: Notice | None,
) -> Response:
    one = await application_of(session, who, application_id)
    speech = speech_for(request)
    card = await scorecards.get(session, application=one)
    movers = [move["by"] for move in one["history"] if move["by"] is not None]
    found = None
    if one["resume_id"] is not None:
        found = await sight.of_application(
            session, resume_id=one["resume_id"], job_id=one["job_id"]
        )
    return page(
        request,
        "application.html.jinja",
        status=409 if notice is not None and notice.refused else 200,
        frame=who.frame,
        here="jobs",
        one=one,
        notice=notice,
        card=card,
        own=applicants.own_review(card, who.member.user_id),
        names=await board.names(session, user_ids=movers),
        analysis=applicants.analysis_of(found),
        is_outdated=found is not None and not found["is_present"],
        interviews=await reading.of_application(
            session, application_id=application_id, most=_MOST_INTERVIEWS
        ),
        known=applicants.in_words(speech),
        when=applicants.when,
        **view.TOOLS,
    )


@router.post("/applications/{application_id}")
async def move(
    request: Request,
    application_id: UUID,
    who: TheHirer,
    session: TenantWrite,
    wish: Annotated[Move, Form()],
) -> Response:
    """Move the application; what somebody else moved meanwhile stays, and the page says so."""
    await application_of(session, who, application_id)
    outcomes = await bulk.move_many(
        session,
        viewer=who.viewer,
        application_ids=[application_id],
        status=wish.to,
        note=wish.note.strip() or None,
        seen={application_id: wish.seen},
    )
    present = await board.several(session, application_ids=[application_id])
    notice = view.notice_of(outcomes, wish.to, present, speech_for(request))
    if notice.refused:
        return await _shown(request, who, session, application_id, notice)
    answer = redirect(request, f"/console/applications/{application_id}")
    tell(request, answer, Told(1, wish.to, application_id))
    return answer


@router.post("/applications/{application_id}/notes")
async def note_down(
    request: Request,
    application_id: UUID,
    who: TheHirer,
    session: TenantWrite,
    said: Annotated[Notes, Form()],
) -> Response:
    """Write down what the employer thinks; the applicant never sees it."""
    await application_of(session, who, application_id)
    await service.update(
        session,
        application_id=application_id,
        party="employer",
        by=who.member.user_id,
        values={"rating": said.rating, "tags": said.tags, "notes": said.notes.strip() or None},
    )
    return redirect(request, f"/console/applications/{application_id}")


@router.post("/applications/{application_id}/review")
async def review(
    request: Request,
    application_id: UUID,
    who: TheHirer,
    session: TenantWrite,
    said: Annotated[Review, Form()],
) -> Response:
    """Score the applicant; one's former scores are replaced, those of others stay."""
    application = await application_of(session, who, application_id)
    await scorecards.review(
        session,
        application=application,
        by=who.member.user_id,
        scores=applicants.scores_of(said.criterion, said.score),
        comment=said.comment.strip(),
    )
    return redirect(request, f"/console/applications/{application_id}#scorecard")


@router.post("/applications/{application_id}/review/remove")
async def take_back(
    request: Request, application_id: UUID, who: TheHirer, session: TenantWrite
) -> Response:
    """Take one's own review back."""
    application = await application_of(session, who, application_id)
    await scorecards.take_back(session, application=application, by=who.member.user_id)
    return redirect(request, f"/console/applications/{application_id}#scorecard")
