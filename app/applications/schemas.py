"""What comes in and goes out about applications."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.core.schema import In, Line, OptionalLine, Out, Prose

Status = Literal[
    "applied", "viewed", "shortlisted", "interview", "offer", "accepted", "rejected", "withdrawn"
]
Source = Annotated[OptionalLine, StringConstraints(max_length=60)]
Rating = Annotated[int, Field(ge=1, le=5)]
Tag = Annotated[Line, StringConstraints(max_length=40)]


class ApplicationIn(In):
    """An application to a job. `source` says where the applicant found it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": "0193a5b0-7c7e-7000-8000-3f1f6c1e9a01",
                    "cover_letter": "I have built such pipelines for three years.",
                    "source": "linkedin",
                }
            ]
        }
    )

    job_id: UUID
    resume_id: UUID | None = None
    cover_letter: Prose | None = None
    source: Source | None = None


class ApplicationPut(In):
    """A move, or what the employer notes; what is left out stays. `note` explains the move in the
    history, which both sides see; `notes` are the employer's alone.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "shortlisted", "rating": 4, "note": "Strong"}]}
    )

    status: Status | None = None
    note: Annotated[Prose, StringConstraints(max_length=2000)] | None = None
    notes: Prose | None = None
    rating: Rating | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None


class MoveOut(Out):
    """One step of an application. `by` is who made it, null when their account is gone."""

    model_config = ConfigDict(populate_by_name=True)

    from_status: Status | None = Field(serialization_alias="from")
    to_status: Status = Field(serialization_alias="to")
    at: datetime
    by: UUID | None
    note: str | None


class OwnApplicationOut(Out):
    """An application as its applicant sees it."""

    id: UUID
    job_id: UUID
    job_title: str
    company: str
    candidate_id: UUID
    candidate_name: str
    resume_id: UUID | None
    status: Status
    cover_letter: str | None
    source: str | None
    applied_at: datetime
    updated_at: datetime
    history: list[MoveOut]


class ApplicationOut(OwnApplicationOut):
    """An application as the employer sees it; `score` is that of the newest analysis."""

    candidate_email: str
    notes: str | None
    rating: int | None
    tags: list[str]
    score: float | None


class BulkMoveIn(In):
    """A move of several applications; `note` explains it in each one's history, which both sides
    see.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ids": ["0193a5b0-7c7e-7000-8000-3f1f6c1e9a01"],
                    "status": "rejected",
                    "note": "The post is filled.",
                }
            ]
        }
    )

    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    status: Status
    note: Annotated[Prose, StringConstraints(max_length=2000)] | None = None


class RefusalOut(Out):
    """Why one of several was not moved, in the words that it would have been answered alone."""

    code: str
    title: str
    detail: str
    status: int


class MovedOut(Out):
    """How it went with one application: `status` is where it stands now, `error` why it did not
    move."""

    id: UUID
    ok: bool
    status: Status | None
    error: RefusalOut | None


class BulkMoveOut(Out):
    """How it went with each application, in the order of the ids."""

    moved: int
    failed: int
    results: list[MovedOut]


Criterion = Annotated[Line, StringConstraints(max_length=60)]


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


class CriteriaIn(In):
    """What applicants for a job are judged by."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"criteria": ["SQL", "Teamwork", "Curiosity"]}]}
    )

    criteria: Annotated[
        list[Criterion], Field(min_length=1, max_length=20), AfterValidator(_distinct)
    ]


class CriteriaOut(Out):
    """What applicants for a job are judged by."""

    criteria: list[str]


class ReviewIn(In):
    """What you think of an applicant: 1 to 5 by criterion, as many of them as you like."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scores": {"SQL": 4, "Teamwork": 5}, "comment": "Calm"}]}
    )

    scores: Annotated[dict[Criterion, Rating], Field(max_length=20)]
    comment: Annotated[Prose, StringConstraints(max_length=5000)] = ""


class ReviewOut(Out):
    """One colleague's review; their name is null when their account is gone."""

    reviewer_id: UUID | None
    reviewer_name: str | None
    scores: dict[str, int]
    comment: str | None
    average: float | None
    updated_at: datetime


class ScorecardOut(Out):
    """Everybody's scores. `averages` has the mean of each criterion, `average` the mean of those."""

    application_id: UUID
    criteria: list[str]
    averages: dict[str, float | None]
    average: float | None
    reviews: list[ReviewOut]
