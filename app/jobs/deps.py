"""Who may post jobs, and which ones a list shows."""

from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BeforeValidator

from app.core.dependencies import in_the_loop
from app.core.schema import ClockTime, NaturalInt32, OptionalLine
from app.jobs.filters import Filters
from app.jobs.schemas import ExperienceLevel, JobType, LocationType
from app.jobs.skills import keys_of_filter
from app.organizations.deps import Member, requires

Employer = Annotated[Member, Depends(requires("employer", "admin"))]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


# An older dashboard sends these words in upper case.
_ANY_CASE = BeforeValidator(_lower)


@dataclass(frozen=True, slots=True)
class JobFilters:
    """Which jobs a list shows; a filter that is given several times takes any of its values."""

    location: Annotated[OptionalLine, Query(description="A part of the place's name")] = ""
    location_type: Annotated[list[Annotated[LocationType, _ANY_CASE]] | None, Query()] = None
    job_type: Annotated[list[Annotated[JobType, _ANY_CASE]] | None, Query()] = None
    experience_level: Annotated[list[Annotated[ExperienceLevel, _ANY_CASE]] | None, Query()] = None
    skill: Annotated[
        list[OptionalLine] | None,
        Query(max_length=20, description="By any of its names: `k8s` finds Kubernetes"),
    ] = None
    organization_id: Annotated[UUID | None, Query()] = None
    salary_min: Annotated[
        NaturalInt32 | None, Query(description="What a job pays at least, as far as it says")
    ] = None
    posted_after: Annotated[
        ClockTime | None, Query(description="A date, or a time; UTC unless it names an offset")
    ] = None
    facets: Annotated[bool, Query(description="Also count the values of the filters")] = False

    async def filters(self) -> Filters:
        """The same for a query."""
        after = self.posted_after
        return Filters(
            location=self.location,
            location_type=self.location_type or (),
            job_type=self.job_type or (),
            experience_level=self.experience_level or (),
            skill_keys=await keys_of_filter([name for name in self.skill or () if name]),
            organization_id=self.organization_id,
            salary_min=self.salary_min,
            posted_after=after if after is None or after.tzinfo else after.replace(tzinfo=UTC),
        )


Asked = Annotated[JobFilters, Depends(in_the_loop(JobFilters))]
