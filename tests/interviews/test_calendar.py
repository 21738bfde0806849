"""An interview as calendars read it: zones, folding, escaping, versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from icalendar import Calendar, Event

from app.interviews.calendar import Happening, Person, calendar_of
from app.interviews.wording import span

START = datetime(2027, 7, 1, 7, tzinfo=UTC)


def a_happening(**changes: Any) -> Happening:
    values: dict[str, Any] = {
        "uid": "0193a5b0-7c7e-7000-8000-3f1f6c1e9a01",
        "sequence": 0,
        "changed_at": datetime(2027, 6, 1, 12, 30, 5, 999, tzinfo=UTC),
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        "zone": "Europe/Paris",
        "title": "Entretien; à deux, chez nous",
        "description": "Première ligne\nSeconde\\ligne",
        "location": "12, rue Élodie",
        "url": "https://meet.example/abc",
        "is_cancelled": False,
        "organizer": Person('Zoë "Z" d’Arc, Lyon', "zoe@example.com"),
        "attendees": (Person("Max: Müller", "max@example.com", "confirmed"),),
    }
    return Happening(**(values | changes))


def event_of(content: bytes) -> tuple[Calendar, Event]:
    calendar = Calendar.from_ical(content)
    return calendar, calendar.events[0]


def times_of(event: Event) -> tuple[datetime, datetime]:
    assert isinstance(event.start, datetime)
    assert isinstance(event.end, datetime)
    return event.start, event.end


def test_what_stands_in_it() -> None:
    content = calendar_of(a_happening())
    assert content == calendar_of(a_happening())
    lines = content.split(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    whole = content.replace(b"\r\n ", b"").decode()
    for line in (
        "METHOD:REQUEST",
        "UID:0193a5b0-7c7e-7000-8000-3f1f6c1e9a01",
        "SEQUENCE:0",
        "DTSTAMP:20270601T123005Z",
        "DTSTART;TZID=Europe/Paris:20270701T090000",
        "DTEND;TZID=Europe/Paris:20270701T100000",
        "SUMMARY:Entretien\\; à deux\\, chez nous",
        "DESCRIPTION:Première ligne\\nSeconde\\\\ligne\\n\\nhttps://meet.example/abc",
        "LOCATION:12\\, rue Élodie",
        "STATUS:CONFIRMED",
        "TZID:Europe/Paris",
    ):
        assert f"\r\n{line}\r\n" in whole, line
    calendar, event = event_of(content)
    assert calendar["method"] == "REQUEST"
    assert event["organizer"] == "mailto:zoe@example.com"
    assert event["organizer"].params["cn"] == "Zoë 'Z' d’Arc, Lyon"
    guest = event["attendee"]
    assert (guest, guest.params["cn"]) == ("mailto:max@example.com", "Max: Müller")
    assert (guest.params["partstat"], guest.params["rsvp"]) == ("ACCEPTED", "TRUE")


def test_a_cancelled_one() -> None:
    calendar, event = event_of(calendar_of(a_happening(is_cancelled=True, sequence=3)))
    assert (calendar["method"], event["status"], event["sequence"]) == ("CANCEL", "CANCELLED", 3)


@pytest.mark.parametrize(
    ("zone", "month", "wall"),
    [
        ("Europe/Paris", 1, "080000"),
        ("Europe/Paris", 7, "090000"),
        ("America/New_York", 1, "020000"),
        ("America/New_York", 7, "030000"),
        ("Asia/Kolkata", 7, "123000"),
        ("Australia/Sydney", 1, "180000"),
    ],
)
def test_both_halves_of_the_year(zone: str, month: int, wall: str) -> None:
    starts_at = datetime(2027, month, 15, 7, tzinfo=UTC)
    content = calendar_of(
        a_happening(zone=zone, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    )
    assert f"DTSTART;TZID={zone}:202{7}{month:02}15T{wall}".encode() in content
    calendar, event = event_of(content)
    start, _ = times_of(event)
    assert start.astimezone(UTC) == starts_at
    # The rules that go along say the same as the zone that readers have of their own.
    own = calendar.timezones[0].to_tz(lookup_tzid=False)
    assert start.replace(tzinfo=own).astimezone(UTC) == starts_at


def test_over_the_night_when_the_clocks_change() -> None:
    starts_at = datetime(2027, 10, 30, 22, tzinfo=UTC)
    night = a_happening(starts_at=starts_at, ends_at=starts_at + timedelta(hours=6))
    _, event = event_of(calendar_of(night))
    start, end = times_of(event)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=6)
    assert span(night.starts_at, night.ends_at, night.zone, "fr") == (
        "dimanche 31 octobre 2027, 00:00–05:00 (Europe/Paris, UTC+02:00)"
    )


def test_without_a_zone() -> None:
    assert b"DTSTART:20270701T070000Z" in calendar_of(a_happening(zone="UTC"))


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=200
)


@drawn(max_examples=50)
@given(title=TEXTS.filter(str.strip), name=TEXTS, place=TEXTS)
def test_any_text_comes_back(title: str, name: str, place: str) -> None:
    title, name, place = (" ".join(text.split()) for text in (title, name, place))
    organizer = Person(name, "zoe@example.com")
    content = calendar_of(a_happening(title=title, location=place, organizer=organizer))
    assert max(map(len, content.split(b"\r\n"))) <= 75
    content.decode()
    _, event = event_of(content)
    assert event["summary"] == title
    assert event.get("location", "") == (place or "https://meet.example/abc")


def test_times_in_words() -> None:
    starts_at = datetime(2026, 11, 24, 13, tzinfo=UTC)
    ends_at = starts_at + timedelta(hours=1)
    assert span(starts_at, ends_at, "Europe/Paris", "en") == (
        "Tuesday 24 November 2026, 14:00–15:00 (Europe/Paris, UTC+01:00)"
    )
    assert span(starts_at, starts_at + timedelta(hours=12), "America/St_Johns", "fr") == (
        "mardi 24 novembre 2026, 09:30–21:30 (America/St_Johns, UTC-03:30)"
    )
    assert span(starts_at, starts_at + timedelta(hours=13), "Asia/Tokyo", "en") == (
        "Tuesday 24 November 2026, 22:00 – Wednesday 25 November 2026, 11:00"
        " (Asia/Tokyo, UTC+09:00)"
    )
    first = datetime(2027, 3, 1, 12, tzinfo=UTC)
    assert span(first, first + timedelta(hours=1), "UTC", "fr").startswith("lundi 1er mars 2027")
