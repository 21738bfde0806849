"""How senior a person is, by the title of the newest post and the months of all."""

import re
from collections.abc import Sequence
from typing import Final

from app.resumes.understanding.values import Experience, Seniority
from app.skills.surface import plain

_BY_TITLE: Final[tuple[tuple[Seniority, re.Pattern[str]], ...]] = (
    (
        "intern",
        re.compile(
            r"\b(?:intern|internship|trainee|stagiaire|alternante?|apprentie?|apprentice|working student|student)\b"
        ),
    ),
    (
        "executive",
        re.compile(
            r"\b(?:c[efimt]o|coo|ciso|chief|president|presidente|vice[- ]president|vp|svp|evp|founder|co-?founder|cofounder|owner|fondat\w+|managing director|partner"
            r"|directeur general|directrice generale|gerante?)\b"
        ),
    ),
    (
        "manager",
        re.compile(
            r"\b(?:manager|director|head of|directeur|directrice|responsable|chef de service|superviseur|supervisor|superintendent)\b"
        ),
    ),
    (
        "lead",
        re.compile(
            r"\b(?:lead|leader|principal|staff|tlm|chef d'equipe|chef de projet|architect|architecte)\b"
        ),
    ),
    ("senior", re.compile(r"\b(?:senior|sr|confirmee?|expert|experimentee?|iii|iv)\b")),
    ("junior", re.compile(r"\b(?:junior|jr|entry[- ]level|graduate|debutante?|assistante?|i)\b")),
)
_JUNIOR_MONTHS: Final = 24
_SENIOR_MONTHS: Final = 72


def seniority_of(posts: Sequence[Experience], months: int | None) -> Seniority | None:
    """None without posts. Account, product and project managers lead no people by their title."""
    newest = max(
        posts, key=lambda post: (post.current, post.end or "", post.start or ""), default=None
    )
    if newest is None:
        return None
    title = plain(newest.title or "")
    title = re.sub(
        r"\b(?:account|product|project|program|office|community|case|property) managers?\b",
        "",
        title,
    )
    for level, pattern in _BY_TITLE:
        if pattern.search(title):
            return level
    if months is None:
        return None
    if months < _JUNIOR_MONTHS:
        return "junior"
    return "senior" if months >= _SENIOR_MONTHS else "middle"
