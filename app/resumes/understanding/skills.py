"""Skills: those that a résumé lists, then those that its sentences mention."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from app.resumes.headings import heading_of
from app.resumes.understanding.collection import Collection, Found, Match
from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.mentions import add_mentioned
from app.resumes.understanding.passages import Line, Passage
from app.resumes.understanding.values import Evidence, Skill
from app.skills.surface import Token, key_of, plain, tokens_of
from app.skills.taxonomy import Taxonomy

_DELIMITERS: Final = re.compile(r"\s*(?:[,;|•●▪■◦·\t\n●]|\s[/–—-]\s|\s&\s(?=[A-Z]))\s*")
_LABEL: Final = re.compile(
    r"^[^:,;|•()\n\t]{2,45}\s*[:：]\s*|^[A-ZÀ-Ý][^:,;|•()\n\t]{2,30}?\s+[-–—]\s+(?=[^\n]*,)"
)
_LEVEL: Final = re.compile(
    r"\s*[(\[–—:-]?\s*\b(?:native|fluent|bilingual|proficient|proficiency|professional|working|conversational|intermediate|advanced|basic|beginner|expert|limited|elementary|mother tongue|full professional"
    r"|courant|bilingue|langue maternelle|maternelle?|natif|native|interm[ée]diaire|avanc[ée]|d[ée]butant|notions|scolaire|lu|[ée]crit|parl[ée]|niveau|toeic|toefl|ielts|[ABC][12]\+?|\d+ ?(?:\+ )?(?:years?|ans?|yrs?)|\d{2,4}(?:/\d+)?|jlpt \w+)\b.*$",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"\S+\s+(?=\S)")
_LABEL_WORDS: Final = 3
_SHORT_REMARK: Final = 4
_LANGUAGE_ROW: Final = re.compile(r"(?:spoken |foreign )?languages?|langues?", re.IGNORECASE)
_FLUENT: Final = re.compile(
    r"^(?:fluent|native|conversational|proficient|bilingual|basic|working knowledge) (?:in|of)?\s*|^(?:proficiency in|knowledge of|experience with|familiar with|expertise in|ma[iî]trise d[eu]s?|connaissances? (?:en|de|d['’]))\s*",
    re.IGNORECASE,
)
_EDGES: Final = " \t\n.,;:•·*-–—|/"
_LONGEST_ITEM: Final = 6
_MOST_EVIDENCE: Final = 5
_LEVEL_ONLY: Final = re.compile(
    r"(?:over|more than|less than|familiar|proficient|expert|advanced|intermediate|basic|learning|others?|autres|working knowledge)\b[^,]*",
    re.IGNORECASE,
)


def find_skills(text: str, passages: Sequence[Passage], taxonomy: Taxonomy) -> tuple[Skill, ...]:
    """Listed skills in the list's order, then mentioned ones in the text's."""
    skills = Collection()
    for passage in passages:
        if passage.section in {"skills", "languages"}:
            _add_listed(text, passage, taxonomy, skills)
    for passage in passages:
        add_mentioned(text, passage, taxonomy, skills)
    return tuple(_skill(text, found) for found in skills.found.values())


def _skill(text: str, found: Found) -> Skill:
    places = found.places[:_MOST_EVIDENCE]
    concept = found.concept
    return Skill(
        name=text[slice(*places[0])],
        id=None if concept is None else concept.id,
        label=None if concept is None else concept.name,
        category=found.category,
        confidence=round(found.confidence, 2),
        listed=found.listed,
        evidence=tuple(Evidence(start, end, text[start:end]) for start, end in places),
    )


def _add_listed(text: str, passage: Passage, taxonomy: Taxonomy, skills: Collection) -> None:
    for start, end, in_languages in _items(text, passage, taxonomy):
        item = text[start:end]
        concept = taxonomy.named(item)
        if in_languages or (concept is not None and concept.category == "language"):
            _add_language(text, start, end, taxonomy, skills)
        elif concept is not None:
            skills.add(concept.id, Found(concept, 0.95, True, concept.category), start, end)
        else:
            _add_unnamed(text, start, end, taxonomy, skills)


def _add_language(text: str, start: int, end: int, taxonomy: Taxonomy, skills: Collection) -> None:
    """A human language; its level stays out of the name, and what is no language stays out."""
    for at, last, concept in taxonomy.matches(tokens := tokens_of(text, start, end), text):
        if concept.category == "language":
            found = Found(concept, 0.9, True, "language")
            skills.add(concept.id, found, tokens[at].start, tokens[last].end)


def _add_unnamed(text: str, start: int, end: int, taxonomy: Taxonomy, skills: Collection) -> None:
    """An item that the taxonomy lacks: as a whole where it is short, else what it knows of it."""
    tokens = tokens_of(text, start, end)
    if not tokens or not any(letter.isalpha() for letter in text[start:end]):
        return
    matches = list(taxonomy.matches(tokens, text))
    covered = sum(last - at + 1 for at, last, _ in matches)
    glued = (
        len(matches) >= 2
        and covered == len(tokens)
        and all(text[tokens[at].start].isupper() for at, _, _ in matches)
    )
    if len(tokens) <= _LONGEST_ITEM and not glued:
        inner = matches[0][2] if matches and _is_about(matches, tokens, covered) else None
        found = Found(inner, 0.75 if inner else 0.6, True, inner.category if inner else None)
        key = inner.id if inner else f"={key_of(text[start:end])}"
        skills.add(key, found, start, end)
        return
    for at, last, concept in matches:
        if concept.category == "technology" or last > at or glued:
            found = Found(concept, 0.7, True, concept.category)
            skills.add(concept.id, found, tokens[at].start, tokens[last].end)


def _is_about(matches: Sequence[Match], tokens: Sequence[Token], covered: int) -> bool:
    """All but one of its words name the skill, or it begins with a technology."""
    first = matches[0]
    return covered >= len(tokens) - 1 or (first[0] == 0 and first[2].category == "technology")


def _items(text: str, passage: Passage, taxonomy: Taxonomy) -> Iterator[tuple[int, int, bool]]:
    """What stands between the delimiters of a list, and whether the list is of human languages."""
    rows = list(_joined(text, passage.lines, taxonomy))
    columns = [_label_column(text[start:end], taxonomy) for start, end in rows]
    set_in_columns = sum(column > 0 for column in columns) > 1
    for (start, end), column in zip(rows, columns, strict=True):
        label = _LABEL.match(text[start:end]) if passage.section == "skills" else None
        human = passage.section == "languages"
        if label is not None:
            named = plain(label.group()).strip(" :-–—")
            human |= _LANGUAGE_ROW.fullmatch(named) is not None and _speaks(
                text[start + label.end() : end]
            )
            if not human and heading_of(named) in {"interests", "certifications", "awards"}:
                continue
        begin = start + (label.end() if label is not None else column * set_in_columns)
        yield from ((at, last, human) for at, last in _split(text, begin, end))


def _label_column(row: str, taxonomy: Taxonomy) -> int:
    """Where a row's list begins if words without a colon stand before it: Back-end Koa, Django."""
    first = _DELIMITERS.split(row, maxsplit=1)[0]
    if first == row or taxonomy.named(first) is not None:
        return 0
    words = list(_WORDS.finditer(first))[:_LABEL_WORDS]
    return next((word.end() for word in words if taxonomy.named(first[word.end() :])), 0)


