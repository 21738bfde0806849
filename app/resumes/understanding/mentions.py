"""Skills that sentences mention: what the taxonomy knows and the sequence model sees there."""

import re
from collections.abc import Sequence
from typing import Final

from app.resumes.understanding.collection import Collection, Found, Match
from app.resumes.understanding.entries import main_date
from app.resumes.understanding.passages import Passage
from app.resumes.understanding.spans import skill_spans
from app.skills.surface import Token, key_of, tokens_of
from app.skills.taxonomy import Concept, Taxonomy

_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.;!?](?=\s)|(?=\n)|$)")
_PROSE: Final = frozenset({"summary", "experience", "projects", "activities", "awards", None})
_JOINING: Final = re.compile(r"\s*(?:,|/|&|\+|,?\s(?:and|or|et|ou)\s)\s*")
_SURE: Final = 0.6
_LIKELY: Final = 0.35
_SHORT_LINE: Final = 50
# Firms whose names O*NET counts as technology; in a sentence they are employers and customers.
_FIRMS: Final = frozenset(
    {
        "google",
        "facebook",
        "linkedin",
        "youtube",
        "twitter",
        "amazon",
        "apple",
        "microsoft",
        "oracle",
    }
)


def add_mentioned(text: str, passage: Passage, taxonomy: Taxonomy, skills: Collection) -> None:
    """Technology that the taxonomy knows, and what the model finds and the taxonomy knows too."""
    if passage.section not in _PROSE:
        return
    for line in passage.lines:
        heads = "\t" in line.text or len(line.text) < _SHORT_LINE or main_date(line) is not None
        if (heads and not line.bullet) or "@" in line.text:
            continue
        for match in _SENTENCE.finditer(text, line.start, line.end):
            _add_sentence(text, match.start(), match.end(), taxonomy, skills)


def _add_sentence(text: str, start: int, end: int, taxonomy: Taxonomy, skills: Collection) -> None:
    tokens = tokens_of(text, start, end)
    matches = [
        match
        for match in taxonomy.matches(tokens, text)
        if match[0] < match[1] or tokens[match[0]].key not in _FIRMS
    ]
    if not matches:
        return
    spans = list(skill_spans(text, start, end, taxonomy))
    sure: list[float] = []
    for at, last, concept in matches:
        begin, stop = tokens[at].start, tokens[last].end
        most = max((p for one, two, _, p in spans if one < stop and begin < two), default=0.0)
        sure.append(_confidence(text[begin:stop], at == last, concept, most))
    runs = _runs(text, tokens, matches)
    for number, (at, last, concept) in enumerate(matches):
        begin, stop = tokens[at].start, tokens[last].end
        named = concept.category == "technology" and text[begin].isupper() and stop - begin > 2
        in_company = any(sure[other] for other in runs[number])
        confidence = sure[number] or (0.5 if named and in_company else 0.0)
        if confidence >= 0.4:
            found = Found(concept, confidence, False, concept.category)
            skills.add(concept.id, found, begin, stop)


def _runs(text: str, tokens: Sequence[Token], matches: Sequence[Match]) -> list[list[int]]:
    """For each match those that are named in one breath with it, itself among them."""
    runs: list[list[int]] = []
    for number in range(len(matches)):
        if number and _enumerated(text, tokens, matches, number - 1, number):
            runs[-1].append(number)
            runs.append(runs[-1])
        else:
            runs.append([number])
    return runs


def _enumerated(
    text: str, tokens: Sequence[Token], matches: Sequence[Match], first: int, second: int
) -> bool:
    """Named in one breath: Docker, Kubernetes and Terraform."""
    between = text[tokens[matches[first][1]].end : tokens[matches[second][0]].start]
    return _JOINING.fullmatch(between) is not None


def _is_everyday(written: str, concept: Concept) -> bool:
    """A common word that is a skill's nickname: teams, lead, meet, guide."""
    return written.islower() and key_of(written) != key_of(concept.name)


def _confidence(written: str, is_word: bool, concept: Concept, sure: float) -> float:
    """Common words name a skill only where the model sees one; names of technology stand alone."""
    short = len(written) <= 2
    marked = any(letter.isupper() or letter.isdigit() or letter in "+#." for letter in written[1:])
    if is_word and _is_everyday(written, concept):
        return 0.0
    if concept.category == "technology" and not short and (marked or written[0].isupper()):
        # Many a firm and product is a common word; what looks like no word needs no sentence.
        needed = 0.0 if marked else _LIKELY
        return 0.55 + 0.25 * sure if sure >= needed else 0.0
    if short:
        return 0.5 * sure if sure >= _SURE and written.isupper() else 0.0
    return 0.45 + 0.2 * sure if sure >= (_SURE if is_word else 0.5) else 0.0
