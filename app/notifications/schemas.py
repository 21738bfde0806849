"""What comes in and goes out about notifications."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.core.schema import In, Line, Out, Prose, visible
from app.mail.languages import Language
from app.notifications.kinds import Choice


class NotificationOut(Out):
    """One event. `title` is in the reader's language; `params` say what it is about, with the names
    of people as they are now.
    """

    id: UUID
    kind: str
    title: str
    subject_type: str
    subject_id: UUID
    organization_id: UUID | None
    params: dict[str, str]
    is_read: bool
    read_at: datetime | None
    created_at: datetime


class UnreadCount(Out):
    """How many notifications nobody has read."""

    unread_count: int


class ReadCount(Out):
    """How many notifications were marked as read just now."""

    marked: int


class PreferencesIn(In):
    """How you want to be told, as a whole. A kind that is left out is told as usual; without a
    language, lists are in the browser's and mails in that of what they are about.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "language": "fr",
                    "timezone": "Europe/Paris",
                    "choices": {"application.received": "in_app"},
                }
            ]
        }
    )

    language: Language | None = None
    timezone: Line | None = Field(None, description="IANA name; null counts as UTC")
    choices: dict[str, Choice] = Field(default_factory=dict, max_length=50)


class PreferencesOut(Out):
    """How you are told: `off`, `in_app`, or `email` (by mail and in the application), for each kind."""

    language: Language | None
    timezone: str | None
    choices: dict[str, Choice]


class LetterIn(In):
    """The words of a mail to applicants: plain text, with placeholders in braces."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "News about {job_title}",
                    "body": "Hello {candidate_name},\n\nwe will call you this week.\n\n{company}",
                }
            ]
        }
    )

    subject: Annotated[Line, StringConstraints(max_length=150)]
    body: Annotated[Prose, StringConstraints(max_length=5000), AfterValidator(visible)]


class LetterOut(Out):
    """A mail to applicants. `is_own` says that the words are the organization's."""

    kind: str
    language: Language
    subject: str
    body: str
    placeholders: list[str]
    is_own: bool
    updated_at: datetime | None


class LetterList(Out):
    """Every mail whose words can be changed, in each language."""

    results: list[LetterOut]


class PreviewOut(Out):
    """A mail as an applicant would get it, with sample values."""

    subject: str
    text: str
    html: str
