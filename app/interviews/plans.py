"""What an interview is to be, and whether that makes sense. Values in, values out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NotRequired, TypedDict

from app.core import clock
from app.interviews.errors import (
    InterviewEndBeforeStart,
    InterviewPast,
    InterviewTooFar,
    InterviewTooLong,
)
from app.interviews.zones import moment_in, zone_name

LONGEST: Final = timedelta(hours=24)
FURTHEST: Final = timedelta(days=731)
_LAST: Final = datetime(9998, 1, 1, tzinfo=UTC)
# How long before the beginning people are reminded, the earliest first.
REMINDERS: Final = (timedelta(hours=24), timedelta(hours=1))


class Plan(TypedDict):
    """What `schedule` is told. Times without an offset are the wall clock's in `timezone`.

    `attendees` are addresses of those who come along, the applicant and the interviewer left out or
    not. With `awaits_calendar` the mails wait a minute for `attach_calendar`.
    """

    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    attendees: Sequence[str]
    location: str
    meeting_url: str | None
    awaits_calendar: NotRequired[bool]


class Changes(TypedDict, total=False):
    """What `reschedule` is told: what is left out stays."""

    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    attendees: Sequence[str]
    location: str
    meeting_url: str | None


def settled(wish: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a plan: zone by its IANA name, times in UTC, addresses once each.

    Raises:
        TimezoneUnknown: there is no such zone.
        TimeSkipped: the clocks in the zone go forward over one of the times.
        InterviewPast: it would begin before now.
        InterviewTooFar: it would begin more than two years ahead.
        InterviewEndBeforeStart: it would end when it begins, or before.
        InterviewTooLong: it would last more than 24 hours.
    """
    zone = zone_name(wish["timezone"])
    starts_at = _moment(zone, wish["starts_at"])
    ends_at = _moment(zone, wish["ends_at"])
    now = clock.now()
    if starts_at <= now:
        raise InterviewPast
    if starts_at > now + FURTHEST:
        raise InterviewTooFar
    if ends_at <= starts_at:
        raise InterviewEndBeforeStart
    if ends_at - starts_at > LONGEST:
        raise InterviewTooLong
    attendees = list(dict.fromkeys(address.strip().lower() for address in wish["attendees"]))
    kept = {name: wish[name] for name in ("title", "description", "location", "meeting_url")}
    return {
        **kept,
        "timezone": zone,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "attendees": attendees,
    }


def merged(present: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """What an interview is to be after `changes`: another beginning alone keeps its length.

    Raises:
        TimezoneUnknown: there is no such zone.
        TimeSkipped: the clocks in the zone go forward over the beginning.
        InterviewTooFar: it would begin at the end of the calendar.
    """
    wish = {**present, **changes}
    if "starts_at" in changes and "ends_at" not in changes:
        starts_at = _moment(zone_name(wish["timezone"]), wish["starts_at"])
        length = present["ends_at"] - present["starts_at"]
        wish |= {"starts_at": starts_at, "ends_at": min(starts_at, _LAST) + length}
    return wish


def _moment(zone: str, at: datetime) -> datetime:
    try:
        # Calendars know no fractions of a second.
        return moment_in(zone, at.replace(microsecond=0))
    except OverflowError:
        # The first and the last day of the calendar have no equal in other zones.
        raise InterviewTooFar from None


def next_reminder(starts_at: datetime, now: datetime) -> datetime | None:
    """When to remind next of what begins then; None when no reminder lies ahead."""
    ahead = (starts_at - before for before in REMINDERS)
    return next((at for at in ahead if at > now), None)
