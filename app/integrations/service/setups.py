"""Which providers there are, how people call them, and what an operator has yet to set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.core.settings import Settings
from app.integrations.engine.providers import PROVIDERS, Provider
from app.integrations.names import TITLES, Name

_PREFIXES: Final[Mapping[Name, str]] = {
    "linkedin": "LINKEDIN",
    "google_calendar": "GOOGLE",
    "outlook_calendar": "MICROSOFT",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """A provider; `word` is how paths call it, `missing` are the settings that nobody has set."""

    name: Name
    word: str
    title: str
    missing: tuple[str, ...]


def setups(settings: Settings) -> list[Setup]:
    """Every provider, set up or not."""
    return [
        Setup(name, provider.word, TITLES[name], _missing(settings, provider))
        for name, provider in PROVIDERS.items()
    ]


def _missing(settings: Settings, provider: Provider) -> tuple[str, ...]:
    application = provider.application(settings)
    values = {
        "CLIENT_ID": application.client_id,
        "CLIENT_SECRET": application.client_secret.get_secret_value(),
        "REDIRECT_URI": application.redirect_uri,
    }
    prefix = _PREFIXES[provider.name]
    return tuple(f"{prefix}_{name}" for name, value in values.items() if not value)
