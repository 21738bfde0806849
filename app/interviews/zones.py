"""Time zones by the names that calendars give them, and times of the wall clock in them."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from app.interviews.errors import TimeSkipped, TimezoneUnknown

# Names in whatever case; a folder of the zone files, as in "Europe", is no zone.
_KNOWN: Final = {name.casefold(): name for name in sorted(available_timezones())}
_OF_WINDOWS: Final = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


def zone_name(name: str) -> str:
    """The IANA name of a zone: "Europe/Paris" for itself and for "Romance Standard Time".

    Raises:
        TimezoneUnknown: neither IANA nor Windows has such a zone.
    """
    wanted = name.strip().casefold()
    found = _KNOWN.get(wanted) or _OF_WINDOWS.get(wanted)
    if found is None:
        raise TimezoneUnknown
    return found


def moment_in(zone: str, at: datetime) -> datetime:
    """The point in time, in UTC; without an offset `at` is what the clocks in `zone` show.

    Of a time that they show twice, in autumn, the first is meant (RFC 5545, 3.3.5).

    Raises:
        TimeSkipped: the clocks there never show it, for they go forward over it.
    """
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    there = at.replace(tzinfo=ZoneInfo(zone), fold=0)
    moment = there.astimezone(UTC)
    if moment.astimezone(there.tzinfo).replace(tzinfo=None) != at:
        raise TimeSkipped
    return moment
