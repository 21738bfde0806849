"""A résumé, read once more: only what may move a score."""

from collections.abc import Iterable, Sequence
from typing import Final

from app.analysis.engine.degrees import level_of
from app.analysis.engine.meaning import embed_where_installed
from app.analysis.engine.neutral import Cleaner, neutral_text
from app.analysis.engine.rarity import weighed
from app.analysis.engine.values import Held, HeldSkill, Passage, Profile
from app.analysis.engine.words import words_of
from app.resumes.understanding.values import Education, Evidence, Experience, Skill, Understanding
from app.skills.surface import tokens_of
from app.skills.taxonomy import taxonomy

_MOST_SKILLS_IN_OPENING: Final = 40
_OPENING: Final = 900
_TITLE_WEIGHT: Final = 6
_LONGEST_EVIDENCE: Final = 300


def read_resume(text: str, understood: Understanding) -> Profile:
    """The profile of a résumé. Deterministic; name, addresses, age and sex are not in it."""
    degree, evidence = _degree(understood.education)
    cleaner = Cleaner(understood)
    newest = _newest(understood.experience)
    title = cleaner.clean(newest.title or "") if newest else ""
    told = cleaner.clean(newest.description or "") if newest else ""
    neutral = neutral_text(text, understood)
    # What somebody does now says more than what they did before.
    words = [*words_of(neutral), *words_of(told), *words_of(title) * _TITLE_WEIGHT]
    return Profile(
        skills=tuple(_skill(skill) for skill in understood.skills),
        posts=tuple(_post(post) for post in understood.experience),
        months=understood.total_experience_months,
        degree=degree,
        degree_evidence=evidence,
        terms=dict(weighed(words)),
        embedding=embed_where_installed(_opening(title, told or neutral, understood.skills)),
    )


def _newest(posts: Sequence[Experience]) -> Experience | None:
    return max(
        posts, key=lambda post: (post.current, post.end or "", post.start or ""), default=None
    )


def _opening(title: str, told: str, skills: Sequence[Skill]) -> str:
    """What is embedded of a résumé: the newest post, and the first skills."""
    names = (skill.label or skill.name for skill in skills[:_MOST_SKILLS_IN_OPENING])
    return f"{title}\n{told[:_OPENING]}\n{', '.join(names)}"


def _skill(skill: Skill) -> HeldSkill:
    key = skill.id or skill.name.casefold()
    return HeldSkill(key, skill.label or skill.name, tuple(map(_passage, skill.evidence)))


def _passage(evidence: Evidence) -> Passage:
    return Passage(evidence.text[:_LONGEST_EVIDENCE], evidence.start, evidence.end)


def _post(post: Experience) -> Held:
    said = f"{post.title or ''}\n{post.description or ''}"
    known = taxonomy()
    tokens = tokens_of(said)
    return Held(
        title=post.title or "",
        months=post.months or 0,
        words=frozenset(words_of(post.title or "")),
        skills=frozenset(concept.id for _, _, concept in known.matches(tokens, said)),
        evidence=_passage(post.evidence),
    )


def _degree(education: Iterable[Education]) -> tuple[int, Passage | None]:
    best, evidence = 0, None
    for each in education:
        level = level_of(each.degree or "")
        if level > best:
            best, evidence = level, _passage(each.evidence)
    return best, evidence
