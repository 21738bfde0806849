"""Words of a question that are another name of a skill: "js" is JavaScript, "k8s" Kubernetes."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from app.jobs.search import Meant
from app.skills.surface import key_of
from app.skills.taxonomy import taxonomy

_MOST_WORDS: Final = 3
# "Go" and "R" are words of any text.
_SHORTEST_NAME: Final = 3


async def meant_by(words: Sequence[str]) -> list[Meant]:
    """Which of the words name a skill that is mostly called otherwise."""
    # The taxonomy is loaded at its first use, which takes a moment.
    return await asyncio.to_thread(lambda: list(_meant(words)))


def _meant(words: Sequence[str]) -> Iterator[Meant]:
    at = 0
    while at < len(words):
        found = next(
            (
                Meant(at, at + many, name)
                for many in range(min(_MOST_WORDS, len(words) - at), 0, -1)
                if (name := _other_name(" ".join(words[at : at + many])))
            ),
            None,
        )
        if found is not None:
            yield found
        at = at + 1 if found is None else found.last


def _other_name(said: str) -> str | None:
    """The taxonomy's name of a technology of which `said` is a short or long form.

    Its synonyms are wider than that ("mocha" stands with JavaScript), so the letters must agree.
    """
    concept = taxonomy().named(said)
    if concept is None or concept.category != "technology":
        return None
    own = key_of(concept.name)
    if own == said or len(own) < _SHORTEST_NAME:
        return None
    short, long = sorted((_letters(said), _letters(own)), key=len)
    return concept.name if _stand_in(short, long) else None


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name))


def _stand_in(short: str, long: str) -> bool:
    """All letters of the one, in their order, in the other, from the first on: pgsql, postgresql."""
    rest = iter(long)
    return short[:1] == long[:1] and all(letter in rest for letter in short)
