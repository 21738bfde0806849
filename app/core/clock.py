"""The one clock of the process; what the database decides uses the database's own clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the function that the ban points to.
