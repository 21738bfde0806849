"""Open jobs read once for all résumés, and found again by what a résumé has in common with them.

A job's strongest words, pairs and skills stand in job_terms under their numbers, the heaviest first.
A résumé asks for its own strongest terms and takes of each only the jobs that it matters most to, so
that a term which every second job has costs no more than a rare one.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import case, delete, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from app.analysis import applied as applications
from app.analysis import queries
from app.analysis.applied import Applied
from app.analysis.engine.demands import read_job
from app.analysis.engine.fit import MEANING, fit_of
from app.analysis.engine.meaning import strongest_coordinates
from app.analysis.engine.values import Demands, Profile
from app.analysis.engine.version import model_version
from app.analysis.inputs import digest_of, key_of, post_of
from app.analysis.models import JobFeatures, JobTerm
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.jobs.models import Job, OpenJob

MOST_CANDIDATES: Final = 800
_BATCH: Final = 20
_JOB_TERMS: Final = 24
_RESUME_TERMS: Final = 48
# A term is followed to the more jobs the more it weighs in the résumé (docs/benchmarks.md).
_FEWEST_JOBS: Final = 200
_JOBS_OF_ALL_TERMS: Final = 100_000
_SKILL_WEIGHTS: Final = {"must": 0.3, "nice": 0.15}
_SKILL_OF_RESUME: Final = 0.1
_COORDINATES: Final = 24


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open job that a résumé is scored against."""

    job_id: UUID
    title: str
    company: str
    digest: str
    wording: int | None
    demands: Demands


def number_of(term: str) -> int:
    """A term as a 32-bit number; two that share one only add a candidate."""
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big", signed=True)


def strongest(
    terms: Mapping[str, float], others: Mapping[str, float], most: int
) -> dict[int, float]:
    """The numbers of the heaviest terms and of all that stands beside them, with their weights."""
    heaviest = sorted(terms.items(), key=lambda each: (-each[1], each[0]))[:most]
    return {number_of(term): weight for term, weight in [*heaviest, *others.items()]}


async def refresh(database: Database, *, stopping: asyncio.Event, seconds: float) -> int:
    """Read open jobs that are new or have changed, and what an older version has read; how many.

    It stops after about so many seconds: what is left is read the next time.
    """
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set():
        async with database.read(Scope.system()) as session:
            stale = await _stale(session)
        if not stale:
            break
        rows = await asyncio.to_thread(_read, stale)
        async with database.write(Scope.system()) as session:
            await _keep(session, rows)
        done += len(rows)
    return done


def _read(stale: Sequence[Job]) -> list[tuple[Job, str, Demands]]:
    posts = [(job, post_of(job)) for job in stale]
    return [(job, digest_of(post), read_job(post)) for job, post in posts]


async def _stale(session: ReadSession) -> list[Job]:
    found = await session.execute(
        select(Job)
        .join(OpenJob, OpenJob.id == Job.id)
        .outerjoin(JobFeatures, JobFeatures.job_id == Job.id)
        .where(
            or_(
                JobFeatures.job_id.is_(None),
                JobFeatures.seen_at != Job.updated_at,
                JobFeatures.model_version != model_version(),
            )
        )
        .limit(_BATCH)
    )
    return list(found.scalars())


async def _keep(session: WriteSession, rows: Sequence[tuple[Job, str, Demands]]) -> None:
    version = model_version()
    ids = [job.id for job, _, _ in rows]
    statement = upsert(JobFeatures).values(
        [
            {
                "job_id": job.id,
                "digest": digest,
                "model_version": version,
                "seen_at": job.updated_at,
                "features": msgspec.msgpack.encode(asked),
            }
            for job, digest, asked in rows
        ]
    )
    columns = ("digest", "model_version", "seen_at", "features")
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["job_id"],
            set_={name: getattr(statement.excluded, name) for name in columns},
        )
    )
    await session.execute(delete(JobTerm).where(JobTerm.job_id.in_(ids)))
    await session.execute(insert(JobTerm).values(list(_terms(rows))))
    await _ask_again(session, [job for job, _, _ in rows])


def terms_of_job(asked: Demands) -> dict[int, float]:
    """What a job is found by."""
    skills = {f"skill:{each.key}": _SKILL_WEIGHTS[each.importance] for each in asked.skills}
    coordinates = strongest_coordinates(asked.embedding, _COORDINATES)
    return strongest(asked.terms, skills | coordinates, _JOB_TERMS)


