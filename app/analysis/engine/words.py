"""The words that texts are compared by: folded, in one form for every gender and number.

French titles and participles agree with the person ("ingénieure", "chargée"): both forms become one
word, and pronouns and forms of address are dropped, so that a score cannot tell them apart.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from typing import Final

from app.skills.surface import singular, tokens_of

Terms = Mapping[str, float]
DATA: Final = Path(__file__).parent / "data"


def _listed(name: str) -> frozenset[str]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


GENDERED: Final = _listed("gendered_words.txt")
_STOP: Final = _listed("stop_words.txt") | GENDERED
# French feminine endings and the masculine ones they agree with, after accents are gone.
_FORMS: Final = (
    ("trices", "teur"),
    ("trice", "teur"),
    ("euses", "eur"),
    ("euse", "eur"),
    ("ienne", "ien"),
    ("iere", "ier"),
    ("eure", "eur"),
    ("ante", "ant"),
    ("ee", "e"),
    ("woman", "man"),
    ("waitress", "waiter"),
    ("actress", "actor"),
)
_NUMBER: Final = re.compile(r"\d+")


def words_of(text: str) -> list[str]:
    """The comparable words of a text in its order; numbers and stop words are left out."""
    found = []
    for token in tokens_of(text):
        word = form_of(token.key)
        if (
            word not in _STOP
            and not _NUMBER.fullmatch(word)
            and (len(word) > 1 or word in {"c", "r"})
        ):
            found.append(word)
    return found


def form_of(key: str) -> str:
    """A folded word in the form that it is compared in: one number, one gender."""
    return key if key in _STOP else ungendered(singular(key))


def ungendered(key: str) -> str:
    """A folded French word, or a title such as waitress, in the masculine form."""
    if len(key) > 5:
        for feminine, plain in _FORMS:
            if key.endswith(feminine):
                return key.removesuffix(feminine) + plain
    return key


def terms_of(words: Iterable[str]) -> Counter[str]:
    """Words and pairs of neighbours, with how often each comes."""
    listed = list(words)
    pairs = (f"{first} {second}" for first, second in pairwise(listed))
    return Counter(listed) + Counter(pairs)


def weigh(counts: Mapping[str, int], rarity: "Rarity", *, pairs: float = 1.0) -> Terms:
    """Tf-idf of unit length: 1 + ln(count), times the term's rarity; `pairs` is what a pair counts."""
    raw = {
        term: (1 + log(count)) * rarity.of(term) * (pairs if " " in term else 1.0)
        for term, count in sorted(counts.items())
    }
    length = sqrt(sum(weight * weight for weight in raw.values()))
    return {} if not length else {term: weight / length for term, weight in raw.items()}


def cosine(one: Terms, other: Terms) -> float:
    """How alike two weighed texts are, 0 to 1."""
    small, large = sorted((one, other), key=len)
    return min(1.0, sum(weight * large[term] for term, weight in small.items() if term in large))


class Rarity:
    """In how many documents of a fixed collection terms stand, as weights.

    No term counts as rarer than one of `fewest` documents, and `even` is what all have in common: the
    more, the less rarity matters. The plain values are the textbook's.
    """

    def __init__(
        self,
        documents: int,
        frequencies: Mapping[str, int],
        *,
        fewest: int = 0,
        even: float = 1.0,
    ) -> None:
        self._documents = documents
        self._frequencies = frequencies
        self._fewest = fewest
        self._even = even

    def of(self, term: str) -> float:
        """ln((1 + n) / (1 + df)) + even: smooth inverse document frequency."""
        known = max(self._frequencies.get(term, 0), self._fewest)
        return log((1 + self._documents) / (1 + known)) + self._even
