"""The console's words in English and French, and numbers as each writes them."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

from app.mail.languages import LANGUAGES, Language, negotiate

COOKIE: Final = "intake_language"
_WORDS = Path(__file__).parent / "words"
# French groups digits with a narrow space that does not break, and has a comma before decimals.
_MARKS: Final[Mapping[Language, str]] = {"en": ",.", "fr": "\u202f,"}
# As CLDR abbreviates them.
_MONTHS: Final[Mapping[Language, Sequence[str]]] = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "fr": [
        "janv.",
        "févr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sept.",
        "oct.",
        "nov.",
        "déc.",
    ],
}


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = str(value)
    return found


def read_words(language: Language) -> dict[str, str]:
    """All texts of a language by their dotted names; a file holds the words of one area."""
    found: dict[str, str] = {}
    for area in sorted((_WORDS / language).glob("*.toml")):
        found |= _flat(tomllib.loads(area.read_text(encoding="utf-8")))
    return found


WORDS: Final[Mapping[Language, Mapping[str, str]]] = {one: read_words(one) for one in LANGUAGES}


class Speech:
    """How the console speaks to one person."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = WORDS[language]

    def say(self, name: str, /, **values: Any) -> str:
        """The text of that name with its places filled; `name.one` where `count` is one.

        Raises:
            KeyError: there is no such text: a fault of the code, found by a test.
        """
        if values.get("count") == 1 and f"{name}.one" in self._words:
            name = f"{name}.one"
        elif name not in self._words and f"{name}.other" in self._words:
            name = f"{name}.other"
        text = self._words[name]
        shown = {key: self.number(value) for key, value in values.items()}
        return text.format(**shown) if values else text

    def known(self, name: str, otherwise: str) -> str:
        """The text of that name, or words that came from elsewhere in English."""
        return self._words.get(name, otherwise)

    def number(self, value: Any, digits: int | None = None) -> str:
        """A number or a day as the language writes it; anything else as it stands."""
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if digits is None:
            digits = 0 if isinstance(value, int) else 1
        return f"{value:,.{digits}f}".translate(str.maketrans(",.", _MARKS[self.language]))

    def day(self, day: date) -> str:
        """A day with its month by name, so that nobody takes the one for the other."""
        return f"{day.day}\u00a0{_MONTHS[self.language][day.month - 1]}\u00a0{day.year}"

    def duration(self, seconds: float | None) -> str:
        """A length of time in its two largest units; a dash for none."""
        if seconds is None:
            return "–"
        whole = round(seconds)
        if whole < 1:
            return self.say("time.moment")
        if whole < 60:
            return self.say("time.seconds", n=whole)
        if whole < 3600:
            return self.say("time.minutes", n=whole // 60, m=whole % 60)
        if whole < 172_800:
            return self.say("time.hours", n=whole // 3600, m=whole % 3600 // 60)
        return self.say("time.days", n=whole // 86_400)


def speech_for(request: Request) -> Speech:
    """In the language that the person chose, else their browser's."""
    chosen = request.cookies.get(COOKIE)
    for language in LANGUAGES:
        if chosen == language:
            return Speech(language)
    return Speech(negotiate(request.headers.get("accept-language")))
