"""How one résumé sets its posts: whoever writes the firm above the title once does so again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.resumes.understanding.pieces import Piece

Slot = tuple[int, int]


@dataclass(slots=True)
class Habit:
    """How often titles, employers and places stood in which piece of which line."""

    titles: Counter[Slot] = field(default_factory=Counter)
    companies: Counter[Slot] = field(default_factory=Counter)
    places: Counter[Slot] = field(default_factory=Counter)

    def learn(self, pieces: Sequence[Piece], title: Piece | None, company: Piece | None) -> None:
        """One more post, as far as its own words tell."""
        for piece, slot in zip(pieces, slots_of(pieces), strict=True):
            self.titles[slot] += piece is title
            self.companies[slot] += piece is company
            self.places[slot] += piece.place

    def title_shares(self, pieces: Sequence[Piece]) -> list[float]:
        """For each piece the share of the titles that stood where it stands."""
        return _shares(self.titles, pieces)

    def company_shares(self, pieces: Sequence[Piece]) -> list[float]:
        """For each piece the share of the employers that stood where it stands."""
        return _shares(self.companies, pieces)

    def mark_places(self, pieces: Sequence[Piece]) -> None:
        """A name that no word tells is a place where the other posts have theirs."""
        total = self.titles.total()
        for piece, slot in zip(pieces, slots_of(pieces), strict=True):
            usual = self.places[slot] > max(1, total // 2) and not self.companies[slot]
            if usual and not piece.title and not piece.company:
                piece.place = True


def slots_of(pieces: Sequence[Piece]) -> list[Slot]:
    """For each piece its line and how many stand before it there."""
    seen: Counter[int] = Counter()
    out = []
    for piece in pieces:
        out.append((piece.line, seen[piece.line]))
        seen[piece.line] += 1
    return out


def _shares(counts: Counter[Slot], pieces: Sequence[Piece]) -> list[float]:
    total = counts.total()
    return [counts[slot] / total if total else 0.0 for slot in slots_of(pieces)]
