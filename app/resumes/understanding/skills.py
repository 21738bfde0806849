"""Skills: those that a résumé lists, then those that its sentences mention."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.resumes.headings import heading_of, plain
from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.entries import main_date
from app.resumes.understanding.passages import Line, Passage
from app.resumes.understanding.spans import skill_spans
from app.resumes.understanding.surface import Token, key_of, tokens_of
from app.resumes.understanding.taxonomy import Concept, Taxonomy
from app.resumes.understanding.values import Evidence, Skill

_DELIMITERS: Final = re.compile(r"\s*(?:[,;|•●▪■◦·\t\n●]|\s[/–—-]\s|\s&\s(?=[A-Z]))\s*")
_LABEL: Final = re.compile(
    r"^[^:,;|•()\n\t]{2,45}\s*[:：]\s*|^[A-ZÀ-Ý][^:,;|•()\n\t]{2,30}?\s+[-–—]\s+(?=[^\n]*,)"
)
_LEVEL: Final = re.compile(
    r"\s*[(\[–—:-]?\s*\b(?:native|fluent|bilingual|proficient|proficiency|professional|working|conversational|intermediate|advanced|basic|beginner|expert|limited|elementary|mother tongue|full professional"
    r"|courant|bilingue|langue maternelle|maternelle?|natif|native|interm[ée]diaire|avanc[ée]|d[ée]butant|notions|scolaire|lu|[ée]crit|parl[ée]|niveau|toeic|toefl|ielts|[ABC][12]\+?|\d+ ?(?:\+ )?(?:years?|ans?|yrs?)|\d{2,4}(?:/\d+)?|jlpt \w+)\b.*$",
    re.IGNORECASE,
)
_LANGUAGE_ROW: Final = re.compile(r"(?:spoken |foreign )?languages?|langues?", re.IGNORECASE)
_FLUENT: Final = re.compile(
    r"^(?:fluent|native|conversational|proficient|bilingual|basic|working knowledge) (?:in|of)?\s*|^(?:proficiency in|knowledge of|experience with|familiar with|expertise in|ma[iî]trise d[eu]s?|connaissances? (?:en|de|d['’]))\s*",
    re.IGNORECASE,
)
_EDGES: Final = " \t\n.,;:•·*-–—|/"
_LONGEST_ITEM: Final = 6
_MOST_EVIDENCE: Final = 5
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.;!?](?=\s)|(?=\n)|$)")
_PROSE: Final = frozenset({"summary", "experience", "projects", "activities", "awards", None})
_JOINING: Final = re.compile(r"\s*(?:,|/|&|\+|,?\s(?:and|or|et|ou)\s)\s*")
_SURE: Final = 0.6
_LIKELY: Final = 0.35
_SHORT_LINE: Final = 50
_LEVEL_ONLY: Final = re.compile(
    r"(?:over|more than|less than|familiar|proficient|expert|advanced|intermediate|basic|learning|others?|autres|working knowledge)\b[^,]*",
    re.IGNORECASE,
)


Match = tuple[int, int, Concept]


@dataclass(slots=True)
class _Found:
    concept: Concept | None
    confidence: float
    listed: bool
    category: str | None
    places: list[tuple[int, int]] = field(default_factory=list)


class _Collection:
    """Skills by id, or by the compared name of one that the taxonomy lacks."""

    def __init__(self) -> None:
        self.found: dict[str, _Found] = {}

    def add(self, key: str, found: _Found, start: int, end: int) -> None:
        known = self.found.setdefault(key, found)
        known.confidence = max(known.confidence, found.confidence)
        known.listed |= found.listed
        if all(end <= place[0] or start >= place[1] for place in known.places):
            known.places.append((start, end))


def find_skills(text: str, passages: Sequence[Passage], taxonomy: Taxonomy) -> tuple[Skill, ...]:
    """Listed skills in the list's order, then mentioned ones in the text's."""
    skills = _Collection()
    for passage in passages:
        if passage.section in {"skills", "languages"}:
            _add_listed(text, passage, taxonomy, skills)
    for passage in passages:
        if passage.section in _PROSE:
            _add_mentioned(text, passage, taxonomy, skills)
    return tuple(_skill(text, found) for found in skills.found.values())


def _skill(text: str, found: _Found) -> Skill:
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


def _add_listed(text: str, passage: Passage, taxonomy: Taxonomy, skills: _Collection) -> None:
    for start, end, in_languages in _items(text, passage, taxonomy):
        item = text[start:end]
        concept = taxonomy.named(item)
        if in_languages or (concept is not None and concept.category == "language"):
            _add_language(text, start, end, taxonomy, skills)
        elif concept is not None:
            skills.add(concept.id, _Found(concept, 0.95, True, concept.category), start, end)
        else:
            _add_unnamed(text, start, end, taxonomy, skills)


def _add_language(text: str, start: int, end: int, taxonomy: Taxonomy, skills: _Collection) -> None:
    """A human language; its level stays out of the name, and what is no language stays out."""
    for at, last, concept in taxonomy.matches(tokens := tokens_of(text, start, end), text):
        if concept.category == "language":
            found = _Found(concept, 0.9, True, "language")
            skills.add(concept.id, found, tokens[at].start, tokens[last].end)


def _add_unnamed(text: str, start: int, end: int, taxonomy: Taxonomy, skills: _Collection) -> None:
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
        found = _Found(inner, 0.75 if inner else 0.6, True, inner.category if inner else None)
        key = inner.id if inner else f"={key_of(text[start:end])}"
        skills.add(key, found, start, end)
        return
    for at, last, concept in matches:
        if concept.category == "technology" or last > at or glued:
            found = _Found(concept, 0.7, True, concept.category)
            skills.add(concept.id, found, tokens[at].start, tokens[last].end)


def _is_about(matches: Sequence[Match], tokens: Sequence[Token], covered: int) -> bool:
    """All but one of its words name the skill, or it begins with a technology."""
    first = matches[0]
    return covered >= len(tokens) - 1 or (first[0] == 0 and first[2].category == "technology")


def _items(text: str, passage: Passage, taxonomy: Taxonomy) -> Iterator[tuple[int, int, bool]]:
    """What stands between the delimiters of a list, and whether the list is of human languages."""
    for start, end in _joined(text, passage.lines, taxonomy):
        label = _LABEL.match(text[start:end])
        human = passage.section == "languages"
        if label is not None:
            named = plain(label.group()).strip(" :-–—")
            human |= _LANGUAGE_ROW.fullmatch(named) is not None and _speaks(
                text[start + label.end() : end]
            )
            if not human and heading_of(named) in {"interests", "certifications", "awards"}:
                continue
        begin = start + (label.end() if label is not None else 0)
        yield from ((at, last, human) for at, last in _split(text, begin, end))


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
    if opening > 0 and body[opening - 1] in " \t" and len(body[opening:]) > 4:
        yield from _trimmed(text, start, start + opening)
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


def _add_mentioned(text: str, passage: Passage, taxonomy: Taxonomy, skills: _Collection) -> None:
    """Technology that the taxonomy knows, and what the model finds and the taxonomy knows too."""
    for line in passage.lines:
        heads = "\t" in line.text or len(line.text) < _SHORT_LINE or main_date(line) is not None
        if heads and not line.bullet:
            continue
        for match in _SENTENCE.finditer(text, line.start, line.end):
            _add_sentence(text, match.start(), match.end(), taxonomy, skills)


def _add_sentence(text: str, start: int, end: int, taxonomy: Taxonomy, skills: _Collection) -> None:
    tokens = tokens_of(text, start, end)
    matches = list(taxonomy.matches(tokens, text))
    if not matches:
        return
    spans = list(skill_spans(text, start, end, taxonomy))
    sure: list[float] = []
    for at, last, concept in matches:
        begin, stop = tokens[at].start, tokens[last].end
        most = max((p for one, two, _, p in spans if one < stop and begin < two), default=0.0)
        sure.append(_confidence(text[begin:stop], at == last, concept, most))
    for number, (at, last, concept) in enumerate(matches):
        begin, stop = tokens[at].start, tokens[last].end
        beside = [
            other
            for other in (number - 1, number + 1)
            if 0 <= other < len(matches)
            and sure[other]
            and _enumerated(text, tokens, matches, number, other)
        ]
        named = concept.category == "technology" and text[begin].isupper() and stop - begin > 2
        confidence = sure[number] or (0.5 if beside and named else 0.0)
        if confidence >= 0.4:
            found = _Found(concept, confidence, False, concept.category)
            skills.add(concept.id, found, begin, stop)


def _enumerated(
    text: str, tokens: Sequence[Token], matches: Sequence[Match], one: int, other: int
) -> bool:
    """Named in one breath: Docker, Kubernetes and Terraform."""
    first, second = sorted((one, other))
    between = text[tokens[matches[first][1]].end : tokens[matches[second][0]].start]
    return _JOINING.fullmatch(between) is not None


def _confidence(written: str, is_word: bool, concept: Concept, sure: float) -> float:
    """Common words name a skill only where the model sees one; names of technology stand alone."""
    short = len(written) <= 2
    marked = any(letter.isupper() or letter.isdigit() or letter in "+#." for letter in written[1:])
    if concept.category == "technology" and not short and (marked or written[0].isupper()):
        # Many a firm and product is a common word; what looks like no word needs no sentence.
        needed = 0.0 if marked else _LIKELY
        return 0.55 + 0.25 * sure if sure >= needed else 0.0
    if short:
        return 0.5 * sure if sure >= _SURE and written.isupper() else 0.0
    return 0.45 + 0.2 * sure if sure >= (_SURE if is_word else 0.5) else 0.0
