"""The language of a text by its most common words."""

import re
from collections import Counter
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_COMMON: Final = {
    "en": "the and of to in for with on at by from as was is that an or using this which their university skills experience education work worked managed developed led",
    "fr": "le la les de des du et en un une pour dans sur avec au aux par est que qui mise gestion formation compétences expérience expériences langues projet chez à développement diplôme université",
    "es": "el la los las de del y en un una para con por que se al como experiencia educación gestión desarrollo idiomas habilidades empresa universidad años",
    "de": "der die das und in von mit für auf den dem des ein eine als bei zur zum ist berufserfahrung ausbildung kenntnisse entwicklung universität",
    "it": "il lo la gli le di del della e in un una per con su che da al esperienza istruzione competenze sviluppo gestione università lingue",
    "pt": "o a os as de do da dos das e em um uma para com por que no na ao experiência educação desenvolvimento gestão universidade habilidades",
    "nl": "de het een en van in op met voor te bij aan als is werkervaring opleiding vaardigheden ontwikkeling universiteit",
}
_SETS: Final = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_FEWEST: Final = 3


def language_of(text: str) -> str | None:
    """Two letters (ISO 639-1), or None where too few common words tell."""
    words = Counter(word.casefold() for word in _WORD.findall(text[:20_000]))
    scores = {code: sum(words[word] for word in common) for code, common in _SETS.items()}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= _FEWEST else None
