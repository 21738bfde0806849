"""The words of mails to applicants: ours, which an organization may put its own in place of.

Plain text with a closed set of placeholders in braces, replaced in one pass, so that a value which
looks like a placeholder stays what it is. Nothing of it is ever run. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.mail.languages import Language
from app.mail.rendering import inert

PLACEHOLDERS: Final = ("candidate_name", "job_title", "company")
SAMPLES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {"candidate_name": "Zoë Martin", "job_title": "Data Engineer", "company": "Northwind"},
    "fr": {"candidate_name": "Zoé Martin", "job_title": "Data engineer", "company": "Northwind"},
}
_PLACE: Final = re.compile(r"\{([a-z_]*)\}|[{}]")
# The mail's one link is ours: whoever founds an organization writes to people in our name.
_LINK: Final = re.compile(r"://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and body, with placeholders or without."""

    subject: str
    body: str


def faults(text: str) -> Iterator[tuple[str, str]]:
    """What an organization's text may not hold: a code and a sentence each."""
    for found in _PLACE.finditer(text):
        if found.group(1) is None:
            yield "letter.brace", "A brace stands only around a placeholder"
        elif found.group(1) not in PLACEHOLDERS:
            yield "letter.placeholder", f"There is no placeholder {found.group()[:40]}"
    if _LINK.search(text):
        yield "letter.link", "Links are refused: the mail has one of its own"


def fill(letter: Letter, values: Mapping[str, str]) -> Letter:
    """The letter with its values, none of which becomes a link in a mail program."""

    def put(found: re.Match[str]) -> str:
        name = found.group(1)
        return inert(values[name]) if name in PLACEHOLDERS else found.group()

    return Letter(*(_PLACE.sub(put, text) for text in (letter.subject, letter.body)))


_DEAR: Final[Mapping[Language, str]] = {
    "en": "Dear {candidate_name},\n\n%s\n\nKind regards,\n{company}",
    "fr": "Bonjour {candidate_name},\n\n%s\n\nBien cordialement,\n{company}",
}
_WORDS: Final[Mapping[str, Mapping[Language, tuple[str, str]]]] = {
    "application.moved.shortlisted": {
        "en": (
            "Your application for {job_title}: you are on the shortlist",
            "We have read your application for {job_title} with interest, and you are on our"
            " shortlist. We will come back to you with the next step.",
        ),
        "fr": (
            "Votre candidature à l’offre {job_title} : vous êtes présélectionné·e",
            "Votre candidature à l’offre {job_title} a retenu notre attention : vous êtes"
            " présélectionné·e. Nous reviendrons vers vous pour la suite.",
        ),
    },
    "application.moved.interview": {
        "en": (
            "Your application for {job_title}: we would like to meet you",
            "We would like to get to know you in an interview for {job_title}. The date will reach"
            " you separately.",
        ),
        "fr": (
            "Votre candidature à l’offre {job_title} : nous souhaitons vous rencontrer",
            "Nous souhaitons faire votre connaissance lors d’un entretien pour {job_title}. La date"
            " vous parviendra séparément.",
        ),
    },
    "application.moved.offer": {
        "en": (
            "Your application for {job_title}: we have an offer for you",
            "We would be glad to work with you, and have an offer for you: {job_title}. We will"
            " send you the details separately.",
        ),
        "fr": (
            "Votre candidature à l’offre {job_title} : une proposition vous attend",
            "Nous serions heureux de travailler avec vous et avons une proposition à vous faire :"
            " {job_title}. Les détails vous parviendront séparément.",
        ),
    },
    "application.moved.accepted": {
        "en": (
            "Welcome to {company}",
            "We are glad that you are joining us: {job_title}. You will hear from us about your"
            " first day.",
        ),
        "fr": (
            "Bienvenue chez {company}",
            "Nous nous réjouissons de vous accueillir : {job_title}. Nous vous écrirons au sujet de"
            " votre premier jour.",
        ),
    },
    "application.moved.rejected": {
        "en": (
            "Your application for {job_title}",
            "Thank you for your interest in {job_title} and for the time that you took. We have"
            " decided to go on with other applicants. We wish you all the best.",
        ),
        "fr": (
            "Votre candidature à l’offre {job_title}",
            "Merci de votre intérêt pour {job_title} et du temps que vous y avez consacré. Nous"
            " avons décidé de poursuivre avec d’autres candidatures. Nous vous souhaitons une"
            " bonne continuation.",
        ),
    },
}


def usual(kind: str, language: Language) -> Letter:
    """Our own words for one of `kinds.LETTERS`."""
    subject, core = _WORDS[kind][language]
    return Letter(subject, _DEAR[language] % core)
