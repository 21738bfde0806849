"""How much experience a job asks for, in months, as English and French write it."""

import re
from typing import Final

from app.analysis.engine.values import Level
from app.skills.surface import plain

# What a level stands for where the job names no time.
BY_LEVEL: Final[dict[Level, int]] = {
    "entry": 0,
    "junior": 12,
    "mid": 36,
    "senior": 60,
    "lead": 84,
    "executive": 120,
}
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        (
            "one un une",
            "two deux",
            "three trois",
            "four quatre",
            "five cinq",
            "six",
            "seven sept",
            "eight huit",
            "nine neuf",
            "ten dix",
        ),
        start=1,
    )
    for word in words.split()
}
_NUMBER: Final = rf"(?:\d{{1,2}}|{'|'.join(_NUMBERS)})"
_SPAN: Final = re.compile(
    rf"\b(?P<low>{_NUMBER})(?: ?\(\d+\))? ?\+?(?: ?(?:-|–|to|a|ou|or) ?{_NUMBER})? ?\+? ?(?P<unit>years?|yrs?|months?|ans?|annees?|mois)\b(?P<after>[^.;\n]{{0,60}})"
)
_ABOUT: Final = re.compile(
    r"\bexperiences?\b|\bexperimente|\bexpertise\b|\bbackground\b|^ ?'?s?'? ?(?:of |in |with |as |en |dans |de |working|leading|building|managing|developing|sur )|\btrack record\b"
)
_OURS: Final = re.compile(
    r"\b(?:founded|history|for over|for more than|anniversary|depuis|since|old|warranty|contract of|cdd de|duree|duration|age|ans d'existence|growth)\b"
)
_LONGEST: Final = 30 * 12


def asked_months(text: str, *, sure: bool) -> tuple[int, str] | None:
    """The longest time of experience that a text asks for, with its sentence.

    With `sure` (a list of requirements) "3+ years" need not say what of; elsewhere the sentence must
    speak of experience. "3-5 years" asks for three. None when nothing is asked.
    """
    found = [
        asked
        for sentence in re.split(r"\n|(?<=[.;!?])\s", text)
        if (asked := _in_sentence(sentence, sure=sure)) is not None
    ]
    return max(found, key=lambda each: each[0], default=None)


def _in_sentence(sentence: str, *, sure: bool) -> tuple[int, str] | None:
    folded = plain(sentence)
    if _OURS.search(folded):
        return None
    best = 0
    for match in _SPAN.finditer(folded):
        if not sure and not _ABOUT.search(match["after"]) and "experience" not in folded:
            continue
        low = match["low"]
        number = int(low) if low.isdigit() else _NUMBERS[low]
        is_months = match["unit"].startswith("mo")
        best = max(best, number if is_months else number * 12)
    return (best, sentence.strip()) if 0 < best <= _LONGEST else None
