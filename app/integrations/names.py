"""The providers' names in data."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

Name = Literal["linkedin", "google_calendar", "outlook_calendar"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)
TITLES: Final[Mapping[Name, str]] = {
    "linkedin": "LinkedIn",
    "google_calendar": "Google Calendar",
    "outlook_calendar": "Outlook Calendar",
}
"""As people call them."""
