"""Pieces of pages pushed to browsers: what htmx's SSE extension swaps in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a page as an event without a name, or a named event that says something is over."""

    id: str
    html: str
    event: str = ""

    def encoded(self) -> bytes:
        """The event on the wire; each line of the piece is a line of data."""
        named = f"event: {self.event}\n" if self.event else ""
        data = "".join(f"data: {line}\n" for line in self.html.splitlines() or [""])
        return f"id: {self.id}\n{named}{data}\n".encode()
