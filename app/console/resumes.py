"""What the pages about résumés show, beyond what the API says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.resumes.models import ENDED
from app.resumes.schemas import ResumeOut, SkillOut

TONES: Final = {
    "uploaded": "wait",
    "text_extracted": "run",
    "skills_extracted": "good",
    "extraction_failed": "bad",
}
_STEPS: Final = ("uploaded", "text_extracted", "skills_extracted")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the text; `skill` names what was read from it."""

    text: str
    skill: str | None


def passages(resume: ResumeOut) -> list[Passage]:
    """The text in pieces, with each passage that a skill was read from by itself."""
    text, at = resume.text or "", 0
    found: list[Passage] = []
    spots = sorted(
        (one.start, one.end, skill.name) for skill in resume.skills for one in skill.evidence
    )
    for start, end, name in spots:
        if start < at or end > len(text):
            continue
        found += [Passage(text[at:start], None), Passage(text[start:end], name)]
        at = end
    return [one for one in (*found, Passage(text[at:], None)) if one.text]


def by_category(skills: Sequence[SkillOut]) -> dict[str | None, list[SkillOut]]:
    """The skills of each category, in the order in which categories were met; None comes last."""
    found: dict[str | None, list[SkillOut]] = {}
    for skill in sorted(skills, key=lambda skill: skill.category is None):
        found.setdefault(skill.category, []).append(skill)
    return found


def still_to_come(resume: ResumeOut) -> list[str]:
    """The steps that are ahead while a résumé is being read."""
    if resume.status in ENDED:
        return []
    return list(_STEPS[_STEPS.index(resume.status) + 1 :])


TOOLS: Final[dict[str, Any]] = {"tones": TONES}
"""What the templates of résumés ask."""
