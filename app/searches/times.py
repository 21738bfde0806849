"""When an alert is due. Pure."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HOUR: Final = time(8, 0)
_MONDAY: Final = 0


def next_alert(frequency: str, timezone: str | None, after: datetime) -> datetime | None:
    """The first eight o'clock in the morning after a moment: any day's, or a Monday's for `weekly`.

    As the clocks show it in `timezone`, UTC without one. None for what is not due at a time.
    """
    if frequency not in ("daily", "weekly"):
        return None
    zone = _zone(timezone)
    day = after.astimezone(zone).date()
    while True:
        # Clocks that are put forward over it show the hour an offset later; it is never lost.
        moment = datetime.combine(day, HOUR, zone).astimezone(UTC)
        if moment > after and (frequency == "daily" or day.weekday() == _MONDAY):
            return moment
        day += timedelta(days=1)


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        # The zones of the machine are older than the one on which the person chose theirs.
        return ZoneInfo("UTC")
