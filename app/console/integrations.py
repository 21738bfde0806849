"""What the page about integrations shows, beyond what the API says."""

from dataclasses import dataclass
from typing import Final

from app.console.language import Speech
from app.integrations.service.lately import Deed
from app.integrations.service.setups import Setup
from app.integrations.service.status import Standing

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
    """One provider on the page; `said` is what to tell of what was just done."""

    setup: Setup
    standing: Standing
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


def in_words(speech: Speech, code: str) -> str:
    """A code of ours or of a provider's, as people say it."""
    otherwise = speech.say("integrations.other", code=code)
    return speech.known(f"integration_error.{code}", otherwise)
