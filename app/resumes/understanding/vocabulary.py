"""Words that tell titles, employers, schools and places apart, in English and French."""

import re
from pathlib import Path
from typing import Final

from app.skills.surface import plain

DATA: Final = Path(__file__).parent / "data"
_TITLE_NOUNS: Final = frozenset(
    word
    for line in (DATA / "title_nouns.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
_LEVELS: Final = frozenset(
    (
        "senior",
        "junior",
        "sr",
        "jr",
        "staff",
        "principal",
        "lead",
        "chief",
        "vice",
        "deputy",
        "interim",
        "stage",
        "alternance",
        "stagiaire",
        "freelance",
        "intern",
        "internship",
        "trainee",
        "employed",
        "self-employed",
        "independant",
        "independante",
    )
)
_COMPANY: Final = re.compile(
    r"\b(?:inc|llc|llp|ltd|limited|gmbh|corp|corporation|company|co|plc|sa|sas|sarl|sasu|eurl|ag|bv|nv|spa|srl|pty|group|groupe|holdings?"
    r"|partners|associates|solutions|technologies|technology|systems|labs?|laborator(?:y|ies)|laboratoires?|studios?|consulting|services|industries|enterprises"
    r"|bank|banque|hospital|hopital|clinic|clinique|foundation|fondation|agency|agence|ministry|ministere|department|council|association|society|societe"
    r"|university|universite|college|school|ecole|institute|institut|museum|musee|restaurant|hotel|cafe|store|shop|market|church|media|press|publishing|entertainment|pharma|health|healthcare|capital|ventures|insurance"
    r"|airlines?|motors|energy|logistics|software|networks|international|global|nonprofit|mairie|conseil|centre|center|bureau|cabinet|etablissements?|chu|cnrs|inria|sncf|edf)\b\.?",
    re.IGNORECASE,
)
_SCHOOL: Final = re.compile(
    r"\b(?:universit\w*|college|school|institut\w*|academy|academie|polytechni\w*|ecole|lycee|iut|insa|faculte|faculty|conservatoire|seminary|hochschule|universidad"
    r"|politecnico|bootcamp|assembly|hec|essec|escp|edhec|emlyon|enac|ens|mines|centrale\w*|supelec|centralesupelec|telecom|sciences po|sorbonne|epita|epitech|esiea|ece|isep|utc|utt|utbm|cnam|cfa|greta|iae|esc|afpa|openclassrooms|mit|caltech|ucla|"
    r"harvard|stanford|berkeley|oxford|cambridge|georgia tech|virginia tech|eth|epfl|coursera|udacity|campus|insead|ifsi|ufr|suny|cuny|nyu|usc|uc \w+|(?:penn|ohio|michigan|arizona|iowa|kansas|florida|boise|fresno|san jose|san diego|colorado|oregon|washington|mississippi|louisiana|oklahoma|kent|wayne|north carolina) state)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


def title_score(text: str) -> int:
    """How surely a piece of text is a job's title: 0 not at all, 3 it ends in such a noun."""
    words = [plain(word) for word in _WORD.findall(re.sub(r"\([^)]*\)", " ", text))]
    # A shop carries its owner's name: Trader Joe's.
    if not words or len(words) > 14 or words[-1].endswith("'s"):
        return 0
    nouns = [at for at, word in enumerate(words) if _is_title_noun(word)]
    if not nouns:
        return 1 if any(word in _LEVELS for word in words) else 0
    return 3 if nouns[-1] == len(words) - 1 or nouns[0] == 0 else 2


def _is_title_noun(word: str) -> bool:
    return (
        word in _TITLE_NOUNS
        or (word.endswith("s") and word[:-1] in _TITLE_NOUNS and len(word) > 5)
        or any(part in _TITLE_NOUNS for part in word.split("-") if len(part) > 4)
    )


def names_company(text: str) -> bool:
    """It has a word that firms and other employers carry in their names."""
    return _COMPANY.search(plain(text)) is not None


def names_school(text: str) -> bool:
    """It has a word that schools carry in their names."""
    return _SCHOOL.search(plain(text)) is not None
