"""Interviews in their interviewers' calendars: made while somebody waits, kept true afterwards."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict
from uuid import UUID

from sqlalchemy import func, select

from app.applications import service as applications
from app.core.audit import Entry, record
from app.core.db import Scope, WriteSession
from app.core.log import logger
from app.integrations.engine.calendars import Busy, Calendar, Desk, EventPlan, MadeEvent
from app.integrations.engine.faults import ProviderFault
from app.integrations.engine.google import GoogleCalendar
from app.integrations.engine.outlook import OutlookCalendar
from app.integrations.engine.providers import PROVIDERS
from app.integrations.errors import EventElsewhere, SpanInvalid
from app.integrations.models import CalendarEvent
from app.integrations.queries import connections, events
from app.integrations.queries.connections import Owner
from app.integrations.service.bench import Bench, as_problems
from app.integrations.service.tokens import Access, Found, open_access, use
from app.interviews import service as interviews
from app.interviews.models import Interview
from app.organizations.deps import Viewer

CALENDARS: Final[Mapping[str, Calendar]] = {
    "google_calendar": GoogleCalendar(),
    "outlook_calendar": OutlookCalendar(),
}
_LONGEST_SPAN: Final = timedelta(days=62)


class EventWish(TypedDict):
    """What is asked for; times without an offset are the wall clock's in `timezone`."""

    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    attendees: Sequence[str]
    location: str
    with_meeting: bool


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An interview and its event."""

    interview_id: UUID
    event_id: str
    event_url: str
    meeting_url: str | None


async def create_event(
    bench: Bench, viewer: Viewer, owner: Owner, application_id: UUID, wish: EventWish
) -> KeptEvent:
    """An interview for an application, as an event in the owner's calendar. The same call again
    gives the same event.

    When the calendar does not answer, the interview stands and a worker goes on trying; when it
    refuses the event, there is no interview.

    Raises:
        NotConnected: the owner has no connection that holds.
        EventElsewhere: the interview has an event in another calendar.
        Problem: as `interviews.schedule` raises them, and for what the provider says.
    """
    with as_problems():
        # Before anything is written: without a connection there is to be no interview.
        await open_access(bench, owner)
    planned = await _plan(bench, viewer, owner, application_id, wish)
    event, interview = planned.event, planned.interview
    if event.event_id is not None and event.state != "removed":
        return KeptEvent(interview.id, event.event_id, event.event_url or "", event.meeting_url)
    plan = await event_plan(bench, interview, event)
    try:
        made = await with_desk(bench, owner, lambda desk, calendar: calendar.create(desk, plan))
    except ProviderFault as fault:
        await _failed(bench, viewer, planned, fault)
        with as_problems():
            raise
    async with bench.database.write(viewer.scope) as session:
        there = await events.find(session, interview.id, locked=True)
        is_news = there is None or there.event_id is None
        await keep(session, interview, owner, made)
        if is_news:
            _note(session, viewer, interview, owner)
    logger.info("integrations.event_created", interview_id=interview.id, provider=owner.provider)
    return KeptEvent(interview.id, made.id, made.url, made.meeting_url)


@dataclass(frozen=True, slots=True)
class _Planned:
    interview: Interview
    event: CalendarEvent
    is_new: bool


async def _plan(
    bench: Bench, viewer: Viewer, owner: Owner, application_id: UUID, wish: EventWish
) -> _Planned:
    async with bench.database.write(viewer.scope) as session:
        interview = await interviews.schedule(
            session,
            viewer=viewer,
            application_id=application_id,
            title=wish["title"],
            description=wish["description"],
            starts_at=wish["starts_at"],
            ends_at=wish["ends_at"],
            timezone=wish["timezone"],
            attendees=wish["attendees"],
            location=wish["location"],
            meeting_url=None,
            awaits_calendar=True,
        )
        event = await events.plan(session, interview, owner, with_meeting=wish["with_meeting"])
        if (event.provider, event.user_id) != (owner.provider, owner.user_id):
            raise EventElsewhere
        began = (await session.execute(select(func.now()))).scalar_one()
        return _Planned(interview, event, is_new=interview.created_at == began)


async def event_plan(bench: Bench, interview: Interview, event: CalendarEvent) -> EventPlan:
    """The event of an interview as it is to be. The applicant is invited by it, too: where a
    calendar invites, we send no mail.
    """
    async with bench.database.read(Scope.system()) as session:
        application = await applications.get(session, application_id=interview.application_id)
    # Empty once the applicant has erased their account.
    applicant = str(application["candidate_email"] or "").lower()
    return EventPlan(
        key=f"{interview.id.hex}{event.generation:x}",
        title=interview.title,
        description=interview.description,
        starts_at=interview.starts_at,
        ends_at=interview.ends_at,
        timezone=interview.timezone,
        attendees=list(dict.fromkeys(filter(None, [*interview.attendees, applicant]))),
        location=interview.location,
        with_meeting=event.with_meeting,
    )


async def with_desk(
    bench: Bench, owner: Owner, work: Callable[[Desk, Calendar], Awaitable[Found]]
) -> Found:
    """What `work` gives at the owner's calendar.

    Raises:
        NotConfigured: no application is registered with the provider.
        ProviderFault: it did not do what it was for.
    """
    provider = PROVIDERS[owner.provider]
    line = bench.line(provider)

    async def at_desk(access: Access) -> Found:
        desk = Desk(line, lambda path: provider.api(bench.settings, path), access.token)
        return await work(desk, CALENDARS[owner.provider])

    return await use(bench, owner, at_desk)


async def keep(session: WriteSession, interview: Interview, owner: Owner, made: MadeEvent) -> None:
    """Note that a calendar shows the interview as `interview` says it."""
    values: dict[str, Any] = {
        "event_id": made.id,
        "event_url": made.url,
        "state": "kept",
        "synced_sequence": interview.sequence,
        "attempts": 0,
        "last_error": None,
    }
    if made.meeting_url is not None:
        values["meeting_url"] = made.meeting_url
    await events.change(session, interview.id, values)
    # A move that came meanwhile rang when there was no event yet.
    await events.mark_due(session, interview.id)
    await touch(session, owner)
    provider: Any = owner.provider
    is_known = made.meeting_url in (None, interview.meeting_url)
    if interview.calendar_provider == provider and is_known:
        return
    await interviews.attach_calendar(session, interview.id, provider, made.meeting_url)


async def touch(session: WriteSession, owner: Owner) -> None:
    """Note that the owner's connection was of use."""
    row = await connections.find(session, owner)
    if row is not None:
        await connections.change(session, row.id, {"last_used_at": func.now()})


