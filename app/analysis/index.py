"""Open jobs read once for all résumés, and found again by what a résumé has in common with them.

A job's strongest words, pairs and skills stand in job_terms under their numbers, the heaviest first.
A résumé asks for its own strongest terms and takes of each only the jobs that it matters most to, so
that a term which every second job has costs no more than a rare one.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.analysis import applied as applications
from app.analysis import queries
from app.analysis.applied import Applied
from app.analysis.engine.demands import read_job
from app.analysis.engine.meaning import strongest_coordinates
from app.analysis.engine.ranking import number_of, packed
from app.analysis.engine.values import Demands
from app.analysis.engine.version import model_version
from app.analysis.inputs import digest_of, key_of, post_of
from app.analysis.models import JobFeatures, JobTerm
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.jobs.models import Job, OpenJob

_BATCH: Final = 20
_PACKED: Final = 200
_JOB_TERMS: Final = 24
_SKILL_WEIGHTS: Final = {"must": 0.3, "nice": 0.15}
COORDINATES: Final = 24


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
                "ranking": packed(asked),
            }
            for job, digest, asked in rows
        ]
    )
    columns = ("digest", "model_version", "seen_at", "features", "ranking")
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["job_id"],
            set_={name: getattr(statement.excluded, name) for name in columns},
        )
    )
    await session.execute(delete(JobTerm).where(JobTerm.job_id.in_(ids)))
    await session.execute(insert(JobTerm).values(list(_terms(rows))))
    await _ask_again(session, [job for job, _, _ in rows])


async def pack(database: Database, *, stopping: asyncio.Event, seconds: float) -> int:
    """Give jobs that a former release has read what they are ranked by; how many.

    It stops after about so many seconds: what is left is packed the next time.
    """
    decoded = msgspec.msgpack.Decoder(Demands).decode
    unpacked = (
        select(JobFeatures.job_id, JobFeatures.features)
        .where(JobFeatures.ranking.is_(None), JobFeatures.model_version == model_version())
        .limit(_PACKED)
        .with_for_update(skip_locked=True)
    )
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set():
        async with database.write(Scope.system()) as session:
            rows = (await session.execute(unpacked)).all()
            if not rows:
                break
            values = [
                {"job_id": job_id, "ranking": packed(decoded(features))}
                for job_id, features in rows
            ]
            await session.execute(update(JobFeatures), values)
        done += len(rows)
    return done


def terms_of_job(asked: Demands) -> dict[int, float]:
    """What a job is found by."""
    skills = {f"skill:{each.key}": _SKILL_WEIGHTS[each.importance] for each in asked.skills}
    coordinates = strongest_coordinates(asked.embedding, COORDINATES)
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
