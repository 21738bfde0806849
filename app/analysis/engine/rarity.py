"""The shipped table of document frequencies: the same for everybody and at all times.

Frequencies over the jobs at hand would fit them better and change an answer with every new job.
The table is made by scripts/taxonomy/frequencies.py.
"""

import gzip
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from app.analysis.engine.words import Rarity, Terms, terms_of, weigh

DATA: Final = Path(__file__).parent / "data" / "frequencies.msgpack.gz"
# Chosen on scripts/bench/matching.py with other seeds than those it reports. What the table lacks is
# mostly a pair that nobody else would write, or a name: it must not outweigh what two texts share.
_FEWEST: Final = 3
_EVEN: Final = 2.0
_PAIRS: Final = 0.5


class Table(msgspec.Struct, frozen=True, gc=False):
    """What the data file holds: how many documents, and in how many of them each term stands."""

    documents: int
    frequencies: dict[str, int]


@lru_cache(maxsize=1)
def rarity() -> Rarity:
    """The shipped table, loaded once a process (some 20 ms)."""
    table = msgspec.msgpack.decode(gzip.decompress(DATA.read_bytes()), type=Table)
    return Rarity(table.documents, table.frequencies, fewest=_FEWEST, even=_EVEN)


def weighed(words: Iterable[str]) -> Terms:
    """A text's words and pairs as the vector that it is compared by."""
    return weigh(terms_of(words), rarity(), pairs=_PAIRS)
