"""Degrees and schools, in English and French."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.passages import Line, Passage
from app.resumes.understanding.pieces import Piece, pieces_of
from app.resumes.understanding.values import Education, Evidence
from app.resumes.understanding.vocabulary import is_place, names_school

_DEGREE: Final = re.compile(
    r"(?<![\w.])(?:(?:Executive |Joint |Double |Dual |Integrated |Honou?rs |Postgraduate |Graduate |Post[- ]Graduate |Advanced |Higher National |National )*"
    r"(?:Bachelor(?:['’]?s)?|Master(?:['’]?s)?|Doctor(?:ate)?|Associate(?:['’]?s)?|Diploma|Certificate|Mast[èe]re?s?|Licence|Doctorat|Dipl[ôo]me|Baccalaur[ée]at|Bac(?! \d{4})|Brevet|Magist[èe]re)\b(?! de travail)"
    r"|(?:B\.?\s?(?:Sc|S|A|Eng|E|Tech|Com|Ed|BA|F\.?A|Arch|Mus|CA|N|Pharm|Des)|M\.?\s?(?:Sc|S|A|Eng|E|Tech|Com|Ed|B\.?A|F\.?A|Phil|Arch|Mus|CA|P\.?H|P\.?A|Des|Res|S\.?W)|A\.?\s?(?:A|S|A\.?S)|LL\.?\s?[BM]|Ph\.?\s?D|D\.?Phil|J\.?D|M\.?D|Ed\.?D|D\.?B\.?A|BBA|EMBA|[BM]Eng|M(?:Chem|Phys|Math|Biol|Sci|Litt|Comp|Pharm)|BChem|MBBS|MRes|PharmD|Psy\.?D)\b\.?(?:\s?\(?Hons?\.?\)?)?"
    r"|High School|GED|A[- ]Levels?|GCSEs?|International Baccalaureate|Abitur|HND|HNC|BTEC|BTS|DUT|BUT|CAP|BEP|DEUG|DEUST|DESS|DEA|DCG|DSCG|CPGE|MBA|MPA|DAEU|PGCE|PGDip|NVQ"
    r"|Classes? pr[ée]paratoires?|Ing[ée]nieur|Cycle ing[ée]nieur|Formation|Titre professionnel|Bootcamp|Nanodegree)(?![\w])"
)
_WHOLE: Final = re.compile(
    r"(?i:bachelor|master|doctor|associate|diploma|certificate|licence|dipl[ôo]me|bac|brevet|mast[èe]re)"
)
_FIELD: Final = re.compile(
    r"^(?:\s*of (?:Science|Arts|Engineering|Technology|Business Administration|Commerce|Education|Fine Arts|Laws?|Philosophy|Music|Architecture|Applied Science|Social Work|Public Health|Applied Arts)(?:s)?\b)?(?: degree| \([^)]*\)| \d| Professionnelle?| Pro\b| Recherche| Sp[ée]cialis[ée]| Universitaire| d['’][ée]tat| d['’]ing[ée]nieur| g[ée]n[ée]ral| technologique)*[\s,:.]*(?:\b(?:in|en|of|de|d['’]|sp[ée]cialit[ée]|mention|option|major(?:ing)? in)\s*)?[\s,:–—-]*(?P<field>.*)$"
)
_EXTRA: Final = re.compile(
    r"\b(?:gpa|cgpa|honou?rs|cum laude|distinction|grade|first class|expected|grad|graduat\w*|mention|coursework|minor|dean|major gpa|overall|score|percentage|class of|rank|promotion|obtenu|with|thesis)\b",
    re.IGNORECASE,
)
_FACULTY: Final = re.compile(
    r"(?:College|School|Faculty|Department|Institute|Facult[ée]|D[ée]partement|UFR) (?:of|de|des|d['’]) ?"
)
_CANDIDATE: Final = re.compile(
    r"(?:candidate for|pursuing|working towards?|expected|completed|currently studying)(?: an?| the)? ",
    re.IGNORECASE,
)
_NOISE: Final = re.compile(
    r"^(?:relevant|incoming|selected)?\s*(?:coursework|courses?|cours|thesis|gpa|cgpa|honors|activities|awards?|minor|grade|dissertation|modules|specialization)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Found:
    """What one line says."""

    line: Line
    degree: tuple[int, int] | None
    school: tuple[int, int] | None
    other: tuple[int, int] | None
    year: int | None


def find_education(text: str, passages: Sequence[Passage]) -> tuple[Education, ...]:
    """Degrees and schools in the text's order; lines on courses and marks are passed over."""
    out: list[Education] = []
    for passage in passages:
        if passage.section == "education":
            found = [_look(text, line) for line in passage.lines if _is_entry(line)]
            out += _entries(text, [each for each in found if each is not None])
    return tuple(sorted(out, key=lambda each: each.evidence.start))


