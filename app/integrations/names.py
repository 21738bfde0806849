"""The providers' names in data."""

from typing import Final, Literal, get_args

Name = Literal["linkedin", "google_calendar", "outlook_calendar"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)
