"""Résumé × job → a score whose parts add up, each with what it rests on.

Points are halves, which binary fractions hold exactly: the parts add up to the last digit.
"""

from collections.abc import Mapping
from typing import Final

from app.analysis.engine.degrees import NAMES
from app.analysis.engine.relations import relations
from app.analysis.engine.values import (
    AskedSkill,
    Component,
    Demands,
    Held,
    HeldSkill,
    MatchedSkill,
    MissingSkill,
    Name,
    Passage,
    Profile,
    Score,
)

WEIGHTS: Final[Mapping[Name, float]] = {
    "skills": 50.0,
    "experience": 20.0,
    "education": 10.0,
    "relevance": 20.0,
}
# A needed skill weighs three times a nice one.
_SKILL_WEIGHTS: Final = {"must": 3.0, "nice": 1.0}
# Time in posts of another kind counts, but not as much.
_ELSEWHERE: Final = 0.5
_MOST_EVIDENCE: Final = 5


def score(profile: Profile, demands: Demands, *, fit: float) -> Score:
    """The explained score. `fit` (0..100) is what the ranking signal says of the two texts."""
    maxima = _maxima(demands)
    matched, missing = compare_skills(profile, demands)
    components = (
        _skills(matched, missing, maxima["skills"]),
        _experience(profile, demands, maxima["experience"]),
        _education(profile, demands, maxima["education"]),
        _relevance(fit, maxima["relevance"]),
    )
    return Score(
        overall=sum(component.score for component in components),
        fit=fit,
        components=components,
        matched=matched,
        missing=missing,
    )


def _maxima(demands: Demands) -> Mapping[Name, float]:
    """The weights; what a job says nothing about leaves its points to what it speaks of."""
    maxima = dict(WEIGHTS)
    if not demands.skills:
        maxima["relevance"] += maxima["skills"]
        maxima["skills"] = 0.0
    if not demands.degree:
        heir: Name = "skills" if demands.skills else "relevance"
        maxima[heir] += maxima["education"]
        maxima["education"] = 0.0
    return maxima


def compare_skills(
    profile: Profile, demands: Demands
) -> tuple[tuple[MatchedSkill, ...], tuple[MissingSkill, ...]]:
    """Asked skills that are shown, in the job's order, then those that are not."""
    held = {skill.key: skill for skill in profile.skills}
    matched: list[MatchedSkill] = []
    missing: list[MissingSkill] = []
    for asked in demands.skills:
        found = _match(asked, held)
        if found is not None:
            matched.append(found)
        else:
            missing.append(
                MissingSkill(
                    name=asked.name,
                    id=asked.key,
                    importance=asked.importance,
                    asked_in=asked.evidence,
                )
            )
    return tuple(matched), tuple(missing)


def _match(asked: AskedSkill, held: Mapping[str, HeldSkill]) -> MatchedSkill | None:
    """The skill itself, else the held one that says most about it."""
    skill, credit, via = held.get(asked.key), 1.0, None
    if skill is None:
        near = relations().get(asked.key, {})
        found = [(credit, key) for key, credit in near.items() if key in held]
        if not found:
            return None
        credit, key = max(found)
        skill = held[key]
        via = skill.name
    return MatchedSkill(
        name=asked.name,
        id=asked.key,
        importance=asked.importance,
        credit=credit,
        via=via,
        evidence=skill.evidence[:_MOST_EVIDENCE],
    )


def _half(points: float) -> float:
    """Rounded to half points."""
    return round(points * 2) / 2


