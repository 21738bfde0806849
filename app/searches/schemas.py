"""What comes in and goes out about saved searches."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.schema import In, Line, NaturalInt32, OptionalLine, Out
from app.jobs.schemas import ExperienceLevel, JobType, LocationType

Frequency = Literal["instant", "daily", "weekly", "off"]


class FiltersIn(In):
    """The filters of GET /jobs/search; each takes any of its values, an empty one filters nothing."""

    location: OptionalLine = ""
    location_type: Annotated[list[LocationType], Field(default_factory=list, max_length=10)]
    job_type: Annotated[list[JobType], Field(default_factory=list, max_length=10)]
    experience_level: Annotated[list[ExperienceLevel], Field(default_factory=list, max_length=10)]
    skill: Annotated[
        list[Line],
        Field(
            default_factory=list,
            max_length=20,
            description="By any of its names: `k8s` finds Kubernetes",
        ),
    ]
    organization_id: UUID | None = None
    salary_min: NaturalInt32 | None = None


class SearchIn(In):
    """A search to be kept. `instant` tells within some minutes, and at most every 15; `daily` and
    `weekly` (on Mondays) at eight in the morning of your time zone.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Data in Lyon",
                    "query": "data engineer",
                    "filters": {"location": "Lyon", "job_type": ["full_time"]},
                    "frequency": "daily",
                }
            ]
        }
    )

    name: Line
    query: OptionalLine = ""
    filters: Annotated[FiltersIn, Field(default_factory=FiltersIn)]
    frequency: Frequency = "daily"


class SearchPatch(In):
    """Changes to a search; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"frequency": "off"}]})

    name: Line | None = None
    query: OptionalLine | None = None
    filters: FiltersIn | None = None
    frequency: Frequency | None = None


class SavedFilters(Out):
    """The filters of a saved search."""

    location: str
    location_type: list[LocationType]
    job_type: list[JobType]
    experience_level: list[ExperienceLevel]
    skill: list[str]
    organization_id: UUID | None
    salary_min: int | None


class SearchOut(Out):
    """A saved search. `search_url` runs it, `next_alert_at` is when a daily or weekly one is due."""

    id: UUID
    name: str
    query: str
    filters: SavedFilters
    frequency: Frequency
    search_url: str
    next_alert_at: datetime | None
    last_alert_at: datetime | None
    created_at: datetime
    updated_at: datetime


class UnsubscribedOut(Out):
    """The search of a link, which alerts of nothing from now on."""

    id: UUID
    frequency: Frequency
