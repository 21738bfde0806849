"""Files to start from: the right header of each shape, with rows that show what goes where."""

import csv
import io
from typing import Final

from app.claims.tables.header import SHAPES, Shape

_EXAMPLES: Final[dict[Shape, tuple[tuple[str, ...], ...]]] = {
    "claim_number": (
        ("FE48219076", "Margaret", "Holloway", "1958-03-14"),
        ("FE48219311", "Darnell", "O'Brien", "1990-11-02"),
    ),
    "patient": (
        ("Margaret", "Holloway", "1958-03-14", "2026-01-12", "2026-01-12"),
        ("Darnell", "O'Brien", "1990-11-02", "2026-02-03", "2026-02-06"),
    ),
    "practice": (
        ("Margaret", "Holloway", "1958-03-14", "2026-01-12", "2026-01-12", "14"),
        ("Darnell", "O'Brien", "1990-11-02", "2026-02-03", "2026-02-06", "14"),
    ),
}


def template(shape: Shape) -> str:
    """A CSV with the header of the shape and two invented rows, lines ended by CRLF."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([SHAPES[shape], *_EXAMPLES[shape]])
    return out.getvalue()
