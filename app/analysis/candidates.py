"""Open jobs that a résumé is scored against: found by what they share with it, then ranked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import case, func, select, text

from app.analysis.engine.fit import MEANING
from app.analysis.engine.meaning import strongest_coordinates
from app.analysis.engine.ranking import packed, signals
from app.analysis.engine.values import Demands, Profile
from app.analysis.engine.version import model_version
from app.analysis.index import COORDINATES, strongest
from app.analysis.models import JobFeatures
from app.core.db import ReadSession
from app.jobs.models import OpenJob

MOST_CANDIDATES: Final = 1_600
_RESUME_TERMS: Final = 48
# A term is followed to the more jobs the more it weighs in the résumé (docs/benchmarks.md).
_FEWEST_JOBS: Final = 200
_JOBS_OF_ALL_TERMS: Final = 100_000
_SKILL_OF_RESUME: Final = 0.1
# What is read of a job is forgotten within a minute of its end.
_SPARE: Final = 20
_read: Final = msgspec.msgpack.Decoder(Demands).decode


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open job that a résumé is scored against."""

    job_id: UUID
    title: str
    company: str
    digest: str
    wording: int | None
    demands: Demands


Promising = tuple[UUID, bytes]
"""A job and what it is ranked by, as it is stored."""


async def find(session: ReadSession, profile: Profile) -> tuple[int, list[Promising]]:
    """How many open jobs there are to choose from, and the most promising of them.

    Up to MOST_CANDIDATES jobs are all candidates; of more, those that share most with the résumé.
    """
    counted = await session.execute(select(func.count()).select_from(JobFeatures))
    total = int(counted.scalar_one())
    chosen = None if total <= MOST_CANDIDATES else await _promising(session, profile)
    # What the release before has read has no ranking until the sweep gives it one.
    unpacked = case((JobFeatures.ranking.is_(None), JobFeatures.features))
    statement = select(JobFeatures.job_id, JobFeatures.ranking, unpacked).where(
        JobFeatures.model_version == model_version()
    )
    if chosen is not None:
        statement = statement.where(JobFeatures.job_id.in_(chosen))
    return total, [
        (job_id, ranking or packed(_read(features)))
        for job_id, ranking, features in await session.execute(statement)
    ]


def nearest(profile: Profile, promising: Sequence[Promising], most: int) -> list[UUID]:
    """Those that rank highest, the first one first, and a few more: some may have closed meanwhile."""
    found = signals(profile, [ranking for _, ranking in promising])
    ranked = sorted(
        (-signal, str(job_id)) for signal, (job_id, _) in zip(found, promising, strict=True)
    )
    return [UUID(job_id) for _, job_id in ranked[: most + _SPARE]]


async def described(session: ReadSession, chosen: Sequence[UUID], most: int) -> list[Candidate]:
    """The first of the jobs that are open, with all that an answer needs of them, in the same order."""
    statement = (
        select(
            JobFeatures.job_id,
            JobFeatures.digest,
            JobFeatures.features,
            OpenJob.title,
            OpenJob.company,
            # What was read may have been worded anew since.
            case((OpenJob.updated_at == JobFeatures.seen_at, OpenJob.wording)).label("wording"),
        )
        .join(OpenJob, OpenJob.id == JobFeatures.job_id)
        .where(JobFeatures.job_id.in_(chosen), JobFeatures.model_version == model_version())
    )
    rows = {each.job_id: each for each in await session.execute(statement)}
    return [
        Candidate(
            job_id=job_id,
            title=rows[job_id].title,
            company=rows[job_id].company,
            digest=rows[job_id].digest,
            wording=rows[job_id].wording,
            demands=_read(rows[job_id].features),
        )
        for job_id in [each for each in chosen if each in rows][:most]
    ]


async def _promising(session: ReadSession, profile: Profile) -> list[UUID]:
    skills = {f"skill:{each.key}": _SKILL_OF_RESUME for each in profile.skills}
    coordinates = {
        name: MEANING * size
        for name, size in strongest_coordinates(profile.embedding, 2 * COORDINATES).items()
    }
    asked = strongest(profile.terms, skills | coordinates, _RESUME_TERMS)
    whole = sum(asked.values())
    found = await session.execute(
        text(
            """
            SELECT near.job_id
            FROM unnest(CAST(:terms AS integer[]), CAST(:weights AS real[]),
                CAST(:most AS integer[])) AS own(term, weight, most),
            LATERAL (
                SELECT job_id, weight FROM job_terms WHERE job_terms.term = own.term
                ORDER BY job_terms.weight DESC LIMIT own.most
            ) AS near
            GROUP BY near.job_id ORDER BY sum(near.weight * own.weight) DESC, near.job_id
            LIMIT :candidates
            """
        ),
        {
            "terms": list(asked),
            "weights": list(asked.values()),
            "most": [
                int(_FEWEST_JOBS + _JOBS_OF_ALL_TERMS * weight / whole) for weight in asked.values()
            ],
            "candidates": MOST_CANDIDATES,
        },
    )
    return list(found.scalars())
