"""What the sequence model of skills in sentences looks at, word by word.

Training and use must see the same, so both call this; a change here needs a new model
(scripts/taxonomy/train.py).
"""

import re
from collections.abc import Sequence
from typing import Final

from app.skills.surface import Token, plain
from app.skills.taxonomy import Taxonomy

_PIECE: Final = re.compile(r"[.]?\w+(?:[-.'’/&+]\w+)*(?:\+{1,2}|#)?|<\w+>|[^\w\s]")
_EDGE: Final = ("-", "-", "-", "-")
# Words of advertisements that skills follow or that somebody else's doing follows.
_SIGNS: Final = frozenset(
    [
        "experience",
        "knowledge",
        "understanding",
        "ability",
        "able",
        "skills",
        "skill",
        "familiarity",
        "familiar",
        "proficiency",
        "proficient",
        "expertise",
        "degree",
        "will",
        "responsible",
        "we",
        "our",
        "you",
        "your",
        "including",
    ]
)
_FAR: Final = 4


def pieces_of(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Words and punctuation marks of text[start:end], offsets from the beginning of the text."""
    stop = len(text) if end is None else end
    return [
        Token(match.group(), match.start(), match.end(), plain(match.group()))
        for match in _PIECE.finditer(text, start, stop)
    ]


def features_of(tokens: Sequence[Token], text: str, taxonomy: Taxonomy) -> list[list[str]]:
    """One list of features for each word."""
    known = _known(tokens, text, taxonomy)
    seen = [
        (token.key, _shape(token.text), token.key[-3:], known[at])
        for at, token in enumerate(tokens)
    ]
    padded = [_EDGE, _EDGE, *seen, _EDGE, _EDGE]
    around = _around([token.key for token in tokens])
    return [
        [*_features(padded, at + 2), *_placed(at, seen[at], around[at])] for at in range(len(seen))
    ]


def _around(keys: Sequence[str]) -> list[tuple[str, ...]]:
    """For each word what the sentence is like: the last sign before, how far, the next, the rest."""
    after: list[str] = []
    sign = "-"
    for key in reversed(keys):
        after.append(sign)
        sign = key if key in _SIGNS else sign
    whole = (
        keys[0] if keys else "-",
        str(keys[-1:] in [["."], ["!"], ["?"]]),
        str(min(len(keys), 30) // 5),
    )
    out: list[tuple[str, ...]] = []
    sign, far = "-", 0
    for key, following in zip(keys, reversed(after), strict=True):
        out.append((sign, str(min(far, _FAR)), following, *whole))
        sign, far = (key, 0) if key in _SIGNS else (sign, far + 1)
    return out


def _placed(at: int, word: tuple[str, str, str, str], around: tuple[str, ...]) -> list[str]:
    sign, far, following, first, ended, length = around
    _, shape, suffix, known = word
    return [
        f"tr={sign}",
        f"tr={sign}|{far}",
        f"tr={sign}|{shape}|{known}",
        f"fo={following}",
        f"fw={first}",
        f"pe={ended}",
        f"n={length}",
        f"at={min(at, 3)}",
        f"at={min(at, 2)}|{shape}|{suffix}",
    ]


def _known(tokens: Sequence[Token], text: str, taxonomy: Taxonomy) -> list[str]:
    """B-, I- and the category's first letter where the taxonomy has the words, else O."""
    marks = ["O"] * len(tokens)
    for first, last, concept in taxonomy.matches(tokens, text):
        size = "1" if first == last else "2"
        for at in range(first, last + 1):
            marks[at] = ("B" if at == first else "I") + concept.category[0] + size
    return marks


def _shape(word: str) -> str:
    if not word[0].isalnum() and len(word) == 1:
        return word
    if word.isdecimal():
        return "9"
    if word.islower():
        return "a"
    if word.isupper():
        return "A" if len(word) > 1 else "X"
    return "Aa" if word.istitle() else "aA"


def _features(words: Sequence[tuple[str, str, str, str]], at: int) -> list[str]:
    key, shape, suffix, known = words[at]
    before, after = words[at - 1], words[at + 1]
    return [
        "b",
        f"w={key}",
        f"s={suffix}",
        f"p={key[:4]}",
        f"2={key[-2:]}",
        f"h={shape}",
        f"k={known}",
        f"k={known}|{shape}",
        f"-w={before[0]}",
        f"-s={before[2]}",
        f"-h={before[1]}",
        f"-k={before[3]}",
        f"+w={after[0]}",
        f"+s={after[2]}",
        f"+h={after[1]}",
        f"+k={after[3]}",
        f"kk={before[3]}|{known}|{after[3]}",
        f"-ww={before[0]}|{key}",
        f"+ww={key}|{after[0]}",
        f"--w={words[at - 2][0]}",
        f"++w={words[at + 2][0]}",
        f"--s={words[at - 2][2]}",
        f"++k={words[at + 2][3]}",
        f"hh={before[1]}|{shape}|{after[1]}",
    ]
