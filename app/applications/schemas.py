"""What comes in and goes out about applications."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

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
    """A move, or what the employer notes; what is left out stays. `note` explains the move."""

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
