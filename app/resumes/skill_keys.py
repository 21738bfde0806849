"""What tells that two names mean one skill: the taxonomy's id, else the name itself in lower case."""

from app.resumes.understanding.taxonomy import taxonomy
from app.resumes.understanding.values import Skill


def key_of(name: str) -> str:
    """The key of a skill by any of its names. The first call loads the taxonomy (0.2 s)."""
    concept = taxonomy().named(name)
    return name.casefold() if concept is None else concept.id


def keys_of(skills: tuple[Skill, ...]) -> list[str]:
    """The keys of what was read, each once."""
    return sorted({skill.id or skill.name.casefold() for skill in skills})
