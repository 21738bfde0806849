"""The numbers, put together: each is counted when it is asked for, or it is not there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.applications.models import Application
from app.applications.moves import STATUSES as APPLICATION_STATUSES
from app.claims.models import STATUSES as CLAIM_STATUSES
from app.core.clock import now
from app.core.db import ReadSession
from app.core.plans import plan_alone
from app.jobs.errors import JobNotFound
from app.jobs.models import STATUSES as JOB_STATUSES
from app.jobs.models import Job
from app.optimus import queries, skills
from app.optimus.arithmetic import by_name, figure, funnel, share
from app.optimus.counting import Counted, Field, Took
from app.optimus.ranges import Range
from app.optimus.schemas import (
    BinOut,
    ClaimsOut,
    DashboardOut,
    DayOut,
    DurationOut,
    FigureOut,
    JobInsightsOut,
    JobTotalsOut,
    PeriodOut,
    ScoresOut,
    SourceOut,
    TotalsOut,
)
from app.optimus.tallies import counts_of

# Slots of arrivals: the one before is the range before.
_FIRST_DAY: Final = 2
# What is waited for: an answer, and being hired.
_ENDS: Final = (Application.responded_at, Application.accepted_at)


async def dashboard(
    session: ReadSession, *, organization_id: UUID | None, during: Range, with_claims: bool
) -> DashboardOut:
    """The numbers of an organization, or with None of the platform."""
    await plan_alone(session)
    field = Field(organization_id)
    counts = await counts_of(session, field)
    slots = await counts.arrivals(during)
    standing = await counts.standing(during)
    stages, reached = _standing(standing.stages)
    responded, hired = await counts.durations(_ENDS, during)
    jobs = await queries.jobs(session, field, during)
    return DashboardOut(
        period=_period(during),
        previous_period=_period(during.previous()),
        timezone=during.zone.key,
        totals=_totals(slots, hired, jobs),
        jobs_by_status=by_name(JOB_STATUSES, {status: many for status, many, *_ in jobs}),
        applications_by_stage=by_name(APPLICATION_STATUSES, stages),
        applications_by_day=[
            DayOut(date=day, count=slots.get(slot, 0))
            for slot, day in enumerate(during.each_day(), _FIRST_DAY)
        ],
        funnel=funnel(reached),
        time_to_first_response=_duration(*responded),
        time_to_hire=_duration(*hired),
        sources=_sources(standing.sources),
        skills=await skills.market(session, field, during, now()),
        claims=await _claims(session, field, during) if with_claims else None,
    )


def _standing(rows: Sequence[Any]) -> tuple[Counter[str], Counter[int]]:
    """How many there are by status, and by how far they came."""
    stages, reached = Counter[str](), Counter[int]()
    for status, stage, many in rows:
        stages[status] += many
        reached[stage] += many
    return stages, reached


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
    await plan_alone(session)
    field = Field(organization_id)
    counts = await counts_of(session, field)
    slots = await counts.arrivals(during)
    responded, hired = await counts.durations(_ENDS, during)
    return Headline(
        totals=_totals(slots, hired, await queries.jobs(session, field, during)),
        time_to_first_response=_duration(*responded),
        time_to_hire=_duration(*hired),
    )


def _period(during: Range) -> PeriodOut:
    return PeriodOut(first=during.first, last=during.last)


def _totals(
    slots: Mapping[int, int], hired: tuple[Took, Took | None], jobs: Sequence[Any]
) -> TotalsOut:
    return TotalsOut(
        applications=_applications(slots),
        hires=_hires(*hired),
        jobs_posted=figure(
            sum(posted for _, _, posted, _ in jobs), sum(before for *_, before in jobs)
        ),
    )


def _applications(slots: Mapping[int, int]) -> FigureOut:
    before = slots.get(_FIRST_DAY - 1, 0)
    return figure(sum(slots.values()) - before, before)


def _hires(present: Took, before: Took | None) -> FigureOut:
    return figure(present.count, 0 if before is None else before.count)


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
    session: ReadSession, *, organization_id: UUID | None, job_id: UUID, during: Range | None
) -> JobInsightsOut:
    """One job in numbers: of those who applied in a range of days, or of all time.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    await plan_alone(session)
    job = await queries.job(session, job_id)
    if job is None or organization_id not in (None, job.organization_id):
        raise JobNotFound
    field = Field(job_id=job_id)
    counts = Counted(session, field)
    standing = await counts.standing(during)
    stages, reached = _standing(standing.stages)
    responded, hired = await counts.durations(_ENDS, during)
    return JobInsightsOut(
        job_id=job.id,
        title=job.title,
        status=job.status,
        **await _ranged(counts, during, hired),
        applicants=stages.total(),
        applications_by_stage=by_name(APPLICATION_STATUSES, stages),
        views=job.views_count,
        posted_at=job.posted_at,
        closed_at=job.closed_at,
        open_hours=_open_hours(job, now()),
        scores=await _scores(session, field, during),
        skills=await skills.of_job(session, field, during, job.skills),
        funnel=funnel(reached),
        time_to_first_response=_duration(*responded),
        time_to_hire=_duration(*hired),
        sources=_sources(standing.sources),
    )


async def _ranged(
    counts: Counted, during: Range | None, hired: tuple[Took, Took | None]
) -> dict[str, Any]:
    """What only a range of days has: itself, the one before, and figures of both."""
    if during is None:
        return {"period": None, "previous_period": None, "timezone": None, "totals": None}
    slots = await counts.arrivals(during)
    return {
        "period": _period(during),
        "previous_period": _period(during.previous()),
        "timezone": during.zone.key,
        "totals": JobTotalsOut(applications=_applications(slots), hires=_hires(*hired)),
    }


def _open_hours(job: Job, at: datetime) -> float | None:
    ends = [moment for moment in (job.closed_at, job.expires_at) if moment is not None]
    if job.posted_at is None or (job.status != "active" and not ends):
        return None
    end = min([*ends, at])
    return round(max(0.0, (end - job.posted_at).total_seconds() / 3600), 1)


async def _scores(session: ReadSession, field: Field, during: Range | None) -> ScoresOut:
    scored, unscored, median, bins = await queries.scores(session, field, during)
    return ScoresOut(
        scored=scored,
        unscored=unscored,
        median=median,
        distribution=[
            BinOut(low=ten * 10, high=ten * 10 + 10, count=bins.get(ten, 0)) for ten in range(10)
        ],
    )
