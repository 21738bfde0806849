"""What knowing one skill says about another, from the table in data/relations.txt."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.skills.taxonomy import taxonomy

DATA: Final = Path(__file__).parent / "data" / "relations.txt"
CONTAINED: Final = 0.8
"""Credit for a skill that is part of working with another one: SQL for PostgreSQL."""
NEAR: Final = 0.4
"""Credit for a skill beside another one: MySQL for PostgreSQL."""


@lru_cache(maxsize=1)
def relations() -> Mapping[str, Mapping[str, float]]:
    """For each asked skill's id: the ids that say something about it, and how much of it (0..1).

    Raises:
        KeyError: the table names a skill that the taxonomy does not have.
    """
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        before, _, after = line.partition(">")
        if after:
            asked = _id(after)
            for name in before.split(","):
                found[asked][_id(name)] = CONTAINED
            continue
        group = [_id(name) for name in before.split("~")]
        for asked in group:
            for held in group:
                if held != asked:
                    found[asked].setdefault(held, NEAR)
    return found


def _id(name: str) -> str:
    concept = taxonomy().named(name.strip())
    if concept is None:
        raise KeyError(name.strip())
    return concept.id
