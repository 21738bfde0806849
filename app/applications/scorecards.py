"""What colleagues think of an applicant, criterion by criterion. Applicants never see any of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final
from uuid import UUID

from app.applications import scorecard_queries as queries
from app.applications import trail
from app.applications.errors import CriterionUnknown
from app.core.db import ReadSession, WriteSession

# What is asked where nobody has chosen criteria for the job.
USUAL: Final = ("technical_skills", "soft_skills", "experience", "culture_fit", "motivation")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """One colleague's scores, and the mean of them; null where none of the criteria is scored."""

    reviewer_id: UUID | None
    reviewer_name: str | None
    scores: dict[str, int]
    comment: str | None
    average: float | None
    updated_at: Any


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everybody's scores. `averages` has each criterion's mean, `average` is the mean of those."""

    application_id: UUID
    criteria: list[str]
    averages: dict[str, float | None]
    average: float | None
    reviews: list[Review]


async def criteria(session: ReadSession, *, job_id: UUID) -> list[str]:
    """What applicants for the job are judged by."""
    return await queries.criteria(session, job_id) or list(USUAL)


async def replace_criteria(
    session: WriteSession, *, job_id: UUID, organization_id: UUID, names: Sequence[str], by: UUID
) -> list[str]:
    """Judge applicants for the job by these. What was scored under a name that is left out comes
    back with the name."""
    values = {"organization_id": organization_id, "criteria": list(names)}
    await queries.put_criteria(session, job_id, values)
    about = (job_id, organization_id)
    trail.of_job(session, "criteria_changed", about, {"criteria": len(names)}, by=by)
    return list(names)


async def get(session: ReadSession, *, application: Row) -> Scorecard:
    """The scorecard of an application that the caller has been let see as its employer."""
    names = await criteria(session, job_id=application["job_id"])
    rows = await queries.reviews(session, application["id"])
    reviews = [_review(row, names) for row in rows]
    averages = {
        name: _mean([one.scores[name] for one in reviews if name in one.scores]) for name in names
    }
    known = [value for value in averages.values() if value is not None]
    return Scorecard(application["id"], names, averages, _mean(known), reviews)


async def review(
    session: WriteSession, *, application: Row, by: UUID, scores: Mapping[str, int], comment: str
) -> Scorecard:
    """Put the caller's own review in the place of their former one.

    Raises:
        CriterionUnknown: a score names none of the job's criteria.
    """
    known = await criteria(session, job_id=application["job_id"])
    if set(scores) - set(known):
        raise CriterionUnknown
    values = {
        "organization_id": application["organization_id"],
        "scores": dict(scores),
        "comment": comment or None,
    }
    await queries.put_review(session, application["id"], by, values)
    trail.reviewed(session, application, "reviewed", by=by)
    return await get(session, application=application)


async def take_back(session: WriteSession, *, application: Row, by: UUID) -> None:
    """Remove the caller's own review; where there is none, nothing happens."""
    if await queries.remove_review(session, application["id"], by):
        trail.reviewed(session, application, "review_removed", by=by)


def _review(row: Row, names: Sequence[str]) -> Review:
    scores = {name: row["scores"][name] for name in names if name in row["scores"]}
    return Review(
        reviewer_id=row["reviewer_id"],
        reviewer_name=row["reviewer_name"],
        scores=scores,
        comment=row["comment"],
        average=_mean(list(scores.values())),
        updated_at=row["updated_at"],
    )


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), 2) if values else None
