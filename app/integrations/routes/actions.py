"""What connected accounts are used for, over HTTP."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from app.applications.errors import ApplicationNotFound
from app.core.openapi import problems
from app.core.schema import Moment
from app.integrations.deps import CalendarOwner, LinkedinOwner, Repeatable, TheBench
from app.integrations.errors import (
    EventElsewhere,
    JobNotOpen,
    Misconfigured,
    NotConfigured,
    NotConnected,
    PermissionMissing,
    PostInProgress,
    ProviderBusy,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnknown,
    SpanInvalid,
)
from app.integrations.schemas import (
    EventIn,
    EventOut,
    FreeBusyOut,
    PagesOut,
    PublishIn,
    PublishOut,
)
from app.integrations.service import calendars, posting
from app.integrations.service.posting import Outcome
from app.interviews.errors import (
    InterviewApplicationEnded,
    InterviewDuplicate,
    InterviewEndBeforeStart,
    InterviewPast,
    InterviewTooFar,
    InterviewTooLong,
    TimeSkipped,
    TimezoneUnknown,
)
from app.jobs.errors import JobNotFound
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = APIRouter(prefix="/integrations", tags=["integrations"])
_OUTSIDE = (
    NotConfigured,
    NotConnected,
    PermissionMissing,
    ProviderUnavailable,
    ProviderBusy,
    ProviderRefused,
    Misconfigured,
    OrganizationRequired,
    OrganizationAmbiguous,
)
_INTERVIEW = (
    ApplicationNotFound,
    InterviewApplicationEnded,
    InterviewDuplicate,
    InterviewEndBeforeStart,
    InterviewPast,
    InterviewTooFar,
    InterviewTooLong,
    TimeSkipped,
    TimezoneUnknown,
)


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


@router.post(
    "/linkedin/publish-job",
    response_model=PublishOut,
    responses=problems(JobNotFound, JobNotOpen, PostInProgress, *_OUTSIDE),
)
async def publish_job(
    body: PublishIn, owner: LinkedinOwner, bench: TheBench, attempt: Repeatable
) -> Response:
    """Share a job on LinkedIn; `errors` names the targets that have no post."""

    async def work() -> Response:
        targets = list(dict.fromkeys(body.organization_ids)) or [posting.PERSONAL]
        wish = {"message": body.custom_message, "targets": targets}
        found = await posting.publish_job(bench, attempt.viewer, owner, body.job_id, wish)
        return _json(_published(found))

    return await attempt.once(bench, work)


def _published(found: Outcome) -> PublishOut:
    posts = [
        {"target": one.target, "post_id": one.post_id, "post_url": one.post_url}
        for one in found.published
    ]
    errors = [
        {"target": target, "code": problem.code, "detail": problem.detail, "hint": problem.hint}
        for target, problem in found.failures
    ]
    return PublishOut.model_validate(
        {
            "post_id": found.published[0].post_id,
            "post_url": found.published[0].post_url,
            "published": posts,
            "errors": errors,
        }
    )


@router.get("/linkedin/organizations", responses=problems(*_OUTSIDE))
async def organizations(owner: LinkedinOwner, bench: TheBench) -> PagesOut:
    """The companies' pages that you may post for, where LinkedIn lets this installation ask."""
    found = await posting.browse_pages(bench, owner)
    pages = [{"id": one.urn, "name": one.name} for one in found]
    return PagesOut.model_validate({"organizations": pages})


@router.post(
    "/{provider}/create-event",  # noqa: FAST003 - a dependency reads it.
    response_model=EventOut,
    responses=problems(ProviderUnknown, EventElsewhere, *_INTERVIEW, *_OUTSIDE),
)
async def create_event(
    body: EventIn, owner: CalendarOwner, bench: TheBench, attempt: Repeatable
) -> Response:
    """Put an interview into your calendar and invite the applicant; sent twice it is one event."""

    async def work() -> Response:
        made = await calendars.create_event(
            bench,
            attempt.viewer,
            owner,
            body.application_id,
            {
                "title": body.title,
                "description": body.description,
                "starts_at": body.start_time,
                "ends_at": body.end_time,
                "timezone": body.timezone,
                "attendees": body.attendees,
                "location": body.location or "",
                "with_meeting": body.create_meeting_link,
            },
        )
        return _json(_event(owner.provider, asdict(made)))

    return await attempt.once(bench, work)


def _event(provider: str, made: dict[str, Any]) -> EventOut:
    link = made.pop("meeting_url")
    is_google = provider == "google_calendar"
    links = {"meet_link": link if is_google else None, "teams_link": None if is_google else link}
    return EventOut.model_validate({"provider": provider, **made, **links})


@router.get("/{provider}/free-busy", responses=problems(ProviderUnknown, SpanInvalid, *_OUTSIDE))  # noqa: FAST003 - a dependency reads it.
async def free_busy(
    owner: CalendarOwner,
    bench: TheBench,
    starts_at: Annotated[Moment, Query()],
    ends_at: Annotated[Moment, Query()],
) -> FreeBusyOut:
    """When you have something else to do; nothing is said of what it is."""
    found = await calendars.busy(bench, owner, starts_at, ends_at)
    return FreeBusyOut.model_validate(
        {"provider": owner.provider, "busy": [asdict(one) for one in found]}
    )
