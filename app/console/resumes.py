"""What the pages about résumés show, beyond what the API says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.console.language import Speech
from app.console.rendering import bytes_in
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


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is done: when, how long it took, and what came of it."""

    status: str
    at: datetime
    took: float | None
    detail: str


def steps_done(resume: ResumeOut, speech: Speech) -> list[Step]:
    """The steps so far, the first to the last."""
    before: datetime | None = None
    found = []
    for one in resume.status_history:
        took = None if before is None else (one.at - before).total_seconds()
        found.append(Step(one.status, one.at, took, _detail(one.status, resume, speech)))
        before = one.at
    return found


def _detail(status: str, resume: ResumeOut, speech: Speech) -> str:
    """What a step yielded, as far as it is at hand: a page that only watches has no text."""
    letters = len(resume.text or "")
    if status == "uploaded":
        return speech.say("step.size", size=bytes_in(speech, resume.size))
    if status == "text_extracted" and letters:
        name = "step.text" if resume.pages else "step.text_only"
        return speech.say(name, count=resume.pages or 0, letters=letters)
    if status == "skills_extracted":
        return speech.say("step.skills", count=len(resume.skills))
    return ""


def still_to_come(resume: ResumeOut) -> list[str]:
    """The steps that are ahead while a résumé is being read."""
    if resume.status in ENDED:
        return []
    return list(_STEPS[_STEPS.index(resume.status) + 1 :])


TOOLS: Final[dict[str, Any]] = {"tones": TONES, "steps_done": steps_done}
"""What the templates of résumés ask."""
