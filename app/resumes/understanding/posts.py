"""Title, employer and place from the lines that head a post."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.habits import Habit
from app.resumes.understanding.labels import announced
from app.resumes.understanding.pieces import Piece, pieces_of, within_brackets

_LONGEST: Final = 110
# Where most of a résumé's titles stand, one stands that no word tells.
_USUAL: Final = 0.5
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


def pieces_of_head(text: str, parts: Sequence[tuple[int, int, int]]) -> list[Piece]:
    """The pieces in those parts of the text: start, end and the line's number for each."""
    return [
        piece
        for start, end, line in parts
        for piece in pieces_of(text[start:end], start, line)
        if len(piece.text) <= _LONGEST
    ]


def head_of(text: str, pieces: Sequence[Piece], habit: Habit | None = None) -> Head:
    """What the pieces of a post's heading lines say, read as the résumé's other posts are set."""
    pieces, said = announced(text, pieces)
    habit = habit or Habit()
    habit.mark_places(pieces)
    title = said.get("title") or _title(pieces, habit)
    company = said.get("company") or _company(pieces, title, habit)
    if company is None and title is not None and title.text.endswith((")", "]")):
        pieces, title, company = _from_brackets(pieces, title)
    location = said.get("place") or next(
        (piece for piece in pieces if piece.place and piece is not title), None
    )
    return Head(
        title=None if title is None else _whole_title(text, pieces, title, company),
        company=None if company is None else _with_team(text, pieces, company, title),
        location=None if location is None else location.text,
    )


def habit_of(text: str, heads: Sequence[Sequence[Piece]]) -> Habit:
    """How the posts with those pieces are set, as far as words tell titles, firms and places apart."""
    habit, unsure = Habit(), Habit()
    for each in heads:
        pieces, _ = announced(text, each)
        title = _title(pieces, unsure)
        if title is None or title.title < 2 or title.company:
            title = None
        company = _company(pieces, title, unsure)
        sure = company is not None and (company.company or title is not None)
        habit.learn(pieces, title, company if sure else None)
    return habit


def _from_brackets(
    pieces: Sequence[Piece], title: Piece
) -> tuple[list[Piece], Piece, Piece | None]:
    """Title and employer where the latter stands in brackets behind the former."""
    bare, *inside = within_brackets(title)
    names = [piece for piece in inside if not piece.place and _is_name(piece)]
    if not names or any(piece.title >= 2 for piece in inside):
        return list(pieces), title, None
    at = pieces.index(title)
    return [*pieces[:at], bare, *inside, *pieces[at + 1 :]], bare, names[0]


def _title(pieces: Sequence[Piece], habit: Habit) -> Piece | None:
    """The surest title; of equals the one that no employer's word speaks against, then the first."""
    shares = habit.title_shares(pieces)
    several = sum(not piece.place for piece in pieces) > 1
    able = [
        piece
        for piece, share in zip(pieces, shares, strict=True)
        if piece.title > 0 or (several and share > _USUAL and not (piece.place or piece.company))
    ]
    if not able:
        return None
    share_of = dict(zip(map(id, pieces), shares, strict=True))

    def likely(piece: Piece) -> tuple[float, int]:
        return 2 * piece.title - 3 * piece.company + 1.5 * share_of[id(piece)], -piece.start

    best = max(able, key=likely)
    usual = share_of[id(best)] > _USUAL
    return best if best.title >= 2 or usual or not best.company else None


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


def _company(pieces: Sequence[Piece], title: Piece | None, habit: Habit) -> Piece | None:
    able = [piece for piece in pieces if piece is not title and not piece.place and _is_name(piece)]
    apart = [piece for piece in able if title is None or piece.line != title.line]
    short = [piece for piece in able if piece.text.isupper() and len(piece.text) <= 4]
    able = [piece for piece in able if piece not in short or not apart or piece in apart]
    if not able:
        return None
    usual = dict(zip(map(id, pieces), habit.company_shares(pieces), strict=True))
    return max(
        able, key=lambda piece: (_likeliness(piece, title) + 2 * usual[id(piece)], -piece.start)
    )


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
        score += {"comma": 0.2, "stop": 0.2, "dash": 1.0, "strong": 1.0, "at": 1.0, "start": 1.0}[
            piece.mark
        ]
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
        if piece.mark not in {"dash", "comma", "stop"} or piece.place or piece.title >= 2:
            break
        end = piece.end
    start = company.start
    for before, piece in zip(reversed(run[:at]), reversed(run[: at + 1]), strict=False):
        if piece.mark not in {"dash", "comma", "stop"} or before.place or before.title >= 2:
            break
        start = before.start
    return text[start:end]
