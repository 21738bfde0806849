"""Degrees and schools, in English and French."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from app.resumes.understanding.degrees import field_of
from app.resumes.understanding.passages import Line, Passage
from app.resumes.understanding.study_lines import StudyLine, is_study, look
from app.resumes.understanding.values import Education, Evidence

_FACULTY: Final = re.compile(
    r"(?:College|School|Faculty|Department|Institute|Facult[ée]|D[ée]partement|UFR) (?:of|de|des|d['’]) ?"
)


def find_education(text: str, passages: Sequence[Passage]) -> tuple[Education, ...]:
    """Degrees and schools in the text's order; lines on courses and marks are passed over."""
    out: list[Education] = []
    for passage in passages:
        if passage.section == "education":
            found = [look(text, line) for line in passage.lines if is_study(line)]
            out += _entries(text, [each for each in found if each is not None])
    return tuple(sorted(out, key=lambda each: each.evidence.start))


def _entries(text: str, found: Sequence[StudyLine]) -> Iterator[Education]:
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


def _is_faculty(found: StudyLine) -> bool:
    """A part of the school above: College of Engineering."""
    return found.year is None and _FACULTY.match(found.line.text) is not None


def _with_year(entry: Education, below: Sequence[StudyLine]) -> Education:
    """The year may stand on a line of its own below degree and school."""
    for each in below:
        if entry.year is not None or each.degree is not None or each.school is not None:
            break
        entry = replace(entry, year=each.year)
    return entry


def _with_program(text: str, entry: Education, before: StudyLine | None) -> Education:
    """A course without a degree, named on the line above its school, with its year."""
    if before is None or before.other is None or before.year is None or before.school is not None:
        return entry
    return replace(entry, degree=text[slice(*before.other)], year=entry.year or before.year)


def _courses(text: str, found: Sequence[StudyLine]) -> Iterator[Education]:
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


def _school(found: StudyLine) -> tuple[int, int] | None:
    return found.school or (found.other if found.degree is None else None)


def _school_beside(found: Sequence[StudyLine], at: int, school_first: bool) -> int | None:
    if found[at].school is not None:
        return at
    for step in (-1, -2, 1) if school_first else (1, 2, -1):
        place = at + step
        if not 0 <= place < len(found) or found[place].degree is not None:
            continue
        between = found[at - 1]
        passed = step != -2 or between.degree is not None or _is_year_only(between)
        passed &= step != 2 or _is_year_only(found[at + 1])
        if passed and _school(found[place]):
            return place
    return at if found[at].other is not None else None


def _is_year_only(found: StudyLine) -> bool:
    return found.degree is None and found.school is None and found.other is None


def _entry(text: str, degree: StudyLine, school: StudyLine | None) -> Education:
    place = degree.tail if school is None else (school.school or school.other)
    span = degree.degree
    if span is not None and place is not None and span[0] < place[0] < span[1]:
        span = span[0], len(text[: place[0]].rstrip(", (["))
    written = None if span is None else text[slice(*span)]
    year = degree.year if degree.year is not None or school is None else school.year
    return Education(
        degree=written,
        institution=None if place is None else text[slice(*place)],
        field=None if written is None else field_of(written),
        year=year,
        evidence=_evidence(text, degree.line),
    )


def _evidence(text: str, line: Line) -> Evidence:
    return Evidence(line.start, line.end, text[line.start : line.end])
