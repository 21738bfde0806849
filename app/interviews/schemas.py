"""What comes in and goes out about interviews."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, HttpUrl, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from app.core.schema import ClockTime, Email, In, Line, OptionalLine, Out, Prose

Status = Literal["scheduled", "cancelled"]
Response = Literal["confirmed", "declined"]
Note = Annotated[Prose, StringConstraints(max_length=2000)]
Attendees = Annotated[list[Email], Field(max_length=20)]
_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _web_address(text: str) -> str:
    try:
        url = _URL.validate_python(text)
    except ValueError:
        raise PydanticCustomError("url", "Must be an address that begins with https://") from None
    if url.scheme != "https" or url.username or url.password:
        raise PydanticCustomError("url", "Must be an address that begins with https://")
    return str(url)


MeetingUrl = Annotated[
    str,
    StringConstraints(max_length=1000),
    AfterValidator(_web_address),
    Field(json_schema_extra={"format": "uri"}),
]
When = Annotated[
    ClockTime,
    Field(description="With its offset from UTC, or what the clocks in `timezone` show"),
]
Zone = Annotated[Line, StringConstraints(max_length=100)]
_EXAMPLE: dict[str, Any] = {
    "application_id": "0193a5b0-7c7e-7000-8000-3f1f6c1e9a01",
    "title": "First talk",
    "description": "An hour about your projects.",
    "starts_at": "2027-03-02T14:00:00",
    "ends_at": "2027-03-02T15:00:00",
    "timezone": "Europe/Paris",
    "attendees": ["lena@example.com"],
    "location": "12 rue de la République, Lyon",
    "meeting_url": None,
}


class InterviewIn(In):
    """An interview for an application; `attendees` come along on the employer's side."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    application_id: UUID
    title: Line
    description: Prose = ""
    starts_at: When
    ends_at: When
    timezone: Zone = Field(description="A name of IANA's list, or the one that Windows has")
    attendees: Attendees = Field(default_factory=list)
    location: OptionalLine = ""
    meeting_url: MeetingUrl | None = None


class InterviewPatch(In):
    """Another time, or other words; what is left out stays. Null takes meeting_url away."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"starts_at": "2027-03-03T09:00:00", "ends_at": "2027-03-03T10:00:00"}]
        }
    )

    title: Line | None = None
    description: Prose | None = None
    starts_at: When | None = None
    ends_at: When | None = None
    timezone: Zone | None = None
    attendees: Attendees | None = None
    location: OptionalLine | None = None
    meeting_url: MeetingUrl | None = None


class CancelIn(In):
    """Why an interview is called off; the people in it are told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The post is filled."}]})

    reason: Note | None = None


class ResponseIn(In):
    """The applicant's answer to an invitation."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"response": "declined", "note": "Could it be Friday?"}]}
    )

    response: Response
    note: Note = ""


class LinkIn(In):
    """The token from the fragment of a mailed link."""

    token: Annotated[str, StringConstraints(max_length=200)]


class LinkResponseIn(LinkIn, ResponseIn):
    """The applicant's answer, by the link of a mail."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ1f…", "response": "confirmed"}]}
    )


class Warning(Out):  # noqa: A001 - what the field is called outside.
    """Something to look at; nothing was refused because of it."""

    code: Literal["interviews.overlap"]
    message: str
    interview_id: UUID


class InvitationOut(Out):
    """An interview as a mailed link shows it, before anybody has signed in."""

    title: str
    description: str
    job_title: str
    company: str
    interviewer_name: str | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    location: str
    meeting_url: str | None
    status: Status
    cancel_reason: str | None
    response: Literal["pending", "confirmed", "declined"]
    response_note: str | None


class OwnInterviewOut(InvitationOut):
    """An interview as its applicant sees it. `sequence` grows with every change that people are
    told of."""

    id: UUID
    application_id: UUID
    job_id: UUID
    candidate_id: UUID
    candidate_name: str
    cancelled_at: datetime | None
    responded_at: datetime | None
    sequence: int
    created_at: datetime
    updated_at: datetime


class InterviewOut(OwnInterviewOut):
    """An interview as the employer sees it."""

    candidate_email: str
    interviewer_id: UUID | None
    attendees: list[str]
    calendar_provider: Literal["google_calendar", "outlook_calendar"] | None


class WholeInterviewOut(InterviewOut):
    """The same alone, with what to look at."""

    warnings: list[Warning]
