"""What people are told about: the one table of it, and its rules.

A kind is `room.event`. Its parameters are ids, codes, moments and what is public anyway (a job's
title); names of people are looked up when a text is made, from the ids in `PEOPLE`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

Choice = Literal["off", "in_app", "email"]
"""Not told at all; told in the application; told there and by e-mail."""
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)
# Whose name a text shows, by the parameter that holds their id and the name of the placeholder.
PEOPLE: Final[Mapping[str, str]] = {"candidate_id": "candidate_name"}
PARAMETERS: Final = frozenset(
    {
        *PEOPLE,
        *("application_id", "interview_id", "job_id", "search_id"),
        *("job_title", "company", "language", "status", "provider", "count"),
        *("starts_at", "ends_at", "timezone", "sequence", "at"),
    }
)
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: what happens unless the person says otherwise, and who mails it.

    `mail` is `letter` (one mail each, to an applicant, in the organization's own words if it has
    some), `digest` (one mail for all that gathered within `pause`), `own` (the room that tells
    sends a mail of its own, and asks `service.wants_mail` first) or `none`. What is
    `for_members` is the organization's business, and seen by its members only.
    """

    name: str
    mail: Literal["letter", "digest", "own", "none"]
    usual: Choice = "email"
    for_members: bool = False
    pause: timedelta = timedelta(0)


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("application.received", "digest", for_members=True, pause=timedelta(hours=1)),
        Kind("application.moved", "letter"),
        Kind("interview.scheduled", "own"),
        Kind("interview.moved", "own"),
        Kind("interview.cancelled", "own"),
        Kind("interview.reminder", "own"),
        Kind("integration.needs_reconnect", "digest"),
        Kind("saved_search.alert", "own"),
    )
}
FOR_MEMBERS: Final = tuple(name for name, kind in KINDS.items() if kind.for_members)
LETTERS: Final = tuple(
    f"application.moved.{status}"
    for status in ("shortlisted", "interview", "offer", "accepted", "rejected")
)
"""What applicants are mailed about: a mail for each time that somebody opens an application
(`viewed`) would be noise."""


def is_mailed(kind: str, params: Mapping[str, str]) -> bool:
    """Whether this room mails such an event to those who want mails of its kind."""
    mail = KINDS[kind].mail
    return mail == "digest" or (mail == "letter" and letter_of(kind, params) in LETTERS)


def letter_of(kind: str, params: Mapping[str, str]) -> str:
    """Which letter tells of such an event."""
    return f"{kind}.{params.get('status')}"


def require_plain(kind: str, params: Mapping[str, str]) -> None:
    """Refuse what may not be stored.

    Raises:
        ValueError: the kind or a parameter is not in the table, or a value is too long.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is not in app/notifications/kinds.py")
    for name, value in params.items():
        if name not in PARAMETERS:
            raise ValueError(f"{name} is no parameter of a notification")
        if len(value) > _LONGEST:
            raise ValueError(f"{name} is longer than {_LONGEST} characters")
