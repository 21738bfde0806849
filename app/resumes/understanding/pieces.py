"""A heading line of an entry, cut into the pieces that title, employer and place stand in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from app.resumes.understanding.vocabulary import is_place, is_region, names_company, title_score

Mark = Literal["start", "strong", "dash", "comma", "at"]

_STRONG: Final = re.compile(r"\s*(?:\t|\||\s[·•●]\s|\s//\s|;)\s*")
_DASH: Final = re.compile(r"\s+[-–—−]+\s+|\s*[—–]\s+|\s+[—–]\s*|(?<=\w):\s+")
_AT: Final = re.compile(
    r"\s+(?:at|chez|@|for|au sein de|pour)\s+(?=(?:the |la |le |l['’])?(?:[A-ZÀ-Ý0-9]|[a-z][A-Z]))|\s+@\s*"
)
_COMMA: Final = re.compile(r"\s*,\s+")
_SENTENCE: Final = re.compile(r"(?<=[a-z]{3})\.\s+(?=[A-Z])")
_BRACKETS: Final = re.compile(r"(?P<name>[^()]*[^()\s])\s*\((?P<inside>[^()]+(?:\([^()]*\))?)\)")
_EDGES: Final = " \t\n,;:|·•–—-−/"
_SUFFIX: Final = re.compile(
    r"(?:inc|llc|ltd|co|corp|jr|sr|l\.?l\.?p|gmbh|s\.?a\.?s?|plc)\b\.?", re.IGNORECASE
)


@dataclass(slots=True)
class Piece:
    """Some of a line: text[start:end] of the whole text, what stood before it, and its line."""

    text: str
    start: int
    mark: Mark
    line: int
    title: int = 0
    company: bool = False
    place: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def pieces_of(text: str, start: int, line: int, *, by_at: bool = True) -> list[Piece]:
    """The pieces of text, which stands at `start`; commas part them only where it helps."""
    out: list[Piece] = []
    for strong, at, _ in _cut(text, start, _STRONG, "strong"):
        for dashed, place, dash in _cut(strong, at, _DASH, "dash"):
            for part, begin, mark in _cut(dashed, place, _AT if by_at else _DASH, "at"):
                first: Mark = mark if mark != "start" else dash if dash != "start" else "strong"
                out += _by_commas(part, begin, first, line)
    return out


def _cut(
    text: str, start: int, pattern: re.Pattern[str], mark: Mark
) -> Iterator[tuple[str, int, Mark]]:
    """The parts between the matches outside brackets, stripped, with their places."""
    at = 0
    before: Mark = "start"
    for match in pattern.finditer(text):
        if text[: match.start()].count("(") > text[: match.start()].count(")"):
            continue
        yield from _stripped(text[at : match.start()], start + at, before)
        at, before = match.end(), mark
    yield from _stripped(text[at:], start + at, before)


def _stripped(text: str, start: int, mark: Mark) -> Iterator[tuple[str, int, Mark]]:
    body = text.strip(_EDGES)
    body = body.removesuffix("()").rstrip(f"{_EDGES}(")
    if any(map(str.isalnum, body)):
        yield body, start + text.index(body), mark


def _by_commas(text: str, start: int, mark: Mark, line: int) -> list[Piece]:
    """City and state stay together, so does a firm and its Inc.; the rest is parted."""
    cuts = [part for cut in _cut(text, start, _COMMA, "comma") for part in _by_sentence(cut)]
    parts = [part for cut in cuts for part in _place_in_brackets(cut)]
    merged: list[Piece] = []
    for number, (body, at, before) in enumerate(parts):
        piece = _judged(Piece(body, at, before if before != "start" else mark, line))
        last = merged[-1] if merged else None
        # New York is a state beside Brooklyn, and a city beside NY.
        is_city = number + 1 < len(parts) and is_region(parts[number + 1][0]) and piece.place
        if last is None or is_city or before != "comma":
            merged.append(piece)
        elif _belongs(last, piece, text, start):
            whole = text[last.start - start : piece.end - start]
            merged[-1] = _judged(Piece(whole, last.start, last.mark, line))
        else:
            merged.append(piece)
    return merged


def _place_in_brackets(cut: tuple[str, int, Mark]) -> Iterator[tuple[str, int, Mark]]:
    """A place in brackets is no part of the name before it: Globex (Paris)."""
    body, at, mark = cut
    found = _BRACKETS.fullmatch(body)
    if found is None or not is_place(found["inside"]):
        yield cut
        return
    yield found["name"], at, mark
    yield found["inside"], at + found.start("inside"), "strong"


def _by_sentence(cut: tuple[str, int, Mark]) -> Iterator[tuple[str, int, Mark]]:
    yield from (
        _cut(cut[0], cut[1], _SENTENCE, "comma") if cut[2] == "start" else _sentence_tail(cut)
    )


def _sentence_tail(cut: tuple[str, int, Mark]) -> Iterator[tuple[str, int, Mark]]:
    for number, (body, at, mark) in enumerate(_cut(cut[0], cut[1], _SENTENCE, "comma")):
        yield body, at, cut[2] if number == 0 else mark


def _belongs(last: Piece, piece: Piece, text: str, start: int) -> bool:
    if _SUFFIX.fullmatch(piece.text):
        return True
    whole = text[last.start - start : piece.end - start]
    capital = last.text[:1].isupper() and len(last.text.split()) <= 3
    return capital and not last.title and not last.company and is_place(whole)


def _judged(piece: Piece) -> Piece:
    piece.place = is_place(piece.text)
    piece.title = 0 if piece.place else title_score(piece.text)
    piece.company = not piece.place and names_company(piece.text)
    return piece
