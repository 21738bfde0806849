"""Hiring in pictures: an organization's or one job's over a range of days, or all its time."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BeforeValidator

from app.applications.moves import STATUSES
from app.console import analytics as view
from app.console.frame import Frame, TheFrame
from app.console.hiring import TOOLS
from app.console.language import speech_for
from app.console.rendering import page
from app.console.routing import console_router
from app.core.clock import now
from app.core.db import ReadSession, Scope
from app.core.dependencies import in_the_loop
from app.core.state import services
from app.jobs import desk
from app.optimus import service
from app.optimus.deps import Watched, watched
from app.optimus.ranges import Range, range_of
from app.organizations.deps import Viewer

router = console_router()
PRESETS: Final = (30, 90, 365)
_MOST_JOBS: Final = 200
# A form sends the fields that nobody filled in as empty ones.
_BLANK = BeforeValidator(lambda value: value or None)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which numbers are shown: of the last so many days, or of a range; of one job."""

    days: Annotated[Literal["30", "90", "365"] | None, Query(), _BLANK] = None
    first: Annotated[date | None, Query(alias="from"), _BLANK] = None
    last: Annotated[date | None, Query(alias="to"), _BLANK] = None
    job: Annotated[UUID | None, Query(), _BLANK] = None

    @property
    def preset(self) -> int | None:
        """The number of days that is chosen; None for a range that somebody typed."""
        if self.first is not None or self.last is not None:
            return None
        return int(self.days or PRESETS[0])

    @property
    def during(self) -> Range:
        """The range; days are those of UTC.

        Raises:
            RangeInvalid: the dates are in the wrong order, or too far apart.
        """
        if self.preset is None:
            return range_of(self.first, self.last, "UTC")
        today = now().date()
        return range_of(today - timedelta(days=self.preset - 1), today, "UTC")

    @property
    def chosen(self) -> Range | None:
        """The range when somebody chose one; one job is shown over all its time otherwise.

        Raises:
            RangeInvalid: the dates are in the wrong order, or too far apart.
        """
        chosen = self.days is not None or self.first is not None or self.last is not None
        return self.during if chosen else None


Asked = Annotated[Narrowed, Depends(in_the_loop(Narrowed))]


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who looks at numbers, whose they are, and what stands around the page."""

    frame: Frame
    watched: Watched

    @property
    def scope(self) -> Scope:
        """What they may see."""
        organization_id = self.watched.organization_id
        if organization_id is None:
            return Scope.system()
        return Scope.tenant(organization_id, self.frame.person.id)


async def watcher(frame: TheFrame) -> Watcher:
    """The reader: of the organization that they act in; a superuser in none sees the platform's.

    Raises:
        Forbidden: they neither hire nor run the platform.
    """
    member = frame.member
    if member is None:
        who = Viewer(frame.person, None, frame.person.role)
    else:
        who = Viewer(frame.person, member.organization_id, member.role)
    return Watcher(frame, await watched(who))


TheWatcher = Annotated[Watcher, Depends(watcher)]


@router.get("/analytics")
async def get(request: Request, who: TheWatcher, asked: Asked) -> Response:
    """The numbers as pictures, each with its table."""
    speech = speech_for(request)
    async with services(request).database.read(who.scope) as session:
        jobs = await _jobs(session, who.watched)
        if asked.job is not None:
            values = await _of_job(session, who.watched, asked.job, asked.chosen)
        else:
            values = await _of_range(session, who.watched, asked.during)
    if "shown" in values:
        shown = values["shown"]
        values["tiles"] = [
            view.counted("applications", shown.totals.applications, speech),
            view.counted("hires", shown.totals.hires, speech),
            view.counted("jobs_posted", shown.totals.jobs_posted, speech),
            view.lasted("first_response", shown.time_to_first_response, speech),
            view.lasted("hire", shown.time_to_hire, speech),
        ]
    return page(
        request,
        "analytics_job.html.jinja" if asked.job is not None else "analytics.html.jinja",
        frame=who.frame,
        here="analytics",
        asked=asked,
        presets=PRESETS,
        jobs=jobs,
        stages=STATUSES,
        job_tones=TOOLS["job_tones"],
        **view.tools(speech),
        **values,
    )


async def _jobs(session: ReadSession, whose: Watched) -> Any:
    if whose.organization_id is None:
        return ()
    return await desk.newest(session, organization_id=whose.organization_id, most=_MOST_JOBS)


async def _of_range(session: ReadSession, whose: Watched, during: Range) -> dict[str, Any]:
    shown = await service.dashboard(
        session, organization_id=whose.organization_id, during=during, with_claims=False
    )
    return {"shown": shown, "columns": view.over_time(shown.applications_by_day)}


async def _of_job(
    session: ReadSession, whose: Watched, job_id: UUID, during: Range | None
) -> dict[str, Any]:
    one = await service.job_insights(
        session, organization_id=whose.organization_id, job_id=job_id, during=during
    )
    bins = [each.count for each in one.scores.distribution]
    return {"one": one, "most": view.round_top(max(bins))}
