"""What the engine takes and gives: values only, no rows and no sessions.

Values hold values and never each other, so the collector need not look at them (`gc=False`): a
hundred answers make some ten thousand.
"""

from typing import Literal

import msgspec

Importance = Literal["must", "nice"]
Name = Literal["skills", "experience", "education", "relevance"]
Level = Literal["entry", "junior", "mid", "senior", "lead", "executive"]


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A part of a text: text[start:end]."""

    text: str
    start: int
    end: int


class Post(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a score rests on of a job, and nothing else of it.

    `skill_keys`: what each of the skills is compared by, as it is stored with the job.
    """

    title: str
    description: str
    requirements: str
    skills: tuple[str, ...]
    skill_keys: tuple[str, ...] = ()
    level: Level


class AskedSkill(msgspec.Struct, frozen=True, gc=False):
    """A skill that a job asks for; `evidence` is the sentence or list that says so."""

    key: str
    name: str
    importance: Importance
    evidence: str


class Demands(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A job, read: what a résumé is held against. `embedding`: bytes of 384 float16, or empty."""

    skills: tuple[AskedSkill, ...]
    months: int
    months_evidence: str | None
    degree: int
    degree_evidence: str | None
    experience_may_replace: bool
    title_words: frozenset[str]
    terms: dict[str, float]
    embedding: bytes = b""


class HeldSkill(msgspec.Struct, frozen=True, gc=False):
    """A skill of a résumé with the places that show it."""

    key: str
    name: str
    evidence: tuple[Passage, ...]


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One post of a person. `words`: those of its title and description."""

    title: str
    months: int
    words: frozenset[str]
    skills: frozenset[str]
    evidence: Passage


class Profile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A résumé, read: only what may move a score. `degree`: 0 none known … 8 doctorate."""

    skills: tuple[HeldSkill, ...]
    posts: tuple[Held, ...]
    months: int | None
    degree: int
    degree_evidence: Passage | None
    terms: dict[str, float]
    embedding: bytes = b""


class Component(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One part of the score, in half points, and what it rests on."""

    name: Name
    score: float
    max: float
    explanation: str
    evidence: tuple[Passage, ...] = ()


class MatchedSkill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An asked skill that the résumé shows. `via`: the other skill that it is concluded from."""

    name: str
    id: str
    importance: Importance
    credit: float
    via: str | None
    evidence: tuple[Passage, ...]


class MissingSkill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An asked skill that the résumé does not show; `asked_in` is the job's own sentence."""

    name: str
    id: str
    importance: Importance
    asked_in: str


class Advice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What would raise the score, and by how many points: the score computed again with it."""

    title: str
    detail: str
    gain: float


class Score(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole answer. The components' scores add up to `overall`, their maxima to 100."""

    overall: float
    fit: float
    components: tuple[Component, ...]
    matched: tuple[MatchedSkill, ...]
    missing: tuple[MissingSkill, ...]
    advice: tuple[Advice, ...] = ()
