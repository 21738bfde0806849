"""The numbers over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.core.dependencies import in_the_loop
from app.core.etags import tagged
from app.core.openapi import problems
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.core.schema import Day
from app.jobs.errors import JobNotFound
from app.optimus import service
from app.optimus.deps import Watching
from app.optimus.errors import RangeInvalid, TimezoneUnknown
from app.optimus.ranges import Range, range_of
from app.optimus.schemas import DashboardOut, JobInsightsOut
from app.organizations.deps import ViewerRead
from app.organizations.errors import OrganizationRequired

router = RoomRouter(prefix="/optimus", tags=["optimus"])


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are asked for, both ends included, in whose time zone."""

    first: Annotated[Day | None, Query(alias="from", description="YYYY-MM-DD, included")] = None
    last: Annotated[Day | None, Query(alias="to", description="YYYY-MM-DD, included")] = None
    timezone: Annotated[str, Query(max_length=64, description="IANA name; its days count")] = "UTC"

    def range_if_any(self) -> Range | None:
        """The range; None when no day was named.

        Raises:
            RangeInvalid: the dates are in the wrong order, or too far apart.
            TimezoneUnknown: there is no such zone.
        """
        wanted = range_of(self.first, self.last, self.timezone)
        return None if self.first is None and self.last is None else wanted


@router.get(
    "/dashboard",
    response_model=DashboardOut,
    responses=problems(RangeInvalid, TimezoneUnknown, OrganizationRequired, Forbidden),
)
async def dashboard(
    request: Request,
    watching: Watching,
    session: ViewerRead,
    asked: Annotated[Days, Depends(in_the_loop(Days))],
) -> Response:
    """Hiring in numbers over the last thirty days or the given ones, the days before beside them."""
    shown = await service.dashboard(
        session,
        organization_id=watching.organization_id,
        during=range_of(asked.first, asked.last, asked.timezone),
        with_claims=watching.sees_claims,
    )
    return tagged(request, shown)


@router.get(
    "/job-insights/{job_id}",
    response_model=JobInsightsOut,
    responses=problems(JobNotFound, RangeInvalid, TimezoneUnknown, OrganizationRequired, Forbidden),
)
async def job_insights(
    request: Request,
    job_id: UUID,
    watching: Watching,
    session: ViewerRead,
    asked: Annotated[Days, Depends(in_the_loop(Days))],
) -> Response:
    """One job in numbers: applicants, scores, skills, funnel, times.

    Without dates of all time; with one of them of those who applied in the range.
    """
    shown = await service.job_insights(
        session,
        organization_id=watching.organization_id,
        job_id=job_id,
        during=asked.range_if_any(),
    )
    return tagged(request, shown)
