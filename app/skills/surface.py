"""Words of a text with their places, and the form in which names of skills are compared."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

# A word may begin with a point (.NET), hold points and apostrophes (Node.js), end in + or # (C++).
_WORD: Final = re.compile(r"\.?[^\W_]+(?:[.'’_]+[^\W_]+)*(?:\+{1,2}|#)?", re.UNICODE)
_PLURAL: Final = re.compile(r"(?<=[a-z]{3})(?<![sui])s$")


@dataclass(slots=True, frozen=True)
class Token:
    """A word, where it stands, and how it compares."""

    text: str
    start: int
    end: int
    key: str


def plain(text: str) -> str:
    """Lower case without accents, single spaces, typographic apostrophes straight."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(x for x in decomposed if not unicodedata.combining(x)).split())


def tokens_of(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The words of text[start:end]; offsets count from the beginning of the text."""
    stop = len(text) if end is None else end
    return [
        Token(match.group(), match.start(), match.end(), plain(match.group()))
        for match in _WORD.finditer(text, start, stop)
    ]


def key_of(name: str) -> str:
    """How a name compares: its words in lower case without accents, whatever stands between."""
    return " ".join(token.key for token in tokens_of(name))


def singular(key: str) -> str:
    """The key with the plural's s taken off its last word, where that leaves a word."""
    return _PLURAL.sub("", key)
