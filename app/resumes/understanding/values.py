"""What is understood of a résumé, in the shapes of the outside's résumé object."""

from typing import Literal

import msgspec

Seniority = Literal["intern", "junior", "middle", "senior", "lead", "manager", "executive"]


class Evidence(msgspec.Struct, frozen=True):
    """Where in the text a value stands: text[start:end]."""

    start: int
    end: int
    text: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Name, e-mail and phone as they are written; None where none was found."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    links: tuple[str, ...] = ()


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill as it is first written, linked to the taxonomy where it has it.

    `label` is the taxonomy's own name. `listed`: it stands in a list of skills; else it was only
    mentioned in a sentence, and `confidence` (0..1) is lower.
    """

    name: str
    id: str | None
    label: str | None
    category: str | None
    confidence: float
    listed: bool
    evidence: tuple[Evidence, ...]


class Experience(msgspec.Struct, frozen=True, kw_only=True):
    """A post. `start`, `end`: YYYY-MM, or YYYY where no month is given; `end` None if current.

    `months` counts both ends; None where the dates do not say or the document has no date.
    """

    title: str | None
    company: str | None
    location: str | None = None
    start: str | None = None
    end: str | None = None
    current: bool = False
    months: int | None = None
    description: str | None = None
    evidence: Evidence


class Education(msgspec.Struct, frozen=True, kw_only=True):
    """A degree and its school. `year` is that of its end, expected ones included."""

    degree: str | None
    institution: str | None
    field: str | None = None
    year: int | None = None
    evidence: Evidence


class Understanding(msgspec.Struct, frozen=True, kw_only=True):
    """Everything read from one text. Lists keep the text's order."""

    language: str | None
    contact: Contact
    skills: tuple[Skill, ...]
    experience: tuple[Experience, ...]
    education: tuple[Education, ...]
    seniority: Seniority | None
    total_experience_months: int | None
    version: str
