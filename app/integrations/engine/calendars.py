"""What a calendar can do, whoever keeps it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from app.integrations.engine.outgoing import Line

REMINDER_MINUTES = 30


@dataclass(frozen=True, slots=True)
class EventPlan:
    """An event as it is to be. Times are in UTC, `timezone` is an IANA name.

    `key` makes it one event however often it is sent: letters a to f and digits.
    """

    key: str
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    attendees: Sequence[str]
    location: str
    with_meeting: bool

    def local(self, moment: datetime) -> datetime:
        """A moment as the clocks in the event's zone show it, with their offset."""
        return moment.astimezone(ZoneInfo(self.timezone))


@dataclass(frozen=True, slots=True)
class MadeEvent:
    """An event that stands in a calendar; `meeting_url` may come later, or never."""

    id: str
    url: str
    meeting_url: str | None


@dataclass(frozen=True, slots=True)
class Busy:
    """A span in which somebody has something else to do."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """The way to one account: the line, the API's addresses, the access token."""

    line: Line
    address: Callable[[str], str]
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What every call carries."""
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}


class Calendar(Protocol):
    """One provider's calendar. Every call raises ProviderFault; a repeated one does nothing twice."""

    async def create(self, desk: Desk, plan: EventPlan) -> MadeEvent:
        """Put an event into the account's own calendar and invite the attendees."""
        ...

    async def update(self, desk: Desk, event_id: str, plan: EventPlan) -> MadeEvent:
        """Change an event and tell the attendees; GONE when it was deleted."""
        ...

    async def cancel(self, desk: Desk, event_id: str) -> None:
        """Take an event away and tell the attendees; one that is not there is no failure."""
        ...

    async def busy(self, desk: Desk, starts_at: datetime, ends_at: datetime) -> list[Busy]:
        """When the account has something else to do."""
        ...
