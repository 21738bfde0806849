"""Skills while they are being gathered from a text."""

from dataclasses import dataclass, field

from app.skills.taxonomy import Concept

Match = tuple[int, int, Concept]


@dataclass(slots=True)
class Found:
    """A skill with the places that it stands at, the first one first."""

    concept: Concept | None
    confidence: float
    listed: bool
    category: str | None
    places: list[tuple[int, int]] = field(default_factory=list)


class Collection:
    """Skills by id, or by the compared name of one that the taxonomy lacks."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {}

    def add(self, key: str, found: Found, start: int, end: int) -> None:
        """One more place of the skill with that key; what is surer of it counts."""
        known = self.found.setdefault(key, found)
        known.confidence = max(known.confidence, found.confidence)
        known.listed |= found.listed
        if all(end <= place[0] or start >= place[1] for place in known.places):
            known.places.append((start, end))
