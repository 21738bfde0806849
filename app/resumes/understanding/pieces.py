"""A heading line of an entry, cut into the pieces that title, employer and place stand in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from app.resumes.understanding.places import is_place, is_region
from app.resumes.understanding.vocabulary import names_company, title_score

Mark = Literal["start", "strong", "dash", "comma", "stop", "at"]

_STRONG: Final = re.compile(r"\s*(?:\t|\||\s[·•●∙▪◦]\s|\s//\s|;|::|\s{3,}|\s[→»>]\s)\s*")
_SLASH: Final = re.compile(r"\s+/\s+")
_DASH: Final = re.compile(r"\s+[-–—−]+\s+|\s*[—–]\s+|\s+[—–]\s*|(?<=\w):\s+")
_AT: Final = re.compile(
    r"\s+(?P<word>at|chez|@|for|with|within|bei|au sein (?:de|du|d['’])|pour)\s+(?=(?:the |la |le |les |l['’])?(?:[A-ZÀ-Ý0-9]|[a-z][A-Z]))|\s+@\s*"
)
# These part only what begins with a title: Habitat for Humanity is one name.
_WEAK_AT: Final = frozenset(["for", "with", "within", "pour"])
_COMMA: Final = re.compile(r"\s*,\s+")
_SENTENCE: Final = re.compile(
    r"(?:(?<=[a-z]{2})(?<!Inc)(?<!Ltd)(?<!Mrs)|(?<=\b[A-Z]{2})|(?<=[A-Z]{3})|(?<=\d{5})|(?<=\)))\.\s+(?=[A-ZÀ-Ý])"
)
_BRACKETS: Final = re.compile(
    r"(?P<name>[^()]*[^()\s])\s*[(\[](?P<inside>[^()\[\]]+(?:\([^()]*\))?)[)\]]"
)
_EDGES: Final = " \t\n,;:|·•–—-−/"
_SUFFIX: Final = re.compile(
    r"(?:inc|llc|ltd|co|corp|jr|sr|l\.?l\.?p|gmbh|s\.?a\.?s?|plc)\b\.?", re.IGNORECASE
)


# What is left of a sentence that dates were cut out of: "at Globex", "Nurse from".
_LEADING: Final = re.compile(
    r"^(?:at|chez|from|for|with|bei|au sein d[eu]|pour|by)\s+(?=(?:the |la |le |les |l['’])?[A-ZÀ-Ý0-9])"
)
_TRAILING: Final = re.compile(r"\s(?:in|en|from|since|depuis|at|on|du|de|since|von|seit|desde)$")


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
    cells = [
        cell
        for whole, begin in _by_open_brackets(text, start)
        for cell in _cut(whole, begin, _STRONG, "strong")
    ]
    for strong, at, _ in cells:
        for dashed, place, dash in _cut(strong, at, _DASH, "dash"):
            for slashed, there, slash in _by_slashes(dashed, place):
                cuts = _cut(slashed, there, _AT if by_at else _DASH, "at")
                for part, begin, mark in cuts:
                    marks: tuple[Mark, ...] = (mark, slash, dash, "strong")
                    first = next(each for each in marks if each != "start")
                    out += _by_commas(part, begin, first, line)
    return out


def _by_open_brackets(text: str, start: int) -> list[tuple[str, int]]:
    """What a bracket opens stands apart where dates were cut out of it: Licence (Lille, 2004)."""
    depth = [0]
    for letter in text:
        depth.append(max(0, depth[-1] + (letter in "([") - (letter in ")]")))
    if depth[-1] == 0:
        return [(text, start)]
    at = max(place for place, level in enumerate(depth) if level < depth[-1])
    return [(text[:at], start), (text[at + 1 :], start + at + 1)]


def _by_slashes(text: str, start: int) -> list[tuple[str, int, Mark]]:
    """What spaced slashes part, unless they stand between two titles or two places."""
    parts = list(_cut(text, start, _SLASH, "strong"))
    alike = all(title_score(body) >= 2 for body, _, _ in parts) or is_place(text)
    return [(text, start, "start")] if len(parts) < 2 or alike else parts


def _cut(
    text: str, start: int, pattern: re.Pattern[str], mark: Mark
) -> Iterator[tuple[str, int, Mark]]:
    """The parts between the matches outside brackets, stripped, with their places."""
    at = 0
    before: Mark = "start"
    for match in pattern.finditer(text):
        if text[: match.start()].count("(") > text[: match.start()].count(")"):
            continue
        last = text[at : match.start()].rpartition(", ")[2]
        if match.groupdict().get("word") in _WEAK_AT and title_score(last) < 2:
            continue
        yield from _stripped(text[at : match.start()], start + at, before)
        at, before = match.end(), mark
    yield from _stripped(text[at:], start + at, before)


def _stripped(text: str, start: int, mark: Mark) -> Iterator[tuple[str, int, Mark]]:
    body = _LEADING.sub("", _TRAILING.sub("", text.strip(_EDGES)))
    body = body.removesuffix("()").removesuffix("[]").rstrip(f"{_EDGES}([").lstrip(f"{_EDGES})]")
    if body[-1:] == "]" and "[" not in body:
        body = body[:-1].rstrip(_EDGES)
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


def within_brackets(piece: Piece) -> list[Piece]:
    """The piece without the brackets at its end, and what stands in them: Cook (Globex, Paris)."""
    found = _BRACKETS.fullmatch(piece.text)
    if found is None:
        return [piece]
    name = _judged(Piece(found["name"], piece.start, piece.mark, piece.line))
    at = piece.start + found.start("inside")
    return [name, *_by_commas(found["inside"], at, "strong", piece.line)]


def _by_sentence(cut: tuple[str, int, Mark]) -> Iterator[tuple[str, int, Mark]]:
    yield from (
        _cut(cut[0], cut[1], _SENTENCE, "stop") if cut[2] == "start" else _sentence_tail(cut)
    )


def _sentence_tail(cut: tuple[str, int, Mark]) -> Iterator[tuple[str, int, Mark]]:
    for number, (body, at, mark) in enumerate(_cut(cut[0], cut[1], _SENTENCE, "stop")):
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
