"""Title, employer and place from the lines that head a post."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.pieces import Piece, pieces_of

_LONGEST: Final = 110
_LENGTH: Final = re.compile(
    r"\W*(?:less than a year|(?:\d+ ?(?:years?|yrs?|ans?|months?|mos?|mois)\W*){1,2})\W*",
    re.IGNORECASE,
)


@dataclass(slots=True, frozen=True)
class Head:
    """What the heading lines of a post say; each is a part of the text as it stands there."""

    title: str | None
    company: str | None
    location: str | None


def head_of(text: str, parts: Sequence[tuple[int, int, int]]) -> Head:
    """The head in those parts of the text: start, end and the line's number for each."""
    pieces = [
        piece
        for start, end, line in parts
        for piece in pieces_of(text[start:end], start, line)
        if len(piece.text) <= _LONGEST
    ]
    title = _title(pieces)
    location = next((piece for piece in pieces if piece.place and piece is not title), None)
    company = _company(pieces, title)
    return Head(
        title=None if title is None else _whole_title(text, pieces, title, company),
        company=None if company is None else _with_team(text, pieces, company, title),
        location=None if location is None else location.text,
    )


def _title(pieces: Sequence[Piece]) -> Piece | None:
    """The surest title; of equals the one that no employer's word speaks against, then the first."""
    able = [piece for piece in pieces if piece.title > 0]
    if not able:
        return None
    best = max(able, key=lambda piece: (2 * piece.title - 3 * piece.company, -piece.start))
    return best if best.title >= 2 or not best.company else None


def _whole_title(text: str, pieces: Sequence[Piece], title: Piece, company: Piece | None) -> str:
    """With the titles and short forms beside it: IC, Technical Lead, TLM."""
    run = [piece for piece in pieces if piece.line == title.line]
    at = first = last = run.index(title)
    while first > 0 and run[first].mark == "comma" and _joins(run[first - 1], company):
        first -= 1
    while last + 1 < len(run) and run[last + 1].mark == "comma" and _joins(run[last + 1], company):
        last += 1
    return text[run[first].start : run[last].end] if first < at or last > at else title.text


def _joins(piece: Piece, company: Piece | None) -> bool:
    if piece is company or piece.company or piece.place:
        return False
    return piece.title >= 1 or (piece.text.isupper() and len(piece.text) <= 4)


def _company(pieces: Sequence[Piece], title: Piece | None) -> Piece | None:
    able = [piece for piece in pieces if piece is not title and not piece.place and _is_name(piece)]
    apart = [piece for piece in able if title is None or piece.line != title.line]
    short = [piece for piece in able if piece.text.isupper() and len(piece.text) <= 4]
    able = [piece for piece in able if piece not in short or not apart or piece in apart]
    if not able:
        return None
    return max(able, key=lambda piece: (_likeliness(piece, title), -piece.start))


def _is_name(piece: Piece) -> bool:
    first = piece.text.lstrip("(\"'“«")[:2]
    if not any(map(str.isalpha, piece.text)) or _is_date(piece.text) or is_length(piece.text):
        return False
    return (
        (not first[:1].islower() or first[1:].isupper())
        and len(piece.text.split()) <= 12
        and len(piece.text) > 1
    )


def is_length(text: str) -> bool:
    """How long a post was held, which some programs write beside its dates: (3 years 2 months)."""
    return _LENGTH.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    return any(span.end - span.at >= len(text) - 2 for span in spans_of(text))


def _likeliness(piece: Piece, title: Piece | None) -> float:
    score = 2.0 * piece.company - 1.5 * (piece.title >= 2)
    if title is None:
        return score
    if piece.line == title.line:
        # After a comma stands the team as often as the firm; a line of its own is surer.
        score += {"comma": 0.2, "dash": 1.0, "strong": 1.0, "at": 1.0, "start": 1.0}[piece.mark]
        score -= 0.5 * (piece.start < title.start and piece.mark == "comma")
    else:
        score += 0.8 + 0.5 * (piece.line < title.line) - 0.1 * abs(piece.line - title.line)
    return score


def _with_team(text: str, pieces: Sequence[Piece], company: Piece, title: Piece | None) -> str:
    """A line of the employer alone may name a part of it after a dash or comma: that belongs to it."""
    if title is not None and title.line == company.line:
        return company.text
    run = [piece for piece in pieces if piece.line == company.line]
    at = run.index(company)
    end = company.end
    for piece in run[at + 1 :]:
        if piece.mark not in {"dash", "comma"} or piece.place or piece.title >= 2:
            break
        end = piece.end
    start = company.start
    for before, piece in zip(reversed(run[:at]), reversed(run[: at + 1]), strict=False):
        if piece.mark not in {"dash", "comma"} or before.place or before.title >= 2:
            break
        start = before.start
    return text[start:end]
