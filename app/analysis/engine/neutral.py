"""Of a résumé's text, the parts that may be compared: what the person did, not who they are.

Name, addresses, age, sex, family and photo stand above the first heading or under headings of their
own, and never enter. What is left is cleaned of the person's name and of addresses of any kind.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from app.analysis.engine.words import GENDERED, ungendered
from app.resumes.headings import Section
from app.resumes.understanding.passages import Line, Passage, passages_of
from app.resumes.understanding.places import is_place
from app.resumes.understanding.values import Understanding
from app.skills.surface import plain

_COMPARED: Final[frozenset[Section]] = frozenset(
    {
        "summary",
        "experience",
        "education",
        "skills",
        "projects",
        "activities",
        "certifications",
        "awards",
        "publications",
        "courses",
    }
)
_ADDRESS: Final = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|\b\S+\.(?:com|org|net|io|fr|dev)/\S*")
_PERSONAL: Final = re.compile(
    r"\b(?:age[ds]?|years old|\d+ ans$|born|nee?|naissance|birth|nationalit\w+|marital|married|single|civil status|etat civil|celibataire|mariee?|gender|sexe?|photo\w*|pronouns?"
    r"|permis|driving licen[cs]e|phone|tel|mobile|adresse|address|enfants?|children)\b",
)
_STREET: Final = re.compile(
    r"\b\d{1,5},? (?:\w+ ){0,4}(?:street|st|road|rd|avenue|ave|lane|drive|boulevard|bd|rue|place|chemin|allee|impasse|quai|square|way)\b|\b\d{5}\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b",
    re.IGNORECASE,
)
_MANY_DIGITS: Final = re.compile(r"(?:\d[\s().+-]*){9,}")
_PROSE_WORDS: Final = 8
_PARTS: Final = re.compile(r"[^\W_]+")


class Cleaner:
    """Takes out of a line what tells who wrote it: name, addresses, and every word of their sex."""

    def __init__(self, understood: Understanding) -> None:
        name = _PARTS.findall(plain(understood.contact.name or ""))
        self._names = frozenset(part for part in name if len(part) > 1)
        self._is_french = understood.language == "fr"

    def clean(self, line: str) -> str:
        """The line without it; French is folded, its feminine forms become masculine ones."""
        return " ".join(filter(None, map(self._word, _ADDRESS.sub(" ", line).split())))

    def _word(self, word: str) -> str:
        folded = plain(word)
        parts = _PARTS.findall(folded.removesuffix("'s"))
        if any(part in self._names or part in GENDERED for part in parts):
            return ""
        return _PARTS.sub(_in_one_gender, folded) if self._is_french else word


def _in_one_gender(part: re.Match[str]) -> str:
    return ungendered(part.group())


def neutral_text(text: str, understood: Understanding) -> str:
    """The comparable lines of the text, one a line, without what tells who wrote them."""
    cleaner = Cleaner(understood)
    kept = (cleaner.clean(line.text) for line in _compared(passages_of(text)))
    return "\n".join(line for line in kept if line)


def _compared(passages: Sequence[Passage]) -> Iterator[Line]:
    has_sections = any(passage.section in _COMPARED for passage in passages)
    for passage in passages:
        if passage.section in _COMPARED:
            yield from (line for line in passage.lines if not _is_personal(line.text))
        elif passage.section is None:
            yield from (line for line in passage.lines if _is_prose(line.text, has_sections))


def _is_prose(line: str, has_sections: bool) -> bool:
    """Above the first heading only sentences are about work; without headings, any plain line."""
    if _is_personal(line):
        return False
    lower = sum(word[0].islower() for word in line.split())
    return lower >= (_PROSE_WORDS if has_sections else 2)


def _is_personal(line: str) -> bool:
    folded = plain(line)
    return bool(
        _MANY_DIGITS.search(line)
        or _STREET.search(line)
        or is_place(line)
        or (len(line) < 80 and _PERSONAL.search(folded))
    )
