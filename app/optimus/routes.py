"""The numbers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.core.etags import tagged
from app.core.openapi import problems
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.core.schema import Day
from app.jobs.errors import JobNotFound
from app.optimus import service
from app.optimus.deps import Watching
from app.optimus.errors import RangeInvalid, TimezoneUnknown
from app.optimus.ranges import range_of
from app.optimus.schemas import DashboardOut, JobInsightsOut
from app.organizations.deps import ViewerRead
from app.organizations.errors import OrganizationRequired

router = RoomRouter(prefix="/optimus", tags=["optimus"])
OneDay = Annotated[Day | None, Query(description="YYYY-MM-DD, included")]


@router.get(
    "/dashboard",
    response_model=DashboardOut,
    responses=problems(RangeInvalid, TimezoneUnknown, OrganizationRequired, Forbidden),
)
async def dashboard(
    request: Request,
    watching: Watching,
    session: ViewerRead,
    first: Annotated[OneDay, Query(alias="from")] = None,
    last: Annotated[OneDay, Query(alias="to")] = None,
    timezone: Annotated[str, Query(max_length=64, description="IANA name; its days count")] = "UTC",
) -> Response:
    """Hiring in numbers over the last thirty days or the given ones, the days before beside them."""
    shown = await service.dashboard(
        session,
        organization_id=watching.organization_id,
        during=range_of(first, last, timezone),
        with_claims=watching.sees_claims,
    )
    return tagged(request, shown)


@router.get(
    "/job-insights/{job_id}",
    response_model=JobInsightsOut,
    responses=problems(JobNotFound, OrganizationRequired, Forbidden),
)
async def job_insights(
    request: Request, job_id: UUID, watching: Watching, session: ViewerRead
) -> Response:
    """One job in numbers: applicants, scores, skills, funnel, times."""
    shown = await service.job_insights(
        session, organization_id=watching.organization_id, job_id=job_id
    )
    return tagged(request, shown)
