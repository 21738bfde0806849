"""What goes out about analyses."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.core.schema import Out

Status = Literal["pending", "running", "completed", "failed"]
Importance = Literal["must", "nice"]
Points = float


class AskedOut(Out):
    """An analysis that was asked for; `job_id` is null for all open jobs."""

    id: UUID
    resume_id: UUID
    job_id: UUID | None
    status: Status
    created_at: datetime


class FailureOut(Out):
    """Why there is no answer, and what can be done."""

    code: str
    message: str
    hint: str


class EvidenceOut(Out):
    """A passage of the résumé's text: characters `start` to `end`."""

    text: str
    start: int
    end: int


class ComponentOut(Out):
    """A part of the score. All parts' scores add up to overall_score, their maxima to 100."""

    name: Literal["skills", "experience", "education", "relevance"]
    score: Points
    max: Points
    explanation: str
    evidence: list[EvidenceOut]


class MatchedSkillOut(Out):
    """An asked skill that the résumé shows."""

    name: str
    id: str
    importance: Importance
    credit: float = Field(description="1 for the skill itself, less when concluded from another")
    via: str | None = Field(description="The skill that it was concluded from")
    evidence: list[EvidenceOut]


class MissingSkillOut(Out):
    """An asked skill that the résumé does not show."""

    name: str
    id: str
    importance: Importance
    asked_in: str = Field(description="The job's own words")


class RecommendationOut(Out):
    """What would raise the score, and by how many points, computed by scoring again."""

    title: str
    detail: str
    gain: Points


class MatchOut(Out):
    """A job among those that a résumé was matched against, the best first."""

    analysis_id: UUID
    job_id: UUID
    job_title: str
    company: str
    overall_score: Points
    fit: float


class SummaryOut(Out):
    """An analysis without its lists."""

    id: UUID
    resume_id: UUID
    job_id: UUID | None = Field(description="Null: matched against all open jobs")
    job_title: str | None
    company: str | None
    status: Status
    error: FailureOut | None
    overall_score: Points | None = Field(description="0 to 100, the sum of its components")
    fit: float | None = Field(description="0 to 100: how well the whole résumé ranks for the job")
    components: list[ComponentOut]
    matched_skills_count: int
    missing_skills_count: int
    model_version: str
    is_current: bool = Field(
        description="Whether résumé, job and rules are still those of this answer; if not, ask anew"
    )
    created_at: datetime
    completed_at: datetime | None


class AnalysisOut(SummaryOut):
    """A whole analysis. Lists are empty and scores null until it is completed."""

    matched_skills: list[MatchedSkillOut]
    missing_skills: list[MissingSkillOut]
    recommendations: list[RecommendationOut]
    jobs_considered: int | None = Field(description="Open jobs, when it was against all of them")
    matches: list[MatchOut]


class RecommendationsOut(Out):
    """What would raise the score, the largest gain first."""

    id: UUID
    job_id: UUID | None
    job_title: str | None
    status: Status
    overall_score: Points | None
    recommendations: list[RecommendationOut]
    missing_skills: list[MissingSkillOut]


class ProgressOut(Out):
    """How far an analysis is, small enough to be pushed."""

    id: UUID
    resume_id: UUID
    job_id: UUID | None
    status: Status
    resume_status: str
    error: FailureOut | None
    overall_score: Points | None
    fit: float | None


class CountedSkill(Out):
    """A skill, and in how many of the jobs."""

    name: str
    count: int


class TopJobOut(Out):
    """The job that ranks highest."""

    analysis_id: UUID
    job_id: UUID
    job_title: str
    company: str
    overall_score: Points
    fit: float


class StatsOut(Out):
    """Numbers over the newest analysis of each job; null where nothing is completed yet."""

    total_analyses: int
    completed: int
    pending: int
    failed: int
    resumes_analyzed: int
    average_score: float | None
    best_score: Points | None
    average_fit: float | None
    top_job_match: TopJobOut | None
    most_common_missing_skills: list[CountedSkill]
    most_common_matched_skills: list[CountedSkill]


class ComparisonOut(Out):
    """Jobs side by side in the order of the question; the best is the one with the highest fit."""

    job_ids: list[UUID | None]
    job_titles: list[str | None]
    overall_scores: list[Points | None]
    fits: list[float | None]
    best_match_index: int | None
    best_match_job_id: UUID | None
    best_match_job_title: str | None
    common_missing_skills: list[str]
    analyses: list[AnalysisOut]
