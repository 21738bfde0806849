"""Words that say what stands behind their colon: "Employer: Globex", as forms and Europass set it."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from app.resumes.understanding.pieces import Piece
from app.skills.surface import plain

Role = Literal["title", "company", "place", "degree", "school", "nothing"]

_ROLES: Final[tuple[tuple[Role, str], ...]] = (
    (
        "title",
        r"(?:job |work )?(?:title|position|role|function)(?: held)?|designation|occupation(?: or position held)?|post(?:e)?(?: occupe)?|fonctions?|intitule(?: du poste)?|metier|puesto|cargo|tatigkeit|beruf",
    ),
    (
        "company",
        r"company(?: name)?|employer|name (?:and address )?of (?:the )?employer|organi[sz]ation(?: name)?|firm|client|agency|entreprise|societe|employeur|nom de l'employeur|structure|organisme|empresa|arbeitgeber|firma|unternehmen",
    ),
    ("place", r"location|place|city|address|lieu|ville|localisation|adresse|ort|lugar|ciudad"),
    (
        "degree",
        r"degree|qualification(?: awarded)?|title of qualification(?: awarded)?|course|program(?:me)?|diplome|formation|titulo|abschluss",
    ),
    (
        "school",
        r"institution|institute|university|school|college|etablissement|ecole|universite|organisme de formation|centro|hochschule|universitat",
    ),
    (
        "nothing",
        r"dates?|period|duration|tenure|from|year(?: of (?:passing|graduation|completion))?|passing year|graduat(?:ion|ed)|periode|duree|annee|zeitraum|fechas?|board",
    ),
)
_LABELS: Final = tuple((role, re.compile(pattern)) for role, pattern in _ROLES)


def role_of(label: str) -> Role | None:
    """What a label announces, or None for any other words."""
    words = plain(label)
    return next((role for role, pattern in _LABELS if pattern.fullmatch(words)), None)


def announced(text: str, pieces: Sequence[Piece]) -> tuple[list[Piece], dict[Role, Piece]]:
    """The pieces but for labels, and what is announced by one; `text` is the whole text."""
    kept: list[Piece] = []
    found: dict[Role, Piece] = {}
    role: Role | None = None
    for piece in pieces:
        if role is not None:
            found.setdefault(role, piece)
        role = role_of(piece.text) if text[piece.end : piece.end + 3].lstrip()[:1] == ":" else None
        if role is None:
            kept.append(piece)
    return kept, found
