"""Invented résumés whose right answers are known: fifteen ways to set a post, ten to set a degree.

They show what breaks when a rule changes, in English and French. The rules were mended on them, so
their figures are no promise for other people's résumés. The unseen ones are set and worded in ways that
no rule was written with (unseen_resumes.toml); those of development_resumes.toml are what rules are
developed on, so that nobody needs to look at the unseen ones.
"""

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

_WORDS: Final[dict[str, dict[str, list[str]]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
_POSTS: Final[list[str]] = [
    "{title}\t{dates}\n{company}\t{place}",
    "{company}\t{place}\n{title}\t{dates}",
    "{title}, {company}\n{dates} | {place}",
    "{company} — {title}\n{dates}",
    "{title} | {company} | {place} | {dates}",
    "{dates}\n{title}\n{company}, {place}",
    "{dates}\t{title}\n{company}, {place}",
    "{title}\n{company} · {place}\n{dates}",
    "{company}, {place}\n{title} ({dates})",
    "{title} @ {company} ({dates})",
    "{dates} : {title}, {company}, {place}",
    "{company}\n{title}\n{dates}\n{place}",
    "{title} - {company} - {place}\t{dates}",
    "{title} @ {company}\n{dates}",
    "{company} ({place})\t{dates}\n{title}",
]
_DEGREES: Final[list[str]] = [
    "{degree}, {school}, {year}",
    "{school}\t{year}\n{degree}",
    "{degree}\t{year}\n{school}, {place}",
    "{school} — {degree} ({year})",
    "{year}\t{degree}\n{school}",
    "{year} : {degree} - {school}",
    "{degree}\n{school}\n{year}",
    "{school}, {place}\n{degree}\n{before} - {year}",
    "{degree} | {school} | {year}",
    "{year} – {degree}, {school} ({place})",
]


Book = Literal["plain", "development", "unseen"]


def _book(name: str) -> dict[str, Any]:
    path = Path(__file__).with_name(f"{name}_resumes.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


_BOOKS: Final[dict[Book, dict[str, Any]]] = {
    "plain": {"posts": _POSTS, "degrees": _DEGREES, "en": {}, "fr": {}},
    "development": _book("development"),
    "unseen": _book("unseen"),
}


@dataclass(slots=True)
class Made:
    """A résumé's text with its truth, in the form of the annotated files."""

    text: str
    truth: dict[str, Any]


def made_resume(seed: int, *, book: Book = "plain") -> Made:
    """The same résumé for the same seed and book."""
    settings, draw = _BOOKS[book], random.Random(seed)
    language = "fr" if draw.random() < 0.4 else "en"
    words = {**_WORDS[language], **settings[language]}
    name, phone = draw.choice(words["people"]), draw.choice(words["phones"])
    email = draw.choice(["contact", "hello", "me.and.you"]) + "@example.com"
    posts = _posts(draw, language, words, draw.choice(settings["posts"]))
    schools = _schools(draw, words, draw.choice(settings["degrees"]))
    work, education, skills = words["headings"]
    parts = [
        f"{work}\n" + "\n".join(shown for shown, _ in posts),
        f"{education}\n" + "\n".join(shown for shown, _ in schools),
    ]
    draw.shuffle(parts)
    head = f"{name}\n{draw.choice(words['titles'])}\n{email} | {phone}"
    text = "\n".join([head, *parts, skills, "Python, SQL, Excel"])
    contact = {"full_name": name, "email": email, "phone": phone}
    truth = {
        "experience": [truth for _, truth in posts],
        "education": [each for _, each in schools],
    }
    return Made(text, {"contact": contact, **truth, "skills": ["Python", "SQL", "Excel"]})


def _posts(
    draw: random.Random, language: str, words: dict[str, list[str]], setting: str
) -> list[tuple[str, dict[str, str]]]:
    style, bullet = draw.randrange(4), draw.choice(["• ", "- ", ""])
    out = []
    for _ in range(draw.randint(1, 4)):
        values = {
            "title": draw.choice(words["titles"]),
            "company": draw.choice(words["companies"]),
            "dates": _dates(draw, language, style),
        }
        lines = draw.sample(words["work"], draw.randint(1, 3))
        body = "\n".join(f"{bullet}{line}{'' if bullet else '.'}" for line in lines)
        shown = setting.format(place=draw.choice(words["places"]), **values)
        out.append((f"{shown}\n{body}", values))
    return out


def _dates(draw: random.Random, language: str, style: int) -> str:
    year, words = draw.randint(2001, 2021), _WORDS[language]
    points = [
        _point(draw.randint(1, 12), each, style, language)
        for each in (year, year + draw.randint(1, 3))
    ]
    end = draw.choice(words["now"]) if draw.random() < 0.2 else points[1]
    between = " – " if style == 3 else draw.choice([" - ", " – ", "–", " — "])
    return f"{points[0]}{between}{end}"


def _point(month: int, year: int, style: int, language: str) -> str:
    ways: list[Callable[[], str]] = [
        lambda: f"{_WORDS[language]['months'][month - 1]} {year}",
        lambda: f"{month:02d}/{year}",
        lambda: f"{year}",
        lambda: f"{year}-{month:02d}",
    ]
    return ways[style]()


def _schools(
    draw: random.Random, words: dict[str, list[str]], setting: str
) -> list[tuple[str, dict[str, str]]]:
    out = []
    for _ in range(draw.randint(1, 2)):
        degree, school = draw.choice(words["degrees"]), draw.choice(words["schools"])
        year, place = draw.randint(1998, 2022), draw.choice(words["places"])
        shown = setting.format(
            degree=degree, school=school, year=year, before=year - 3, place=place
        )
        out.append((shown, {"degree": degree, "institution": school}))
    return out
