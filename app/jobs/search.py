"""From what somebody typed to what PostgreSQL looks for, and to the passage that is shown.

Pure: the words of the question and the candidates for their correction come in, text goes out.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

MARK_START: Final = "\ue000"
MARK_END: Final = "\ue001"
MOST_WORDS: Final = 12
_WORD = re.compile(r"[^\W_](?:[\w.+#'-]*[\w+#])?")
_CORRECTABLE = re.compile(r"[^\W\d_]{4,40}")
_MOST_CORRECTIONS: Final = 3
# Two letters begin so many words that the index is read for a tenth of a second.
_SHORTEST_BEGINNING: Final = 3
_BEGUN: Final = ":*"
# Five pages of twenty.
_ENOUGH: Final = 100
# Words that are common in one of the two languages and rare in the other.
_FRENCH = frozenset(
    [
        "le",
        "la",
        "les",
        "des",
        "du",
        "et",
        "une",
        "un",
        "pour",
        "avec",
        "vous",
        "nous",
        "dans",
        "sur",
        "aux",
        "est",
        "votre",
    ]
)
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "of",
        "to",
        "with",
        "for",
        "you",
        "we",
        "our",
        "is",
        "are",
        "your",
        "in",
        "on",
        "will",
        "a",
        "an",
    ]
)


def fold(text: str) -> str:
    """Lower case without accents, as the dictionaries of the search see a word."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def words_of(question: str) -> list[str]:
    """The folded words of a question, at most twelve, each once."""
    return list(dict.fromkeys(_WORD.findall(fold(question))))[:MOST_WORDS]


def correctable(words: Iterable[str]) -> list[str]:
    """The words that are long and plain enough to be guessed at."""
    return [word for word in words if _CORRECTABLE.fullmatch(word)]


def corrections(word: str, known: Iterable[str]) -> list[str]:
    """The known words that `word` was probably meant to be; none when it is known itself.

    One slip (a letter missing, added, changed, or two swapped) in up to seven letters, two in more.
    A slip in the beginning of a longer word counts too: "postgers" is close to "postgresql".
    """
    allowed = 1 if len(word) < 8 else 2
    nearest: dict[str, int] = {}
    for candidate in known:
        if candidate.startswith(word):
            return []
        beginning = candidate[: len(word)]
        distance = min(
            OSA.distance(word, candidate, score_cutoff=allowed),
            OSA.distance(word, beginning, score_cutoff=allowed),
        )
        if distance <= allowed:
            nearest[candidate] = distance
    best = min(nearest.values(), default=0)
    return sorted(known for known, distance in nearest.items() if distance == best)[
        :_MOST_CORRECTIONS
    ]


@dataclass(frozen=True, slots=True)
class Meant:
    """Words of a question that name a skill which has another name: words[first:last]."""

    first: int
    last: int
    name: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a question, and how many jobs it has to find to be the one meant.

    `sought` are the expressions whose newest jobs are ranked by `expression`; `finished` is what a
    question with a begun last word says before it, if anything.
    """

    expression: str
    sought: tuple[str, ...]
    enough: int
    finished: str = ""


def readings(
    words: Sequence[str],
    corrected: Mapping[str, Sequence[str]],
    meant: Sequence[Meant],
    *,
    is_known: bool,
) -> list[Reading]:
    """All ways, the narrowest first; at the last one it ends, whatever it finds.

    A last word that is a whole one elsewhere (`is_known`) is mostly finished, and is taken as begun
    only where few jobs have it: all words with that beginning are dear to look for in long texts.
    """
    parts = _parts(words, corrected, meant)
    every = " & ".join(parts)
    finished = " & ".join(parts[:-1]) if _BEGUN in parts[-1] else ""
    found = [Reading(every, (every,), 1, finished)]
    if is_known:
        whole = expression(words, corrected, meant, is_unfinished=False)
        found.insert(0, Reading(whole, (whole,), _ENOUGH))
    if len(parts) > 1:
        # Each by itself: among the newest that have any of them a rare word's jobs would be few, and
        # PostgreSQL takes several words that it has never seen for half of all jobs.
        found.append(Reading(" | ".join(parts), tuple(parts), 0))
    return found


def expression(
    words: Sequence[str],
    corrected: Mapping[str, Sequence[str]],
    meant: Sequence[Meant] = (),
    *,
    is_unfinished: bool = True,
) -> str:
    """All the words as text for to_tsquery: each may be corrected, the last one is only begun where
    it `is_unfinished`.

    Those that name a skill may also stand in the text under its own name.
    """
    return " & ".join(_parts(words, corrected, meant, is_unfinished=is_unfinished))


def _parts(
    words: Sequence[str],
    corrected: Mapping[str, Sequence[str]],
    meant: Sequence[Meant],
    *,
    is_unfinished: bool = True,
) -> list[str]:
    named = {each.first: each for each in meant}
    begun = len(words) - 1 if is_unfinished else len(words)
    parts, at = [], 0
    while at < len(words):
        skill = named.get(at)
        until = at + 1 if skill is None else skill.last
        said = [
            _forms(word, corrected.get(word, ()), is_begun=number == begun)
            for number, word in enumerate(words[at:until], at)
        ]
        if skill is None:
            parts += said
        else:
            phrase = " <-> ".join(map(_quoted, words_of(skill.name)))
            parts.append(f"(({' & '.join(said)}) | ({phrase}))")
        at = until
    return parts


def _forms(word: str, corrected: Sequence[str], *, is_begun: bool) -> str:
    # What begins with the word is the word itself, too: said twice it would be read twice.
    beginning = _BEGUN if is_begun and len(word) >= _SHORTEST_BEGINNING else ""
    return f"({' | '.join([_quoted(word) + beginning, *map(_quoted, corrected)])})"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def marked(passage: str) -> str:
    """A passage as HTML: escaped, with <mark> around what PostgreSQL found."""
    escaped = html.escape(passage)
    return escaped.replace(MARK_START, "<mark>").replace(MARK_END, "</mark>")


def without_marks(text: str) -> str:
    """Text that cannot be taken for a mark."""
    return text.replace(MARK_START, "").replace(MARK_END, "")


def language_of(text: str) -> str:
    """`fr` or `en`, by the small words of a text; English when neither outweighs the other."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    french = sum(word in _FRENCH for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "fr" if french > english else "en"
