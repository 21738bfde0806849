"""The numbers, put together: each is counted when it is asked for, or it is not there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.applications.models import Application
from app.applications.moves import STATUSES as APPLICATION_STATUSES
from app.claims.models import STATUSES as CLAIM_STATUSES
from app.core.clock import now
from app.core.db import ReadSession
from app.jobs.errors import JobNotFound
from app.jobs.models import STATUSES as JOB_STATUSES
from app.jobs.models import Job
from app.optimus import queries, skills
from app.optimus.arithmetic import by_name, figure, funnel, share
from app.optimus.queries import Field, Took
from app.optimus.ranges import Range
from app.optimus.schemas import (
    BinOut,
    ClaimsOut,
    DashboardOut,
    DayOut,
    DurationOut,
    JobInsightsOut,
    PeriodOut,
    ScoresOut,
    SourceOut,
    TotalsOut,
)


async def dashboard(
    session: ReadSession, *, organization_id: UUID | None, during: Range, with_claims: bool
) -> DashboardOut:
    """The numbers of an organization, or with None of the platform."""
    field = Field(organization_id)
    days, stages, reached = Counter[date](), Counter[str](), Counter[int]()
    for day, status, stage, many in await queries.applications_by_day(session, field, during):
        days[day] += many
        stages[status] += many
        reached[stage] += many
    responded = await queries.durations(session, field, Application.responded_at, during)
    hired = await queries.durations(session, field, Application.accepted_at, during)
    return DashboardOut(
        period=_period(during),
        previous_period=_period(during.previous()),
        timezone=during.zone.key,
        totals=await _totals(session, field, during, stages.total(), hired),
        jobs_by_status=by_name(JOB_STATUSES, await queries.jobs_by_status(session, field)),
        applications_by_stage=by_name(APPLICATION_STATUSES, stages),
        applications_by_day=[DayOut(date=day, count=days[day]) for day in during.each_day()],
        funnel=funnel(reached),
        time_to_first_response=_duration(*responded),
        time_to_hire=_duration(*hired),
        sources=_sources(await queries.sources(session, field, during)),
        skills=await skills.market(session, field, during, now()),
        claims=await _claims(session, field, during) if with_claims else None,
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The few numbers that a start page has room for."""

    totals: TotalsOut
    time_to_first_response: DurationOut
    time_to_hire: DurationOut


async def headline(
    session: ReadSession, *, organization_id: UUID | None, during: Range
) -> Headline:
    """What happened in the range, and how long it took: a part of the dashboard, and cheaper."""
    field = Field(organization_id)
    responded = await queries.durations(session, field, Application.responded_at, during)
    hired = await queries.durations(session, field, Application.accepted_at, during)
    applications = await queries.applied(session, field, during)
    return Headline(
        totals=await _totals(session, field, during, applications, hired),
        time_to_first_response=_duration(*responded),
        time_to_hire=_duration(*hired),
    )


def _period(during: Range) -> PeriodOut:
    return PeriodOut(first=during.first, last=during.last)


async def _totals(
    session: ReadSession,
    field: Field,
    during: Range,
    applications: int,
    hired: tuple[Took, Took | None],
) -> TotalsOut:
    before = during.previous()
    present, earlier = hired
    return TotalsOut(
        applications=figure(applications, await queries.applied(session, field, before)),
        hires=figure(present.count, 0 if earlier is None else earlier.count),
        jobs_posted=figure(
            await queries.jobs_posted(session, field, during),
            await queries.jobs_posted(session, field, before),
        ),
    )


def _duration(took: Took, before: Took | None) -> DurationOut:
    return DurationOut(
        median_hours=took.median,
        ninetieth_hours=took.ninetieth,
        previous_median_hours=None if before is None else before.median,
        count=took.count,
    )


def _sources(rows: Sequence[Any]) -> list[SourceOut]:
    return [
        SourceOut(source=source, applications=total, hires=hires, hire_rate=share(hires, total))
        for source, total, hires in rows
    ]


async def _claims(session: ReadSession, field: Field, during: Range) -> ClaimsOut:
    files = await queries.claims(session, field, during)
    return ClaimsOut(
        jobs_by_status=by_name(CLAIM_STATUSES, {status: many for status, many, *_ in files}),
        rows=sum(rows for _, _, rows, _, _ in files),
        succeeded=sum(succeeded for *_, succeeded, _ in files),
        failed=sum(failed for *_, failed in files),
        failures_by_reason=await queries.claim_failures(session, field, during),
    )


async def job_insights(
    session: ReadSession, *, organization_id: UUID | None, job_id: UUID
) -> JobInsightsOut:
    """One job in numbers.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    job = await queries.job(session, job_id)
    if job is None or organization_id not in (None, job.organization_id):
        raise JobNotFound
    field = Field(job_id=job_id)
    stages, reached = Counter[str](), Counter[int]()
    for status, stage, many in await queries.applications_by_stage(session, field):
        stages[status] += many
        reached[stage] += many
    return JobInsightsOut(
        job_id=job.id,
        title=job.title,
        status=job.status,
        applicants=stages.total(),
        applications_by_stage=by_name(APPLICATION_STATUSES, stages),
        views=job.views_count,
        posted_at=job.posted_at,
        closed_at=job.closed_at,
        open_hours=_open_hours(job, now()),
        scores=await _scores(session, job_id),
        skills=await skills.of_job(session, field, job.skills),
        funnel=funnel(reached),
        time_to_first_response=_duration(
            *await queries.durations(session, field, Application.responded_at, None)
        ),
        time_to_hire=_duration(
            *await queries.durations(session, field, Application.accepted_at, None)
        ),
        sources=_sources(await queries.sources(session, field, None)),
    )


def _open_hours(job: Job, at: datetime) -> float | None:
    ends = [moment for moment in (job.closed_at, job.expires_at) if moment is not None]
    if job.posted_at is None or (job.status != "active" and not ends):
        return None
    end = min([*ends, at])
    return round(max(0.0, (end - job.posted_at).total_seconds() / 3600), 1)


async def _scores(session: ReadSession, job_id: UUID) -> ScoresOut:
    scored, unscored, median, bins = await queries.scores(session, job_id)
    return ScoresOut(
        scored=scored,
        unscored=unscored,
        median=median,
        distribution=[
            BinOut(low=ten * 10, high=ten * 10 + 10, count=bins.get(ten, 0)) for ten in range(10)
        ],
    )
