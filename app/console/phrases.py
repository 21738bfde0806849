"""What the scoring engine says in English, in the reader's language: sentence by sentence.

The engine's sentences are stored with the analyses and go out by the API as they are; a page that
speaks French must not show them in English. `words/phrases.<language>.toml` holds a pattern for each.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.mail.languages import Language

_PLACE: Final = re.compile(r"\{(\w+)\}")
# What stands in a place is known by the first part of its name; all else may be any words.
_KINDS: Final = {
    "time": r"\d+ (?:year|month)s?(?: and \d+ months?)?",
    "number": r"[\d.]+",
    "asks": r"[a-z ]+",
    "degree": r"[a-z' -]+",
}
_WORDS: Final = ("time", "asks", "degree")
_SENTENCES: Final = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")


class Phrases:
    """The sentences of one language: patterns over the English, and words inside of them."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._words: Mapping[str, str] = table["words"]
        self._patterns: list[tuple[re.Pattern[str], str]] = [
            (_pattern(one["en"]), one["said"]) for one in table["phrase"]
        ]

    def translate(self, text: str) -> str:
        """The text, or what of it is known by its sentences; what is unknown stays."""
        whole = self._sentence(text)
        if whole is not None:
            return whole
        return " ".join(self._sentence(one) or one for one in _SENTENCES.split(text))

    def _sentence(self, text: str) -> str | None:
        for pattern, said in self._patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                words = found.groupdict().items()
                return said.format(**{name: self._word(name, value) for name, value in words})
        return None

    def _word(self, name: str, value: str) -> str:
        """Names of skills stay as they are; lengths of time and degrees are words."""
        if name.startswith("number"):
            # English decimals have a point; languages with a table of their own here a comma.
            return value.replace(".", ",")
        if not name.startswith(_WORDS):
            return value
        known = self._words.get(value)
        if known is not None:
            return known
        words = (self._words.get(word, word) for word in value.split(" "))
        return " ".join(words)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _PLACE.split(english)
    return re.compile(
        "".join(_group(part) if at % 2 else re.escape(part) for at, part in enumerate(parts))
    )


def _group(name: str) -> str:
    kind = name.partition("_")[0]
    return f"(?P<{name}>{_KINDS.get(kind, '.+?')})"


def _read() -> dict[Language, Phrases]:
    text = (Path(__file__).parent / "words" / "phrases.fr.toml").read_text(encoding="utf-8")
    return {"fr": Phrases(tomllib.loads(text))}


_PHRASES: Final = _read()


def translated(language: Language, text: str) -> str:
    """The engine's text in that language; English stays as it is."""
    phrases = _PHRASES.get(language)
    return text if phrases is None else phrases.translate(text)
