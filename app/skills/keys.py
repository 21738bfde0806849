"""What tells that two names mean one skill: the taxonomy's id, else the name itself in lower case."""

from collections.abc import Iterable

from app.skills.taxonomy import taxonomy


def key_of(name: str) -> str:
    """The key of a skill by any of its names. The first call loads the taxonomy (0.2 s)."""
    concept = taxonomy().named(name)
    return name.casefold() if concept is None else concept.id


def keys_of(names: Iterable[str]) -> list[str]:
    """The keys of skills in the order of their names; without names no taxonomy is loaded."""
    return [key_of(name) for name in names]
