"""Whose résumé it is: the line at the top that looks like a name and fits the e-mail address."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from app.resumes.headings import heading_of
from app.resumes.understanding.passages import Line, Passage
from app.resumes.understanding.places import is_place
from app.resumes.understanding.vocabulary import names_company, names_school, title_score
from app.skills.surface import plain

_PARTICLES: Final = frozenset(
    [
        "de",
        "da",
        "del",
        "della",
        "di",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "ibn",
        "al",
        "el",
        "ben",
        "dos",
        "du",
        "des",
        "y",
        "e",
        "ter",
        "st",
    ]
)
_CELL: Final = re.compile(r"\s*(?:\t|\s[|•·]\s|\s[-–—]\s|[|•·])\s*")
_LABEL: Final = re.compile(
    r"^(?:(?:full )?name|nom(?: complet)?|nom et pr[ée]nom|pr[ée]nom et nom|curriculum vitae(?: of| de)?|cv(?: of| de)?|r[ée]sum[ée](?: of)?)\s*[:\-–—]?\s+",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"\s*,?\s*\(?(?<!\w)(?:ph\.?\s?d\.?|m\.?d\.?|mba|m\.?sc\.?|b\.?sc\.?|rn|bsn|msn|cpa|pmp|pe|esq\.?|jd|dds|acca|cfa|he/him|she/her|they/them|phr|shrm-cp|lcsw|cissp)\b.*$",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"^(?:mr|mrs|ms|miss|dr|prof|m|mme|mlle|madame|monsieur)\b\.?\s+(?=\S)", re.IGNORECASE
)
_WORD: Final = re.compile(r"(?:[^\W\d_]\.|[^\W\d_]+(?:['’-][^\W\d_]+)*\.?)")
_NOT_NAMES: Final = frozenset(
    [
        "resume",
        "cv",
        "curriculum",
        "vitae",
        "profile",
        "page",
        "email",
        "phone",
        "address",
        "summary",
        "objective",
        "portfolio",
        "linkedin",
        "github",
        "contact",
        "confidential",
        "sample",
        "template",
        "functional",
        "chronological",
        "updated",
        "last",
        "present",
        "date",
        "street",
        "avenue",
        "road",
        "rue",
        "permis",
        "ans",
        "years",
        "marie",
        "citizen",
        "available",
        "references",
        "confidentiel",
        "homepage",
        "website",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
) - {"marie"}
_FIRST_LINES: Final = 25
_HALF: Final = re.compile(
    r"(?:first name|given names?|pr[ée]noms?)\s*:\s*(?P<first>[^\W\d][\w '’.-]{1,30})"
    r"|(?:last name|family name|surname|nom(?: de famille)?)\s*:\s*(?P<last>[^\W\d][\w '’.-]{1,30})",
    re.IGNORECASE,
)
_HEADLINE: Final = re.compile(r" (?:at|chez|@|\|) ")
_GOOD: Final = 4


def find_name(passages: Sequence[Passage], email: str | None) -> str | None:
    """The name as written, two lines or labelled halves of one joined by a space; or None."""
    labelled = _labelled(passages)
    if labelled is not None:
        return labelled
    best: tuple[float, str] | None = None
    for place, text, opening in _candidates(passages):
        name = _name_in(text)
        if name is None:
            continue
        fit = _fit(name, email)
        if not (fit or opening):
            continue
        score = 3.0 * fit - 0.15 * place + (_GOOD if opening else 0) + _shape(name)
        if score > (0.5 if best is None else best[0]) and (fit or " " in name):
            best = score, name
    return None if best is None else best[1]


def _labelled(passages: Sequence[Passage]) -> str | None:
    """First and last name where each has a line and a label of its own, in the usual order."""
    found: dict[str, str] = {}
    for passage in passages[:3]:
        for line in passage.lines[:_FIRST_LINES]:
            match = _HALF.fullmatch(line.text)
            if match is not None and match.lastgroup is not None:
                found.setdefault(match.lastgroup, match[match.lastgroup].strip())
    return f"{found['first']} {found['last']}" if len(found) == 2 else None


def _above_titles(passage: Passage) -> set[int]:
    """Lines right above one with a title and an employer: the name below a sidebar read first."""
    if passage.section not in {"languages", "skills", "certifications", "awards"}:
        return set()
    return {
        at
        for at, (line, below) in enumerate(pairwise(passage.lines))
        if not line.bullet and _HEADLINE.search(below.text) and title_score(below.text) >= 2
    }


def _candidates(passages: Sequence[Passage]) -> Iterator[tuple[int, str, bool]]:
    """How far down, the text, and whether it stands where names do."""
    place = 0
    for passage in passages:
        before: Line | None = None
        opening = passage.section in {None, "contact", "summary"}
        above_titles = _above_titles(passage)
        for number, line in enumerate(passage.lines):
            for cell in _CELL.split(line.text):
                yield place, cell, opening or number in above_titles
            if before is not None and " " not in before.text and " " not in line.text:
                yield place, f"{before.text} {line.text}", opening
            before = line
            place += 1
        if place > _FIRST_LINES * 8:
            return


def _name_in(text: str) -> str | None:
    """The text without label, titles and letters after it, if what is left is like a name."""
    body = _AFTER.sub("", _BEFORE.sub("", _LABEL.sub("", text.strip()))).strip(" ,;:|")
    if not 3 <= len(body) <= 50 or any(mark in body for mark in "@/\\:;!?()[]&+0123456789"):
        return None
    words = [word.strip('"“”«»') for word in body.replace(",", " ").split()]
    if not 1 <= len(words) <= 6 or body.count(",") > 1:
        return None
    if not all(_WORD.fullmatch(word) for word in words):
        return None
    if any(not word[0].isupper() and plain(word) not in _PARTICLES for word in words):
        return None
    return None if _is_something_else(body, words) else body


def _is_something_else(body: str, words: Sequence[str]) -> bool:
    keys = {plain(word).strip(".") for word in words}
    if keys & _NOT_NAMES or heading_of(body) is not None:
        return True
    return title_score(body) >= 2 or is_place(body) or names_company(body) or names_school(body)


def _fit(name: str, email: str | None) -> float:
    """How much of the name the e-mail address spells, from 0 to 2."""
    if email is None:
        return 0.0
    local = re.sub(r"[^a-z]", "", plain(email.partition("@")[0]))
    words = [re.sub(r"[^a-z]", "", plain(word)) for word in name.split()]
    words = [word for word in words if word and word not in _PARTICLES]
    if not local or not words:
        return 0.0
    long = [
        word
        for word in words
        if len(word) > 2 and (word in local or (len(local) > 4 and local in word))
    ]
    initials = sum(
        len(word) > 2 and local.startswith((word[0] + words[-1], words[0] + words[-1][0]))
        for word in words[:1]
    )
    return min(2.0, len(long) + 0.5 * initials)


def _shape(name: str) -> float:
    words = name.split()
    return (0.5 if 2 <= len(words) <= 3 else 0.0) + (
        0.3 if name.isupper() or name.istitle() else 0.0
    )
