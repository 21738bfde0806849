"""A text as lines with offsets, and the sections that its headings part it into."""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from app.resumes.headings import Section, heading_of
from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.vocabulary import title_score

_LINE: Final = re.compile(r"[^\n]+")
_BULLET: Final = re.compile(
    r"^(?:[•●▪■◦○‣►▶➢➤✓✔❖◆♦*·∙–—−o-]|\d{1,2}[.)])\s+(?=\S)|^[•●▪■◦○‣►▶➢➤✓✔❖◆♦]"
)
_DIGITS: Final = re.compile(r"\d+")
_PAGE: Final = re.compile(r"(?:page|p\.)? ?\d{1,2}(?: ?(?:of|/|sur|de) ?\d{1,2})?", re.IGNORECASE)
_MARGIN: Final = re.compile(
    r"r[ée]sum[ée]|curriculum vitae|\bcv\b|\bpage\b|[\t|·]\s*\d{1,2}$", re.IGNORECASE
)
_COLON: Final = re.compile(r"\s*[:：]\s*")
_SMALL_WORDS: Final = frozenset(
    [
        "and",
        "or",
        "of",
        "the",
        "in",
        "for",
        "&",
        "et",
        "de",
        "des",
        "du",
        "la",
        "le",
        "les",
        "d'",
        "en",
        "à",
        "au",
        "with",
        "to",
        "a",
        "my",
        "me",
        "i've",
        "ve",
        "about",
    ]
)
_SENTENCE_END: Final = (".", ";", ",")


@dataclass(slots=True, frozen=True)
class Line:
    """One line: its text without bullet or blanks, where that stands, and whether it had one."""

    text: str
    start: int
    bullet: bool

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True)
class Passage:
    """The lines under one heading; `section` is None before the first heading."""

    section: Section | None
    lines: list[Line]


def lines_of(text: str) -> list[Line]:
    """The lines that hold anything, but for those at the edges of pages that only number them."""
    lines = _lines(text)
    seen = Counter(_DIGITS.sub("#", line.text) for line in lines)
    return [line for line in lines if not _is_margin(line.text, seen[_DIGITS.sub("#", line.text)])]


def _is_margin(text: str, times: int) -> bool:
    if _PAGE.fullmatch(text):
        return True
    return times > 1 and _MARGIN.search(text) is not None


def _lines(text: str) -> list[Line]:
    out = []
    for match in _LINE.finditer(text):
        raw = match.group()
        bullet = _BULLET.match(raw)
        skipped = bullet.end() if bullet else 0
        body = raw[skipped:].strip()
        if body:
            start = match.start() + raw.index(body, skipped)
            out.append(Line(body, start, bullet is not None))
    return out


def passages_of(text: str) -> list[Passage]:
    """The text in passages; a heading with its content on the same line opens one too."""
    passages = [Passage(None, [])]
    lines = lines_of(text)
    for line, after in zip_longest(lines, lines[1:]):
        section = None if line.bullet else heading_of(line.text)
        if passages[-1].section == "experience" and _heads_post(line, after):
            section = None
        if section is not None and _looks_like_heading(line.text, passages[-1].section):
            passages.append(Passage(section, []))
            continue
        inline = None if line.bullet else _inline(line, passages[-1].section)
        if inline is not None:
            passages.append(inline)
        else:
            passages[-1].lines.append(line)
    return passages


def _heads_post(line: Line, after: Line | None) -> bool:
    """A title that is a heading's word too, above its dates: Volunteer."""
    if after is None or title_score(line.text) < 2:
        return False
    return any(span.is_range for span in spans_of(after.text))


def _looks_like_heading(line: str, current: Section | None) -> bool:
    """Set as headings are: capitals, title case, or a single word; not the end of a sentence."""
    if line.endswith(_SENTENCE_END) or "\t" in line:
        return False
    words = [word for word in re.split(r"[^\w'’]+", line) if word]
    if not words or not words[0][0].isupper():
        return line.islower() and len(words) <= 2 and current is None
    if current == "skills" and line.rstrip().endswith(":"):
        # "Languages:" and "Tools:" part a list of skills, they do not end it.
        return heading_of(line) not in {"languages", "skills", "projects"}
    capital = [word for word in words if word.casefold() not in _SMALL_WORDS]
    titled = sum(word[0].isupper() or word.isdigit() for word in capital)
    return titled == len(capital) or len(words) <= 3


def _inline(line: Line, current: Section | None) -> Passage | None:
    """A passage from a line such as "Skills: Python, SQL", unless it parts a list of skills."""
    colon = _COLON.search(line.text)
    if colon is None or colon.start() > 40 or colon.end() == len(line.text):
        return None
    section = heading_of(line.text[: colon.start()])
    if section is None or section in {"courses", "experience", "contact", "summary"}:
        return None
    if current == "skills" and section not in {"interests", "education"}:
        return None
    if current in {"education", "experience", "projects", "certifications"} and section != "skills":
        return None
    if current in {"experience", "projects"}:
        return None
    return Passage(section, [Line(line.text[colon.end() :], line.start + colon.end(), False)])