def _skills(
    matched: tuple[MatchedSkill, ...], missing: tuple[MissingSkill, ...], most: float
) -> Component:
    asked_for = [each.importance for each in matched] + [each.importance for each in missing]
    asked = sum(_SKILL_WEIGHTS[importance] for importance in asked_for)
    if not asked:
        return Component(
            name="skills", score=0.0, max=most, explanation="The job names no skill to compare."
        )
    shown = sum(_SKILL_WEIGHTS[each.importance] * each.credit for each in matched)
    needed = asked_for.count("must")
    has = sum(each.importance == "must" for each in matched)
    concluded = sum(each.via is not None for each in matched)
    said = [f"{has} of {needed} needed skills"] if needed else []
    if len(asked_for) > needed:
        wished = len(asked_for) - needed
        said.append(f"{len(matched) - has} of {wished} that would be welcome")
    explanation = f"The résumé shows {' and '.join(said)}."
    if concluded:
        explanation += f" {concluded} of them counted in part, concluded from a related skill."
    return Component(
        name="skills",
        score=_half(most * shown / asked),
        max=most,
        explanation=explanation,
        evidence=tuple(each.evidence[0] for each in matched if each.evidence)[:_MOST_EVIDENCE],
    )


def relevant_months(profile: Profile, demands: Demands) -> tuple[float, tuple[Held, ...]]:
    """Months that count: in full where title or skills fit the job, else by half; and the former.

    Never more than the whole time: posts that overlap are not counted twice.
    """
    asked = {skill.key for skill in demands.skills}
    near = tuple(
        post
        for post in profile.posts
        if post.words & demands.title_words or len(post.skills & asked) >= min(2, len(asked) or 1)
    )
    known = sum(post.months for post in profile.posts)
    total = min(known, known if profile.months is None else profile.months)
    fitting = min(total, sum(post.months for post in near))
    return fitting + _ELSEWHERE * (total - fitting), near


def _experience(profile: Profile, demands: Demands, most: float) -> Component:
    if not demands.months:
        explanation = "The job is open to people without experience."
        return Component(name="experience", score=most, max=most, explanation=explanation)
    months, near = relevant_months(profile, demands)
    asked = f"{_time(demands.months)} of experience"
    source = "asks for" if demands.months_evidence else "has a level that stands for"
    if not profile.months:
        explanation = f"The job {source} {asked}; the résumé shows no posts with dates."
    else:
        explanation = (
            f"The job {source} {asked}; the résumé shows {_time(profile.months)},"
            f" of which {_time(round(months))} count for this job."
        )
    return Component(
        name="experience",
        score=_half(most * min(1.0, months / demands.months)),
        max=most,
        explanation=explanation,
        evidence=tuple(post.evidence for post in near)[:_MOST_EVIDENCE],
    )


def _time(months: int) -> str:
    years, rest = divmod(months, 12)
    parts = [f"{years} year{'s' * (years != 1)}"] if years else []
    if rest or not years:
        parts.append(f"{rest} month{'s' * (rest != 1)}")
    return " and ".join(parts)


def _education(profile: Profile, demands: Demands, most: float) -> Component:
    if not demands.degree:
        return Component(
            name="education", score=most, max=most, explanation="The job asks for no degree."
        )
    has, asked = NAMES[profile.degree], NAMES[demands.degree]
    share = _degree_share(profile, demands)
    replaced = share == 1.0 and profile.degree < demands.degree
    explanation = f"The job asks for a {asked}; the résumé shows {_article(has)}."
    if replaced:
        explanation += " The experience counts as its equivalent, as the job allows."
    evidence: tuple[Passage, ...] = ()
    if profile.degree_evidence is not None:
        evidence = (profile.degree_evidence,)
    return Component(
        name="education",
        score=_half(most * share),
        max=most,
        explanation=explanation,
        evidence=evidence,
    )


def _article(name: str) -> str:
    return name if name.startswith("no ") else f"a {name}"


def _degree_share(profile: Profile, demands: Demands) -> float:
    if profile.degree >= demands.degree:
        return 1.0
    if demands.experience_may_replace and relevant_months(profile, demands)[0] >= demands.months:
        return 1.0
    # One step below counts half, as two years of a bachelor's three do; nothing known counts nothing.
    return 0.5 if profile.degree and profile.degree == demands.degree - 1 else 0.0


def _relevance(fit: float, most: float) -> Component:
    return Component(
        name="relevance",
        score=_half(most * fit / 100),
        max=most,
        explanation=f"The whole résumé ranks at {fit:g} of 100 for this job by its words and meaning.",
    )