async def _failed(bench: Bench, viewer: Viewer, planned: _Planned, fault: ProviderFault) -> None:
    """Leave the event to the workers, or take back what was planned."""
    interview = planned.interview
    async with bench.database.write(viewer.scope) as session:
        if fault.passes:
            pause = timedelta(seconds=fault.retry_after or 30.0)
            values = {"last_error": fault.code, "run_after": func.now() + pause}
            await events.change(session, interview.id, values)
            return
        await events.remove(session, interview.id)
        if planned.is_new:
            await interviews.call_off(session, interview, by=viewer.person.id, reason=None)
    logger.info("integrations.event_refused", interview_id=interview.id, why=fault.code)


def _note(session: WriteSession, viewer: Viewer, interview: Interview, owner: Owner) -> None:
    record(
        session,
        Entry(
            "integrations.event_created",
            viewer.person.id,
            interview.organization_id,
            "interview",
            str(interview.id),
            {"provider": owner.provider, "application_id": str(interview.application_id)},
        ),
    )


async def busy(bench: Bench, owner: Owner, starts_at: datetime, ends_at: datetime) -> list[Busy]:
    """When the owner has something else to do.

    Raises:
        SpanInvalid: it ends before it begins, or is longer than 62 days.
        NotConnected: the owner has no connection that holds.
        Problem: for what the provider says.
    """
    if not starts_at < ends_at <= starts_at + _LONGEST_SPAN:
        raise SpanInvalid
    with as_problems():
        found = await with_desk(
            bench, owner, lambda desk, calendar: calendar.busy(desk, starts_at, ends_at)
        )
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        await touch(session, owner)
    return found
