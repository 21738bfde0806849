"""What the page about integrations shows, beyond what the API says."""

from dataclasses import dataclass
from typing import Final

from app.console.language import Speech
from app.core.settings import Settings
from app.integrations.engine.providers import PROVIDERS, Provider
from app.integrations.names import TITLES
from app.integrations.service.lately import Deed
from app.integrations.service.status import Standing

_PREFIXES: Final = {
    "linkedin": "LINKEDIN",
    "google_calendar": "GOOGLE",
    "outlook_calendar": "MICROSOFT",
}
# What can be said in words of each; whatever else a provider answers is shown as its own word.
TONES: Final = {
    "sending": "run",
    "published": "good",
    "failed": "bad",
    "due": "run",
    "kept": "good",
    "removed": "off",
    "stuck": "bad",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One provider on the page. `missing` are settings that an operator has yet to set."""

    name: str
    word: str
    title: str
    standing: Standing
    missing: tuple[str, ...]
    deeds: list[Deed]
    said: str = ""
    is_bad: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """(name, tone) of how the connection stands."""
        one = self.standing
        if not one.is_configured:
            return "not_set_up", "off"
        if not one.is_known:
            return "unknown", "warn"
        if one.needs_reconnect:
            return "needs_reconnect", "bad"
        if one.is_connected:
            return ("part", "warn") if one.missing_scopes else ("connected", "good")
        return "not_connected", "wait"


def missing_settings(settings: Settings, provider: Provider) -> tuple[str, ...]:
    """The variables without which nobody can connect, by name."""
    application = provider.application(settings)
    values = {
        "CLIENT_ID": application.client_id,
        "CLIENT_SECRET": application.client_secret.get_secret_value(),
        "REDIRECT_URI": application.redirect_uri,
    }
    prefix = _PREFIXES[provider.name]
    return tuple(f"{prefix}_{name}" for name, value in values.items() if not value)


def card(settings: Settings, standing: Standing, deeds: list[Deed], said: tuple[str, bool]) -> Card:
    """A provider's card; `said` is what to tell of what was just done, and whether it is bad."""
    provider = next(one for name, one in PROVIDERS.items() if name == standing.provider)
    return Card(
        provider.name,
        provider.word,
        TITLES[provider.name],
        standing,
        missing_settings(settings, provider),
        deeds,
        *said,
    )


def in_words(speech: Speech, code: str) -> str:
    """A code of ours or of a provider's, as people say it."""
    otherwise = speech.say("integrations.other", code=code)
    return speech.known(f"integration_error.{code}", otherwise)