def _speaks(rest: str) -> bool:
    return _LEVEL.search(rest) is not None or _FLUENT.match(rest) is not None


def _joined(text: str, lines: Sequence[Line], taxonomy: Taxonomy) -> Iterator[tuple[int, int]]:
    """Lines, with the one below where an item goes on there."""
    waiting: tuple[Line, int, int] | None = None
    for line in lines:
        if "," not in line.text and _LEVEL_ONLY.fullmatch(line.text):
            continue
        if waiting is not None and _continues(
            text[waiting[1] : waiting[2]], waiting[0], line, taxonomy
        ):
            waiting = (line, waiting[1], line.end)
            continue
        if waiting is not None:
            yield waiting[1:]
        waiting = (line, line.start, line.end)
    if waiting is not None:
        yield waiting[1:]


def _continues(begun: str, before: Line, line: Line, taxonomy: Taxonomy) -> bool:
    """In an open bracket, in small letters below a bullet, or as the other half of a known name."""
    if line.bullet or begun.endswith((",", ";", ".")):
        return False
    if begun.count("(") > begun.count(")") or (before.bullet and line.text[0].islower()):
        return True
    halves = _DELIMITERS.split(begun)[-1], _DELIMITERS.split(line.text)[0]
    return taxonomy.named(" ".join(halves)) is not None and taxonomy.named(halves[1]) is None


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    body = text[start:end]
    for match in (*_DELIMITERS.finditer(body), None):
        stop = end if match is None else start + match.start()
        wrapped = match is not None and match.group() in {"\n", " \n"}
        if (
            match is not None
            and (wrapped or _in_brackets(body[: match.start()]))
            and "," not in match.group()
        ):
            continue
        yield from _trimmed(text, at, stop)
        at = end if match is None else start + match.end()


def _in_brackets(text: str) -> bool:
    return text.count("(") > text.count(")")


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The item without bullets, levels and joining words; what its brackets hold apart."""
    body = text[start:end]
    opening = body.find("(")
    whole = ")" in body and len(body[opening:]) <= _SHORT_REMARK
    if opening > 0 and body[opening - 1] in " \t" and not whole:
        yield from _trimmed(text, start, start + opening)
        if not _LEVEL.match(body, opening):
            yield from _trimmed(text, start + opening + 1, end)
        return
    word = _FLUENT.match(body) or re.match(r"\s*(?:and|et|or|ou|incl(?:uding)?\.?|e\.g\.)\s+", body)
    begin = start + (word.end() if word else 0)
    body = text[begin:end]
    level = _LEVEL.search(body)
    if level is not None and level.start() > 1 and any(spans_of(body)) is False:
        body = body[: level.start()]
    stripped = body.strip(_EDGES).rstrip(")]") if "(" not in body else body.strip(_EDGES)
    stripped = (
        stripped.strip(_EDGES.replace(".", "")) if body.lstrip().startswith(".") else stripped
    )
    if stripped and len(stripped) <= 80:
        at = begin + text[begin:end].index(stripped)
        if at > start and text[at - 1] == "." and text[at : at + 3].upper() == "NET":
            at, stripped = at - 1, f".{stripped}"
        yield at, at + len(stripped)
