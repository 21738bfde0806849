"""The numbers as they go out. A number that nothing stands behind is null, never 0 or a guess."""

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.schema import Out


class PeriodOut(Out):
    """Whole days, both ends included."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")


class FigureOut(Out):
    """A count, the one of the period before, and the change in per cent of that one."""

    value: int
    previous: int
    change_percent: float | None = Field(description="null when the period before had none")


class TotalsOut(Out):
    """What happened in the period."""

    applications: FigureOut
    hires: FigureOut = Field(description="Applications that became accepted in the period")
    jobs_posted: FigureOut


class JobTotalsOut(Out):
    """What happened to one job in the period."""

    applications: FigureOut
    hires: FigureOut = Field(description="Applications that became accepted in the period")


class DayOut(Out):
    """One day."""

    date: date
    count: int


class StepOut(Out):
    """How many of the period's applications came at least as far as this stage."""

    stage: str
    count: int
    share: float | None = Field(description="Of all that applied, 0 to 1")
    conversion: float | None = Field(description="Of those of the stage before, 0 to 1")


class DurationOut(Out):
    """How long it took, over those for whom it ended in the period; null without any."""

    median_hours: float | None
    ninetieth_hours: float | None = Field(description="Nine of ten took at most this long")
    previous_median_hours: float | None
    count: int


class SourceOut(Out):
    """Where applications came from; null is those that did not say."""

    source: str | None
    applications: int
    hires: int
    hire_rate: float | None = Field(description="0 to 1")


class SkillOut(Out):
    """A skill that open jobs ask for, and how many applicants offer it."""

    name: str
    jobs: int = Field(description="Active jobs that ask for it")
    applicants: int = Field(description="Of the applicants whose résumé was read")
    share: float | None = Field(description="Of those applicants, 0 to 1")


class SkillsOut(Out):
    """What is asked for most, against what is offered."""

    in_demand: list[SkillOut]
    applicants_read: int = Field(
        description="Résumés behind the numbers: the newest of the period's applications"
    )


class ClaimsOut(Out):
    """The claim files of the period."""

    jobs_by_status: dict[str, int]
    rows: int
    succeeded: int = Field(description="Of the files that have ended")
    failed: int = Field(description="Of the files that have ended")
    failures_by_reason: dict[str, int]


class DashboardOut(Out):
    """An organization's hiring, and its claim files for those who may see them."""

    model_config = ConfigDict(populate_by_name=True)

    period: PeriodOut
    previous_period: PeriodOut
    timezone: str
    totals: TotalsOut
    jobs_by_status: dict[str, int] = Field(description="All jobs as they are now")
    applications_by_stage: dict[str, int] = Field(description="The period's, as they are now")
    applications_by_day: list[DayOut]
    funnel: list[StepOut]
    time_to_first_response: DurationOut = Field(
        description="From applying to the first move other than `viewed` that the employer makes"
    )
    time_to_hire: DurationOut = Field(description="From applying to `accepted`")
    sources: list[SourceOut] = Field(description="The twenty that brought the most")
    skills: SkillsOut
    claims: ClaimsOut | None = Field(description="null for those who may not see claims")


class BinOut(Out):
    """Scores from `low` to below `high`; the last one holds 100 too."""

    low: int
    high: int
    count: int


class ScoresOut(Out):
    """How the applicants score."""

    scored: int
    unscored: int
    median: float | None
    distribution: list[BinOut]


class CoverageOut(Out):
    """A skill of the job and how many applicants have it."""

    name: str
    applicants: int
    share: float | None = Field(description="Of the applicants whose résumé was read, 0 to 1")


class JobSkillsOut(Out):
    """The job's skills among its applicants; a gap is a skill that less than a quarter has."""

    applicants_read: int
    coverage: list[CoverageOut]
    gaps: list[str]


class JobInsightsOut(Out):
    """One job in numbers: of those who applied in a period, or of all time."""

    job_id: UUID
    title: str
    status: str
    period: PeriodOut | None = Field(description="null when the numbers are of all time")
    previous_period: PeriodOut | None = Field(description="As many days, right before")
    timezone: str | None
    totals: JobTotalsOut | None = Field(description="null when the numbers are of all time")
    applicants: int
    applications_by_stage: dict[str, int]
    views: int
    posted_at: datetime | None
    closed_at: datetime | None
    open_hours: float | None = Field(
        description="From posting to closing, or to now; null for drafts and unknown ends"
    )
    scores: ScoresOut
    skills: JobSkillsOut
    funnel: list[StepOut]
    time_to_first_response: DurationOut
    time_to_hire: DurationOut
    sources: list[SourceOut]
