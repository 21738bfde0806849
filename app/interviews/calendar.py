"""An interview as an iCalendar object (RFC 5545, 5546). Values in, text out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

Method = Literal["REQUEST", "CANCEL"]
_PARTICIPATION: Final = {
    "pending": "NEEDS-ACTION",
    "confirmed": "ACCEPTED",
    "declined": "DECLINED",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox; `response` is what they have said to the invitation."""

    name: str
    email: str
    response: str = "pending"


@dataclass(frozen=True, slots=True)
class Happening:
    """What a calendar is to know of an interview; `uid` and `sequence` tell versions of one apart."""

    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    zone: str
    title: str
    description: str
    location: str
    url: str
    is_cancelled: bool
    organizer: Person
    attendees: tuple[Person, ...]


def calendar_of(happening: Happening) -> bytes:
    """The object: an invitation (METHOD REQUEST), or the news that it is off (CANCEL).

    The same happening gives the same bytes. Lines end in CRLF and are folded at 75 octets.
    """
    method: Method = "CANCEL" if happening.is_cancelled else "REQUEST"
    calendar = Calendar()
    calendar.add("prodid", "-//Intake//Interviews//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if happening.zone != "UTC":
        calendar.add_component(_zone(happening.zone, happening.starts_at.year))
    calendar.add_component(_event(happening))
    return bytes(calendar.to_ical())


def _event(happening: Happening) -> Event:
    event = Event()
    event.add("uid", happening.uid)
    event.add("dtstamp", happening.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("sequence", happening.sequence)
    zone = UTC if happening.zone == "UTC" else ZoneInfo(happening.zone)
    event.add("dtstart", happening.starts_at.astimezone(zone))
    event.add("dtend", happening.ends_at.astimezone(zone))
    event.add("summary", happening.title)
    about = "\n\n".join(filter(None, (happening.description, happening.url)))
    if about:
        event.add("description", about)
    place = happening.location or happening.url
    if place:
        event.add("location", place)
    if happening.url:
        event.add("url", happening.url)
    event.add("status", "CANCELLED" if happening.is_cancelled else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("organizer", _address(happening.organizer))
    for person in happening.attendees:
        event.add("attendee", _guest(person))
    return event


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email}")
    if person.name:
        # A parameter's value holds no double quote (RFC 5545, 3.2).
        address.params["CN"] = vText(person.name.replace('"', "'"))
    return address


def _guest(person: Person) -> vCalAddress:
    address = _address(person)
    address.params["ROLE"] = vText("REQ-PARTICIPANT")
    address.params["PARTSTAT"] = vText(_PARTICIPATION[person.response])
    address.params["RSVP"] = vText("TRUE")
    return address


@lru_cache(maxsize=256)
def _zone(name: str, year: int) -> Timezone:
    """The zone's rules around a year; for some zones it takes 12 ms to find them."""
    return Timezone.from_tzid(
        name, first_date=date(year - 1, 12, 1), last_date=date(year + 1, 2, 1) + timedelta(days=1)
    )