def _terms(rows: Sequence[tuple[Job, str, Demands]]) -> list[dict[str, Any]]:
    return [
        {"job_id": job.id, "term": number, "weight": weight}
        for job, _, asked in rows
        for number, weight in terms_of_job(asked).items()
    ]


async def _ask_again(session: WriteSession, read: Sequence[Job]) -> None:
    """Applications to jobs that a new version has read for the first time are scored by it, too."""
    applied = await applications.asked_by_other_versions(
        session, [job.id for job in read], model_version()
    )
    by_id = {job.id: job for job in read}
    await queries.add_missing(session, [analysis_row(each, by_id[each.job_id]) for each in applied])


def analysis_row(applied: Applied, job: Job) -> dict[str, Any]:
    """A pending analysis of the résumé that came with an application."""
    version = model_version()
    return {
        "owner_id": applied.candidate_id,
        "resume_id": applied.resume_id,
        "job_id": applied.job_id,
        "key": key_of(job.id, digest_of(post_of(job)), applied.revision, version),
        "resume_revision": applied.revision,
        "job_wording": job.wording,
        "model_version": version,
    }


async def forget_closed(session: WriteSession) -> int:
    """Forget the terms of jobs that are open no more, at most a thousand; how many."""
    gone = (
        select(JobFeatures.job_id)
        .where(JobFeatures.job_id.not_in(select(OpenJob.id)))
        .limit(1000)
        .scalar_subquery()
    )
    forgotten = await session.execute(
        delete(JobFeatures).where(JobFeatures.job_id.in_(gone)).returning(JobFeatures.job_id)
    )
    return len(forgotten.all())


class _Ranked(msgspec.Struct, frozen=True):
    """As much of a job as its rank rests on; the rest of what is stored is skipped."""

    terms: dict[str, float]
    embedding: bytes = b""


Features = tuple[UUID, bytes]
"""A job and what was read of it, as it is stored."""


async def candidates(session: ReadSession, profile: Profile) -> tuple[int, list[Features]]:
    """How many open jobs there are to choose from, and the most promising of them.

    Up to MOST_CANDIDATES jobs are all candidates; of more, those that share most with the résumé.
    """
    counted = await session.execute(select(func.count()).select_from(JobFeatures))
    total = int(counted.scalar_one())
    chosen = None if total <= MOST_CANDIDATES else await _promising(session, profile)
    statement = (
        select(JobFeatures.job_id, JobFeatures.features)
        .join(OpenJob, OpenJob.id == JobFeatures.job_id)
        .where(JobFeatures.model_version == model_version())
    )
    if chosen is not None:
        statement = statement.where(JobFeatures.job_id.in_(chosen))
    return total, [(job_id, features) for job_id, features in await session.execute(statement)]


def nearest(profile: Profile, promising: Sequence[Features], most: int) -> list[Features]:
    """Those that rank highest, the first one first."""
    read = msgspec.msgpack.Decoder(_Ranked).decode
    ranked = sorted(
        (-fit_of(profile, read(features)), str(job_id), features) for job_id, features in promising
    )
    return [(UUID(job_id), features) for _, job_id, features in ranked[:most]]


async def described(session: ReadSession, chosen: Sequence[Features]) -> list[Candidate]:
    """The jobs with all that an answer needs of them, in the same order."""
    statement = (
        select(
            JobFeatures.job_id,
            JobFeatures.digest,
            OpenJob.title,
            OpenJob.company,
            # What was read may have been worded anew since.
            case((OpenJob.updated_at == JobFeatures.seen_at, OpenJob.wording)).label("wording"),
        )
        .join(OpenJob, OpenJob.id == JobFeatures.job_id)
        .where(JobFeatures.job_id.in_([job_id for job_id, _ in chosen]))
    )
    rows = {each.job_id: each for each in await session.execute(statement)}
    read = msgspec.msgpack.Decoder(Demands).decode
    return [
        Candidate(
            job_id=job_id,
            title=rows[job_id].title,
            company=rows[job_id].company,
            digest=rows[job_id].digest,
            wording=rows[job_id].wording,
            demands=read(features),
        )
        for job_id, features in chosen
        if job_id in rows
    ]


async def _promising(session: ReadSession, profile: Profile) -> list[UUID]:
    skills = {f"skill:{each.key}": _SKILL_OF_RESUME for each in profile.skills}
    coordinates = {
        name: MEANING * size
        for name, size in strongest_coordinates(profile.embedding, 2 * _COORDINATES).items()
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
