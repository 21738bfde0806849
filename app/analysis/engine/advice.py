"""What would raise a score, and by how much: each proposal is scored again."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from app.analysis.engine.score import relevant_months, score
from app.analysis.engine.values import Advice, Demands, HeldSkill, Profile, Score

_MOST: Final = 8


def advise(profile: Profile, demands: Demands, present: Score) -> tuple[Advice, ...]:
    """Proposals that bring at least half a point, the best first.

    A proposal tells nobody to claim what they do not have: it says what showing it would bring.
    """
    found = [
        Advice(title=title, detail=detail, gain=gain)
        for title, detail, wished in _proposals(profile, demands, present)
        if (gain := score(wished, demands, fit=present.fit).overall - present.overall) > 0
    ]
    return tuple(sorted(found, key=lambda each: (-each.gain, each.title)))[:_MOST]


def _proposals(
    profile: Profile, demands: Demands, present: Score
) -> Iterator[tuple[str, str, Profile]]:
    for skill in present.missing:
        word = "needs" if skill.importance == "must" else "welcomes"
        detail = (
            f"The job {word} {skill.name} and the résumé does not mention it."
            " If you have worked with it, say where; else it is the one to learn."
        )
        yield f"Show {skill.name}", detail, _with_skill(profile, skill.id, skill.name)
    for matched in present.matched:
        if matched.via is not None:
            detail = f"{matched.name} was only concluded from {matched.via}. Name it if you have used it."
            yield f"Name {matched.name}", detail, _with_skill(profile, matched.id, matched.name)
    yield from _about_experience(profile, demands)


def _about_experience(profile: Profile, demands: Demands) -> Iterator[tuple[str, str, Profile]]:
    if not demands.months or not profile.posts:
        return
    months, _ = relevant_months(profile, demands)
    fitting = tuple(replace(post, words=post.words | demands.title_words) for post in profile.posts)
    if months and months < demands.months:
        detail = (
            "Some of your posts share neither title nor skills with this job and count by half."
            " Describe what you did there in the job's terms, where that is true."
        )
        title = "Tie earlier posts to this job"
        yield title, detail, replace(profile, posts=fitting)
    undated = [post for post in profile.posts if not post.months]
    if undated:
        detail = "Posts without dates count for nothing. Give each its first and last month."
        dated = tuple(replace(post, months=post.months or 12) for post in profile.posts)
        whole = (profile.months or 0) + 12 * len(undated)
        yield "Date every post", detail, replace(profile, posts=dated, months=whole)


def _with_skill(profile: Profile, key: str, name: str) -> Profile:
    return replace(profile, skills=(*profile.skills, HeldSkill(key, name, ())))
