"""Of a résumé's text, the parts that may be compared: what the person did, not who they are.

Name, addresses, age, sex, family and photo stand above the first heading or under headings of their
own, and never enter. What is left is cleaned of the person's name and of addresses of any kind.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from app.resumes.headings import Section, plain
from app.resumes.understanding.passages import Line, Passage, passages_of
from app.resumes.understanding.values import Understanding
from app.resumes.understanding.vocabulary import is_place

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


def neutral_text(text: str, understood: Understanding) -> str:
    """The comparable lines of the text, one a line, without the person's name and addresses."""
    names = {word for word in plain(understood.contact.name or "").split() if len(word) > 1}
    kept = (_without(line.text, names) for line in _compared(passages_of(text)))
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


def _without(line: str, names: set[str]) -> str:
    bare = _ADDRESS.sub(" ", line)
    if not names:
        return bare.strip()
    return " ".join(word for word in bare.split() if not _parts(word) & names)


def _parts(word: str) -> set[str]:
    return set(re.split(r"[^\w'-]+", re.sub(r"(?:'s|’s)$", "", plain(word))))
