"""BERT's word pieces, uncased: what all-MiniLM-L6-v2 reads in place of words.

The packages that do this bring a network client along; a screenful does the same. A test holds it to
known pieces.
"""

import gzip
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent / "data" / "vocabulary.txt.gz"
_LONGEST_WORD: Final = 100


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    """The pieces and their numbers (30,522, Apache-2.0), loaded once a process."""
    lines = gzip.decompress(DATA.read_bytes()).decode().splitlines()
    return {piece: number for number, piece in enumerate(lines)}


def pieces_of(text: str, most: int) -> list[int]:
    """The numbers of a text's pieces between the marks of begin and end, at most `most` in all."""
    known = vocabulary()
    found: list[int] = []
    for word in _words(text):
        found += _pieces(word, known)
        if len(found) >= most - 2:
            break
    return [known["[CLS]"], *found[: most - 2], known["[SEP]"]]


def _words(text: str) -> Iterator[str]:
    """Lower case, without accents; each sign and each Chinese character is a word."""
    word = ""
    for letter in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(letter)
        if category == "Mn" or (category[0] == "C" and letter not in "\t\n\r"):
            continue
        if letter.isspace() or _stands_alone(letter, category):
            if word:
                yield word
            word = ""
            if not letter.isspace():
                yield letter
        else:
            word += letter
    if word:
        yield word


def _stands_alone(letter: str, category: str) -> bool:
    is_sign = category[0] == "P" or (letter.isascii() and not letter.isalnum())
    return is_sign or "\u3400" <= letter <= "\u9fff"


def _pieces(word: str, known: dict[str, int]) -> list[int]:
    """The longest pieces from the left, or the one for unknown words."""
    if len(word) > _LONGEST_WORD:
        return [known["[UNK]"]]
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        end = next(
            (end for end in range(len(word), start, -1) if mark + word[start:end] in known), None
        )
        if end is None:
            return [known["[UNK]"]]
        found.append(known[mark + word[start:end]])
        start = end
    return found
