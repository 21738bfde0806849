"""Integrations as they come in and go out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.core.schema import ClockTime, Email, In, Line, OptionalLine, Out, Prose
from app.integrations.names import Name

_MOST_PEOPLE = 50


class StandingOut(Out):
    """Whether an account is connected. `expires_at` is when it has to be connected anew, where that
    is known; `last_error` the provider's own word for what went wrong last.
    """

    provider: Name
    is_connected: bool
    connected_at: datetime | None
    last_used_at: datetime | None
    needs_reconnect: bool
    is_configured: bool
    is_known: bool
    expires_at: datetime | None
    account: str | None
    missing_scopes: list[str]
    last_error: str | None


class StatusOut(Out):
    """All providers, always."""

    linkedin: StandingOut
    google_calendar: StandingOut
    outlook_calendar: StandingOut


class ConsentOut(Out):
    """Where to send the browser."""

    auth_url: str
    state: str
    provider: Name


class EventIn(In):
    """An interview to be put into the calendar; times without an offset are those in `timezone`."""

    application_id: UUID
    title: Line
    description: Prose = ""
    start_time: ClockTime
    end_time: ClockTime
    timezone: Line = "UTC"
    attendees: list[Email] = Field(default_factory=list, max_length=_MOST_PEOPLE)
    create_meeting_link: bool = True
    location: OptionalLine | None = None


class EventOut(Out):
    """An event in a calendar; the other provider's link is null."""

    provider: Name
    interview_id: UUID
    event_id: str
    event_url: str
    meet_link: str | None
    teams_link: str | None


class BusyOut(Out):
    """A span in which there is something else in the calendar."""

    starts_at: datetime
    ends_at: datetime


class FreeBusyOut(Out):
    """What the calendar says of a span of time."""

    provider: Name
    busy: list[BusyOut]


def _target(text: str) -> str:
    return f"urn:li:organization:{text}" if text.isdigit() else text


Target = Annotated[
    str,
    StringConstraints(pattern=r"^(personal|(urn:li:organization:)?[0-9]{1,20})$"),
    AfterValidator(_target),
]
Message = Annotated[Prose, StringConstraints(max_length=2_900)]


class PublishIn(In):
    """A job to be shared; `organization_ids` are `personal` and companies' pages."""

    job_id: UUID
    custom_message: Message | None = None
    organization_ids: list[Target] = Field(default_factory=list, max_length=10)


class PublishedOut(Out):
    """A post that is there."""

    target: str
    post_id: str
    post_url: str


class PublishErrorOut(Out):
    """A target for which there is no post, and what can be done."""

    target: str
    code: str
    detail: str
    hint: str


class PublishOut(Out):
    """The first post, and what became of each target."""

    post_id: str
    post_url: str
    published: list[PublishedOut]
    errors: list[PublishErrorOut]


class PageOut(Out):
    """A company's page that you may post for."""

    id: str
    name: str


class PagesOut(Out):
    """All of them."""

    organizations: list[PageOut]
