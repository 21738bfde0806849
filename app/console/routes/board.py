"""One job with the applications to it by stage: looked through, narrowed, moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Form, Query, Request, Response
from pydantic import BeforeValidator, Field, StringConstraints

from app.accounts import cookies
from app.applications import board, bulk
from app.applications.board import Column, Wanted
from app.applications.moves import STATUSES
from app.applications.schemas import Status
from app.console import hiring as view
from app.console.flash import COOKIE, Told, read_told, tell
from app.console.hirer import Hirer, TheHirer, board_of, job_of
from app.console.hiring import Notice
from app.console.language import speech_for
from app.console.rendering import page
from app.console.routing import console_router, redirect
from app.console.watching import stream
from app.core.db import Database, ReadSession, Scope
from app.core.dependencies import in_the_loop
from app.core.pages import PageQuery, Pages
from app.core.schema import OptionalLine, Prose
from app.core.sse import EventStream
from app.core.state import services
from app.jobs.models import Job
from app.organizations.deps import TenantRead, TenantWrite

router = console_router()
# A form sends the fields that nobody filled in as empty ones.
_BLANK = BeforeValidator(lambda value: value or None)
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
Pick = Annotated[str, StringConstraints(pattern=f"^{_ID} (?:{'|'.join(STATUSES)})$")]
"""An application and where its card stood when it was picked."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which applications a board shows, and in which order."""

    stage: Annotated[Status | None, Query(), _BLANK] = None
    text: Annotated[OptionalLine, Query()] = ""
    least: Annotated[float | None, Query(ge=0, le=100), _BLANK] = None
    tag: Annotated[OptionalLine, Query()] = ""
    source: Annotated[OptionalLine, Query()] = ""
    sort: Literal["score", "newest"] = "score"

    def wanted(self, job_id: UUID) -> Wanted:
        """The same for a query."""
        return Wanted(
            job_id=job_id,
            status=self.stage,
            tag=self.tag or None,
            source=self.source or None,
            least_score=self.least,
            text=self.text,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the stage narrows it."""
        return bool(self.text or self.tag or self.source or self.least is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A board that somebody asks for."""

    request: Request
    who: Hirer
    narrowed: Narrowed
    pages: PageQuery


async def asked_for(
    request: Request,
    who: TheHirer,
    pages: Pages,
    narrowed: Annotated[Narrowed, Depends(in_the_loop(Narrowed))],
) -> Asked:
    """What a request for a board says."""
    return Asked(request, who, narrowed, pages)


TheBoard = Annotated[Asked, Depends(asked_for)]


@router.get("/jobs/{job_id}")
async def get(asked: TheBoard, job_id: UUID, session: TenantRead) -> Response:
    """A job; for those who may see who applied, with the board."""
    job = await job_of(session, asked.who, job_id)
    if not asked.who.sees_applicants(job):
        return page(
            asked.request,
            "job.html.jinja",
            frame=asked.who.frame,
            here="jobs",
            job=job,
            **view.TOOLS,
        )
    told = read_told(asked.request)
    if told is None:
        return await _shown(asked, session, job, None)
    first = told.subject if told.count == 1 else None
    answer = await _shown(asked, session, job, Notice(told.count, told.word, first=first))
    cookies.forget(answer, COOKIE)
    return answer


async def _shown(
    asked: Asked, session: ReadSession, job: Job, notice: Notice | None, *, status: int = 200
) -> Response:
    narrowed = asked.narrowed
    wanted, by_score = narrowed.wanted(job.id), narrowed.sort == "score"
    # Before the cards: what changes in between is told by the stream once more, and not never.
    mark = await board.mark(session, job_id=job.id)
    values: dict[str, Any] = {"found": None}
    if narrowed.stage is None:
        shown = await board.columns(session, wanted=wanted, by_score=by_score, query=asked.pages)
        values["total"] = sum(column.count for column in shown)
    else:
        found = await board.column(session, wanted=wanted, by_score=by_score, query=asked.pages)
        counts = await board.counts(session, wanted=wanted)
        shown = [Column(narrowed.stage, counts[narrowed.stage], found.rows, None)]
        values = {"found": found, "counts": counts, "total": sum(counts.values())}
    shown = await _with_moved(session, job, notice, shown)
    sources, tags = await board.words(session, job_id=job.id)
    return page(
        asked.request,
        "board.html.jinja",
        status=status,
        frame=asked.who.frame,
        here="jobs",
        job=job,
        asked=narrowed,
        columns=shown,
        sources=sources,
        tags=tags,
        notice=notice,
        mark=mark,
        **values,
        **view.TOOLS,
    )


@router.get("/jobs/{job_id}/events")
async def watch(request: Request, who: TheHirer, job_id: UUID) -> EventStream:
    """A word whenever an application to the job is another one: the page then looks again, with its
    own filters, when nothing of it is in somebody's hand."""
    scope = Scope.tenant(who.member.organization_id, who.member.user_id)
    async with services(request).database.read(scope) as session:
        await board_of(session, who, job_id)

    async def look(database: Database, scope: Scope) -> tuple[str, bool]:
        async with database.read(scope) as session:
            await board_of(session, who, job_id)
            return await board.mark(session, job_id=job_id), False

    return stream(request, scope, look)


async def _with_moved(
    session: ReadSession, job: Job, notice: Notice | None, columns: Sequence[Column]
) -> list[Column]:
    """The columns with the card that was just moved at the top of its own, if it is not in sight."""
    first = None if notice is None else notice.first
    if first is None or any(card["id"] == first for each in columns for card in each.cards):
        return list(columns)
    row = (await board.several(session, application_ids=[first])).get(first)
    if row is None or row["job_id"] != job.id:
        return list(columns)
    return [
        Column(each.status, each.count, [row, *each.cards], each.more)
        if each.status == row["status"]
        else each
        for each in columns
    ]


@router.post("/jobs/{job_id}")
async def move(
    asked: TheBoard,
    job_id: UUID,
    session: TenantWrite,
    to: Annotated[Status, Form()],
    pick: Annotated[Sequence[Pick], Field(max_length=200), Form()] = (),
    note: Annotated[Prose, StringConstraints(max_length=2000), Form()] = "",
) -> Response:
    """Move applications; those that somebody else moved meanwhile, or that cannot go there, are told
    in words and stay."""
    job = await board_of(session, asked.who, job_id)
    seen = dict(_picked(pick))
    outcomes = await bulk.move_many(
        session,
        viewer=asked.who.viewer,
        application_ids=list(seen),
        status=to,
        note=note.strip() or None,
        seen=seen,
    )
    refused = [one.application_id for one in outcomes if one.problem is not None]
    present: Mapping[UUID, Any] = await board.several(session, application_ids=refused)
    notice = view.notice_of(outcomes, to, present, speech_for(asked.request))
    if notice.refused or not outcomes:
        return await _shown(asked, session, job, notice, status=409 if refused else 422)
    return _after(asked.request, notice)


def _picked(picks: Sequence[str]) -> list[tuple[UUID, str]]:
    pairs = (pick.split(" ") for pick in picks)
    return [(UUID(application_id), status) for application_id, status in pairs]


def _after(request: Request, notice: Notice) -> Response:
    """To the same board, which tells what was done; a card that was moved alone is gone to."""
    query = f"?{request.url.query}" if request.url.query else ""
    place = f"#a-{notice.first}" if notice.moved == 1 else ""
    answer = redirect(request, f"{request.url.path}{query}{place}")
    if notice.first is not None:
        tell(request, answer, Told(notice.moved, notice.to, notice.first))
    return answer
