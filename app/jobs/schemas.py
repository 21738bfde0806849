"""What comes in and goes out about jobs."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.core.pages import Page
from app.core.schema import In, Line, Moment, NaturalInt32, OptionalLine, Out, Prose

LocationType = Literal["on_site", "remote", "hybrid"]
JobType = Literal["full_time", "part_time", "contract", "temporary", "internship", "freelance"]
ExperienceLevel = Literal["entry", "junior", "mid", "senior", "lead", "executive"]
Status = Literal["draft", "active", "closed", "archived"]
Language = Literal["en", "fr"]
Currency = Annotated[
    str, StringConstraints(pattern="^[A-Z]{3}$"), Field(description="ISO 4217 code")
]


def _distinct(skills: list[str]) -> list[str]:
    """Each skill once, whatever its case, as it was first written."""
    seen: dict[str, str] = {}
    for skill in skills:
        seen.setdefault(" ".join(skill.split()).casefold(), " ".join(skill.split()))
    return list(seen.values())


Skills = Annotated[list[Line], Field(max_length=100), AfterValidator(_distinct)]


class JobIn(In):
    """A job as a whole. Without `company` it carries the organization's name; without `language`
    its words decide whether it is searched as English or French.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Data Engineer",
                    "location": "Lyon",
                    "location_type": "hybrid",
                    "job_type": "full_time",
                    "experience_level": "senior",
                    "description": "You build the pipelines that our analysts live on.",
                    "requirements": "Three years with PostgreSQL.",
                    "skills": ["PostgreSQL", "Python"],
                    "salary_min": 52000,
                    "salary_max": 64000,
                    "currency": "EUR",
                }
            ]
        }
    )

    title: Line
    company: Line | None = None
    location: OptionalLine = ""
    location_type: LocationType = "on_site"
    job_type: JobType = "full_time"
    experience_level: ExperienceLevel = "mid"
    description: Prose
    requirements: Prose = ""
    skills: Annotated[Skills, Field(default_factory=list)]
    salary_min: NaturalInt32 | None = None
    salary_max: NaturalInt32 | None = None
    currency: Currency = "USD"
    language: Language | None = None
    status: Status = "active"
    expires_at: Moment | None = None


class JobPatch(In):
    """Changes to a job; what is left out stays. Null takes away a salary or the expiry."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "closed"}]})

    title: Line | None = None
    company: Line | None = None
    location: OptionalLine | None = None
    location_type: LocationType | None = None
    job_type: JobType | None = None
    experience_level: ExperienceLevel | None = None
    description: Prose | None = None
    requirements: Prose | None = None
    skills: Skills | None = None
    salary_min: NaturalInt32 | None = None
    salary_max: NaturalInt32 | None = None
    currency: Currency | None = None
    language: Language | None = None
    status: Status | None = None
    expires_at: Moment | None = None


class JobOut(Out):
    """A job. Salaries are whole units of the currency a year."""

    id: UUID
    title: str
    company: str
    organization_id: UUID
    location: str
    location_type: LocationType
    job_type: JobType
    experience_level: ExperienceLevel
    description: str
    requirements: str
    skills: list[str]
    skill_keys: list[str] = Field(
        description="What each of the skills is called everywhere: the id of ESCO, of O*NET or of"
        " Intake, else its name in small letters"
    )
    salary_min: int | None
    salary_max: int | None
    currency: str
    language: Language
    status: Status
    posted_by: UUID | None
    posted_at: datetime | None
    expires_at: datetime | None
    applications_count: int
    views_count: int
    created_at: datetime
    updated_at: datetime


class ListedJob(JobOut):
    """A job in a public list. `has_applied` is the caller's own, null without a token."""

    has_applied: bool | None


class FoundJob(ListedJob):
    """A job that a search found; `headline` is a passage with the matched words in <mark>."""

    headline: str = Field(description="HTML: everything but the <mark> tags is escaped")


class Facets(Out):
    """How many jobs each value of a filter would show, the other filters as they are."""

    location_type: dict[str, int]
    job_type: dict[str, int]
    experience_level: dict[str, int]


class JobPage(Page[ListedJob]):
    """Active jobs."""

    facets: Facets | None = Field(description="Only on ?facets=true")


class FoundPage(Page[FoundJob]):
    """What a search found, the best first."""

    facets: Facets | None = Field(description="Only on ?facets=true")
