"""What one line of a section of studies says: a degree, a school, a year."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.degrees import degree_in, field_of
from app.resumes.understanding.labels import announced
from app.resumes.understanding.passages import Line
from app.resumes.understanding.pieces import Piece, pieces_of
from app.resumes.understanding.places import is_place, is_region
from app.resumes.understanding.vocabulary import names_school

_WHOLE: Final = re.compile(
    r"(?i:bachelor|master|doctor|associate|diploma|certificate|licence|dipl[ôo]me|bac|brevet|mast[èe]re)"
)
_EXTRA: Final = re.compile(
    r"\b(?:gpa|cgpa|honou?rs|cum laude|distinction|grade|first class|expected|grad|graduat\w*|mention|coursework|minor|dean|major gpa|overall|score|percentage|class of|rank|promotion|obtenu|with|thesis)\b",
    re.IGNORECASE,
)
_CANDIDATE: Final = re.compile(
    r"(?:candidate for|pursuing|working towards?|expected|completed|currently studying)(?: an?| the)? ",
    re.IGNORECASE,
)
# Words between a degree and its school; the later ones only before what surely is a school.
_FROM: Final = re.compile(r"\s+(?:from|at|@)\s+(?=(?:the |la |le |l['’])?[A-ZÀ-Ý])")
_OF: Final = re.compile(
    r"\s+(?:[àa] l['’]|[àa] la|[àa]u?|de l['’]|de la|du|en la|en el|an der|an|delivered by|d[ée]livr[ée]e? par)\s*(?=[A-ZÀ-Ý])"
)
# Universities of several towns, each named after the comma.
_CAMPUS: Final = re.compile(
    r"University of California, (?:Berkeley|Davis|Irvine|Los Angeles|Merced|Riverside|San Diego|San Francisco|Santa Barbara|Santa Cruz)"
    r"|(?:California State University|Cal State),? (?:Bakersfield|Chico|East Bay|Fresno|Fullerton|Long Beach|Los Angeles|Northridge|Sacramento|San Bernardino|San Marcos)"
    r"|University of Texas,? (?:Austin|Arlington|Dallas|El Paso|San Antonio|Tyler)|University of Wisconsin, (?:Madison|Milwaukee|Eau Claire|La Crosse)|University of Colorado, (?:Boulder|Denver|Colorado Springs)"
    r"|University of (?:Illinois, (?:Chicago|Urbana-Champaign|Springfield)|Maryland, (?:College Park|Baltimore County)|Massachusetts, (?:Amherst|Boston|Lowell|Dartmouth)|North Carolina, (?:Chapel Hill|Charlotte|Greensboro|Wilmington)|Minnesota, (?:Twin Cities|Duluth)|Nebraska, (?:Lincoln|Omaha))"
    r"|(?:State|City) University of New York, (?:Albany|Binghamton|Buffalo|Stony Brook|Brooklyn|Queens)|Rutgers(?: University)?, (?:Newark|New Brunswick|Camden)"
)
_BEGINNING: Final = re.compile(
    r"(?:(?:graduated|awarded|obtained|received|earned|completed|delivered|issued|conferred|studied|studying|read) (?:from|at|by|with)(?-i: an?| the)?\s|studied\s|studying\s"
    r"|(?:obtenu|d[ée]livr[ée]|pr[ée]par[ée]|suivi)e? (?:[àa]u?|en|par)(?: la\s| le\s| l['’]|\s)|dipl[ôo]mée? (?:de la |de l['’]|du |de |d['’]))\s*(?=(?-i:[A-ZÀ-Ý]))",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(
    r"(?:\s+(?:obtained|awarded|completed|received|earned|granted|conferred|graduated|obtenue?|valid[ée]e?|with (?:first[- ]class |second[- ]class |high )?(?:honou?rs|distinction|merit)|(?:magna |summa )?cum laude|avec (?:les )?(?:f[ée]licitations|mention).*|mention (?:tr[èe]s |assez )?bien|class of|promotion))+$",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"(?P<name>.*\S) [(\[](?P<inside>[^()\[\]]+)[)\]]")
_NOISE: Final = re.compile(
    r"^(?:relevant|incoming|selected)?\s*(?:coursework|courses?|cours|thesis|gpa|cgpa|honors|activities|awards?|minor|grade|dissertation|modules|specialization)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class StudyLine:
    """What one line says."""

    line: Line
    degree: tuple[int, int] | None
    school: tuple[int, int] | None
    other: tuple[int, int] | None
    year: int | None
    # What may be the school where no other is found: the degree's last part, or a town.
    tail: tuple[int, int] | None = None


def is_study(line: Line) -> bool:
    """Short enough, and not about courses or marks."""
    if _NOISE.match(line.text) or len(line.text) > 160:
        return False
    return not line.bullet or degree_in(line.text) is not None or names_school(line.text)


def look(text: str, line: Line) -> StudyLine | None:
    """What the line says, with places in the whole text; None where it says nothing of studies."""
    years = [span.last.year for span in spans_of(line.text) if span.last is not None]
    pieces, said = announced(text, list(_undated_pieces(line)))
    towns = [piece for piece in pieces if piece.place and not re.search(r"[\d,(]", piece.text)]
    pieces = [piece for piece in pieces if not piece.place]
    degree = said.get("degree") or next(
        (piece for piece in pieces if degree_in(piece.text) and not _is_school(piece)), None
    )
    if degree is None:
        degree = next((piece for piece in pieces if degree_in(piece.text)), None)
    school = said.get("school") or next(
        (piece for piece in pieces if piece is not degree and names_school(piece.text)), None
    )
    if (
        degree is not None
        and school is None
        and _is_school(degree)
        and not _WHOLE.match(degree.text)
    ):
        degree, school = None, degree
    left = [
        piece for piece in pieces if piece not in (degree, school) and not _EXTRA.search(piece.text)
    ]
    if degree is None and school is None and not left and not years:
        return None
    degree_span = None if degree is None else _span_of(degree, pieces)
    other = [piece for piece in left if degree_span is None or piece.end > degree_span[1]] or left
    return StudyLine(
        line,
        degree_span,
        None if school is None else (school.start, _end_of_school(text, school)),
        (other[0].start, other[0].end)
        if other and other[0].text[:1].isupper() and not line.bullet
        else None,
        years[-1] if years else None,
        None if degree is None else _tail(degree, pieces) or _town(towns),
    )


def _tail(degree: Piece, pieces: Sequence[Piece]) -> tuple[int, int] | None:
    """The last of the parts after commas that were taken for what the degree is in."""
    end = _end_of_degree(degree, pieces)
    bracket = _BRACKETS.fullmatch(degree.text)
    if bracket is not None and end == degree.end and not degree_in(bracket["inside"]):
        # Without its place: Licence (Globex Academy, Lille).
        inside = bracket["inside"].partition(",")[0]
        at = degree.start + bracket.start("inside")
        return None if _EXTRA.search(inside) else (at, at + len(inside))
    return next(((piece.start, end) for piece in pieces if degree.end < piece.end == end), None)


def _town(towns: Sequence[Piece]) -> tuple[int, int] | None:
    """A university may be called by its town alone."""
    alone = len(towns) == 1 and not is_region(towns[0].text)
    return (towns[0].start, towns[0].end) if alone else None


def _undated_pieces(line: Line) -> Iterator[Piece]:
    at = 0
    for span in (*spans_of(line.text), None):
        end = len(line.text) if span is None else span.at
        studied = False
        for piece in pieces_of(line.text[at:end], line.start + at, 0, by_at=False):
            for part in _from_school(piece, studied):
                yield _without_phrases(part)
            studied = degree_in(piece.text) is not None
        at = end if span is None else span.end


def _without_phrases(piece: Piece) -> Piece:
    """Without what makes a sentence of it: "Studied … at", "awarded by", "with honours"."""
    body = _ENDING.sub("", piece.text) or piece.text
    skipped = _BEGINNING.match(body)
    at = skipped.end() if skipped else 0
    return dataclasses.replace(
        piece, text=body[at:], start=piece.start + at, mark="at" if at else piece.mark
    )


def _from_school(piece: Piece, studied: bool) -> Iterator[Piece]:
    """A degree and the school that it is from: Licence de droit à l'Université de Lille.

    `studied`: the piece before names a degree, so that this one may hold what it is in.
    """
    bracket = _BRACKETS.fullmatch(piece.text)
    of_degree = bracket is not None and (studied or degree_in(bracket["name"]))
    if bracket is not None and of_degree and names_school(bracket["inside"]):
        yield Piece(bracket["name"], piece.start, piece.mark, piece.line)
        yield from pieces_of(
            bracket["inside"], piece.start + bracket.start("inside"), piece.line, by_at=False
        )
        return
    for pattern in (_FROM, _OF):
        for match in pattern.finditer(piece.text):
            before, after = piece.text[: match.start()], piece.text[match.end() :]
            sure = pattern is _FROM or names_school(after)
            first = Piece(before, piece.start, piece.mark, piece.line)
            if sure and (studied or degree_in(before)) and not _is_school(first):
                yield first
                yield Piece(after, piece.start + match.end(), "at", piece.line)
                return
    yield piece


def _is_school(piece: Piece) -> bool:
    found = degree_in(piece.text)
    return names_school(piece.text) and (found is None or found.start() > 0)


def _span_of(degree: Piece, pieces: Sequence[Piece]) -> tuple[int, int]:
    candidate = _CANDIDATE.match(degree.text)
    skipped = candidate.end() if candidate else 0
    return degree.start + skipped, _end_of_degree(degree, pieces)


def _end_of_degree(degree: Piece, pieces: Sequence[Piece]) -> int:
    """The field may follow after a comma: Associate degree, H.R. Management."""
    end = degree.end
    for piece in pieces[pieces.index(degree) + 1 :]:
        bare = _without_remark(piece.text)
        apart = piece.mark != "comma" or piece.start - end > len(", ")
        if apart or piece.place or not _is_field(bare, degree):
            break
        end = piece.start + len(bare)
    return end


def _is_field(text: str, degree: Piece) -> bool:
    # A school's short name behind the field: Diplôme d'ingénieur en informatique, ENSEEIHT.
    if text.isupper() and len(text) > 2 and field_of(degree.text) is not None:
        return False
    other = names_school(text) or _EXTRA.search(text) or degree_in(text)
    return text[:1].isupper() and not other


def _without_remark(text: str) -> str:
    """Without marks in brackets: Mechatronics (grade 1.6)."""
    bare, _, remark = text.partition("(")
    return bare.rstrip() if _EXTRA.search(remark) else text


def _end_of_school(text: str, school: Piece) -> int:
    """A campus after a comma belongs to the school: State Polytechnic University, Springfield."""
    campus = _CAMPUS.match(text, school.start)
    if campus is not None:
        return max(campus.end(), school.end)
    after = re.match(r", ([A-ZÀ-Ý][\w'-]+)(?=$|\n|\t)", text[school.end : school.end + 40])
    other = after is None or is_place(after[1]) or degree_in(after[1])
    return school.end if other or after is None else school.end + after.end()
