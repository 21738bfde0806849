"""The skill taxonomy: concepts with stable ids, and every name that leads to one.

Names are looked up word by word in a dictionary; against an automaton over all names that costs a
tenth of the memory and loads ten times faster, and a résumé has few enough words.
"""

import gzip
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from app.skills.surface import Token, key_of, singular

DATA: Final = Path(__file__).parent / "data" / "taxonomy.msgpack.gz"
_MOST_WORDS: Final = 5


class Concept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A skill: its stable id (an ESCO URI, `onet:…` or `intake:…`), its name, its category."""

    id: str
    name: str
    category: str


class Contents(msgspec.Struct, frozen=True, gc=False):
    """What the data file holds. `surfaces`: comparable name → place in `concepts`."""

    concepts: list[Concept]
    surfaces: dict[str, int]


class Taxonomy:
    """Finds skills by name."""

    def __init__(self, contents: Contents) -> None:
        self._concepts = contents.concepts
        self._surfaces = contents.surfaces
        self._by_id: dict[str, Concept] = {}

    def __len__(self) -> int:
        return len(self._concepts)

    def named(self, name: str) -> Concept | None:
        """The skill of that name or synonym, in any case, with or without a plural's s."""
        return self._look_up(key_of(name))

    def of(self, identity: str) -> Concept | None:
        """The skill of that id."""
        if not self._by_id:
            self._by_id.update((each.id, each) for each in self._concepts)
        return self._by_id.get(identity)

    def matches(self, tokens: Sequence[Token], text: str) -> Iterator[tuple[int, int, Concept]]:
        """The longest names among the words, left to right: first and last word's place."""
        at = 0
        while at < len(tokens):
            length = self._longest(tokens, at, text)
            if not length:
                at += 1
                continue
            found = self._look_up(" ".join(token.key for token in tokens[at : at + length]))
            if found is not None:
                yield at, at + length - 1, found
            at += length

    def _longest(self, tokens: Sequence[Token], at: int, text: str) -> int:
        most = 1
        while most < _MOST_WORDS and at + most < len(tokens):
            between = text[tokens[at + most - 1].end : tokens[at + most].start]
            # A name goes on over a space, a hyphen or a slash, never over a comma or a new cell.
            if len(between) > 2 or any(mark in between for mark in ",;:|•·\t()"):
                break
            most += 1
        for length in range(most, 0, -1):
            if self._look_up(" ".join(token.key for token in tokens[at : at + length])) is not None:
                return length
        return 0

    def _look_up(self, key: str) -> Concept | None:
        place = self._surfaces.get(key)
        if place is None:
            place = self._surfaces.get(singular(key))
        return None if place is None else self._concepts[place]


@lru_cache(maxsize=1)
def version() -> str:
    """What the shipped data is, in short: what was made of other data has another version."""
    return blake2b(DATA.read_bytes(), digest_size=6).hexdigest()


@lru_cache(maxsize=1)
def taxonomy() -> Taxonomy:
    """The shipped taxonomy, loaded once a process (0.2 s, about 40 MB)."""
    return Taxonomy(msgspec.msgpack.decode(gzip.decompress(DATA.read_bytes()), type=Contents))