def _is_entry(line: Line) -> bool:
    if _NOISE.match(line.text) or len(line.text) > 160:
        return False
    return not line.bullet or _DEGREE.search(line.text) is not None or names_school(line.text)


def _look(text: str, line: Line) -> _Found | None:
    years = [span.last.year for span in spans_of(line.text) if span.last is not None]
    pieces = [piece for piece in _undated_pieces(line) if not piece.place]
    degree = next(
        (piece for piece in pieces if _DEGREE.search(piece.text) and not _is_school(piece)), None
    )
    if degree is None:
        degree = next((piece for piece in pieces if _DEGREE.search(piece.text)), None)
    school = next(
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
    return _Found(
        line,
        degree_span,
        None if school is None else (school.start, _end_of_school(text, school)),
        (other[0].start, other[0].end)
        if other and other[0].text[:1].isupper() and not line.bullet
        else None,
        years[-1] if years else None,
    )


def _undated_pieces(line: Line) -> Iterator[Piece]:
    at = 0
    for span in (*spans_of(line.text), None):
        end = len(line.text) if span is None else span.at
        yield from pieces_of(line.text[at:end], line.start + at, 0, by_at=False)
        at = end if span is None else span.end


def _is_school(piece: Piece) -> bool:
    return names_school(piece.text) and _DEGREE.match(piece.text) is None


def _span_of(degree: Piece, pieces: Sequence[Piece]) -> tuple[int, int]:
    candidate = _CANDIDATE.match(degree.text)
    skipped = candidate.end() if candidate else 0
    return degree.start + skipped, _end_of_degree(degree, pieces)


def _end_of_degree(degree: Piece, pieces: Sequence[Piece]) -> int:
    """The field may follow after a comma: Associate degree, H.R. Management."""
    end = degree.end
    for piece in pieces[pieces.index(degree) + 1 :]:
        bare = _without_remark(piece.text)
        if piece.mark != "comma" or piece.place or not _is_field(bare, degree):
            break
        end = piece.start + len(bare)
    return end


def _is_field(text: str, degree: Piece) -> bool:
    # A school's short name behind the field: Diplôme d'ingénieur en informatique, ENSEEIHT.
    if text.isupper() and len(text) > 2 and _field(degree.text) is not None:
        return False
    other = names_school(text) or _EXTRA.search(text) or _DEGREE.search(text)
    return text[:1].isupper() and not other


def _without_remark(text: str) -> str:
    """Without marks in brackets: Mechatronics (grade 1.6)."""
    bare, _, remark = text.partition("(")
    return bare.rstrip() if _EXTRA.search(remark) else text


def _end_of_school(text: str, school: Piece) -> int:
    """A campus after a comma belongs to the school: State Polytechnic University, Springfield."""
    after = re.match(r", ([A-Z][\w'-]+)(?=$|\n|\t)", text[school.end : school.end + 40])
    return school.end + after.end() if after and not is_place(after[1]) else school.end


def _entries(text: str, found: Sequence[_Found]) -> Iterator[Education]:
    """One entry a degree, with the school on its line or beside it; else one a school."""
    used: set[int] = set()
    if not any(each.degree for each in found):
        yield from _courses(text, found)
        return
    degrees = [at for at, each in enumerate(found) if each.degree is not None]
    school_first = any(_school(found[at]) for at in range(degrees[0]))
    year_first = _is_year_only(found[0])
    for at in degrees:
        school = _school_beside(found, at, school_first)
        used.update({at, *([] if school is None else [school])})
        entry = _entry(text, found[at], None if school is None else found[school])
        first, last = sorted((at, at if school is None else school))
        span = slice(max(0, first - 1), first) if year_first else slice(first, last + 3)
        beside = [each for each in found[span] if _is_year_only(each)]
        yield _with_year(entry, beside if first < last else found[last + 1 : last + 3])
    for at, each in enumerate(found):
        if at in used or each.school is None or each.line.bullet or _is_faculty(each):
            continue
        before = found[at - 1] if at > 0 and at - 1 not in used else None
        yield _with_program(text, _entry(text, each, each), before)


def _is_faculty(found: _Found) -> bool:
    """A part of the school above: College of Engineering."""
    return found.year is None and _FACULTY.match(found.line.text) is not None


def _with_year(entry: Education, below: Sequence[_Found]) -> Education:
    """The year may stand on a line of its own below degree and school."""
    for each in below:
        if entry.year is not None or each.degree is not None or each.school is not None:
            break
        entry = replace(entry, year=each.year)
    return entry


def _with_program(text: str, entry: Education, before: _Found | None) -> Education:
    """A course without a degree, named on the line above its school, with its year."""
    if before is None or before.other is None or before.year is None or before.school is not None:
        return entry
    return replace(entry, degree=text[slice(*before.other)], year=entry.year or before.year)


def _courses(text: str, found: Sequence[_Found]) -> Iterator[Education]:
    """Without any degree: a course with its year above its school, or schools alone."""
    named = any(each.school for each in found)
    taken = -1
    for at, each in enumerate(found):
        after = found[at + 1] if at + 1 < len(found) and found[at + 1].year is None else None
        if at == taken or each.line.bullet:
            continue
        if each.school is not None:
            yield _entry(text, each, each)
        elif each.year is not None and each.other is not None:
            span = None if after is None else after.school or after.other
            if span is None and named:
                continue
            taken = at + 1 if span else taken
            yield Education(
                degree=text[slice(*each.other)] if span else None,
                institution=text[slice(*(span or each.other))],
                year=each.year,
                evidence=_evidence(text, each.line),
            )


def _school(found: _Found) -> tuple[int, int] | None:
    return found.school or (found.other if found.degree is None else None)


def _school_beside(found: Sequence[_Found], at: int, school_first: bool) -> int | None:
    if found[at].school is not None:
        return at
    for step in (-1, -2, 1) if school_first else (1, -1):
        place = at + step
        if not 0 <= place < len(found) or found[place].degree is not None:
            continue
        between = found[at - 1]
        passed = step != -2 or between.degree is not None or _is_year_only(between)
        if passed and _school(found[place]):
            return place
    return at if found[at].other is not None else None


def _is_year_only(found: _Found) -> bool:
    return found.degree is None and found.school is None and found.other is None


def _entry(text: str, degree: _Found, school: _Found | None) -> Education:
    place = None if school is None else (school.school or school.other)
    written = None if degree.degree is None else text[slice(*degree.degree)]
    year = degree.year if degree.year is not None or school is None else school.year
    return Education(
        degree=written,
        institution=None if place is None else text[slice(*place)],
        field=None if written is None else _field(written),
        year=year,
        evidence=_evidence(text, degree.line),
    )


def _evidence(text: str, line: Line) -> Evidence:
    return Evidence(line.start, line.end, text[line.start : line.end])


def _field(degree: str) -> str | None:
    """What was studied, where the degree says: the words after "in" or after the letters."""
    match = _DEGREE.search(degree)
    if match is None:
        return None
    rest = _FIELD.match(degree[match.end() :].lstrip("."))
    field = rest["field"].partition("(")[0].strip(" ,.:;)–—-") if rest else ""
    known = len(field) > 1 and field[0].isalnum() and not _DEGREE.fullmatch(field)
    return field if known else None
