"""An analysis from asked to answered: a read résumé, a job, a score, one fenced write."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from app.analysis import applied as applications
from app.analysis import candidates, index, queries
from app.analysis.candidates import Candidate
from app.analysis.engine.advice import advise
from app.analysis.engine.demands import read_job
from app.analysis.engine.fit import fit_of
from app.analysis.engine.profile import read_resume
from app.analysis.engine.score import score
from app.analysis.engine.values import Demands, Post, Profile, Score
from app.analysis.engine.version import model_version
from app.analysis.inputs import digest_of, key_of, post_of
from app.analysis.queries import Leased
from app.core.db import Database, Scope
from app.core.log import logger
from app.jobs import service as jobs
from app.resumes import service as resumes
from app.resumes.anew import understanding_of
from app.resumes.errors import ResumeNotFound
from app.resumes.models import Resume

# Leases that ended without an answer: what they have in common is the pair of texts.
MOST_ATTEMPTS: Final = 3
MOST_MATCHES: Final = 100
_APPLICATIONS: Final = 100
# A first look at very many new jobs is the periodic task's; an analysis waits for some hundred.
_READING_SECONDS: Final = 10.0
# A task that is not rung returns within 35 s, and the last analysis takes its time too.
_SECONDS: Final = 15.0
_STUCK: Final = {
    "code": "analysis.too_demanding",
    "message": "The analysis ended its worker several times.",
    "hint": "Hand the résumé in as plain text and ask again.",
}


@dataclass(frozen=True, slots=True)
class Bench:
    """What one look works with."""

    database: Database
    stopping: asyncio.Event


async def drain(bench: Bench) -> int:
    """Answer analyses until none is due, time is up or the process is about to end; how many."""
    done, until = 0, time.monotonic() + _SECONDS
    while time.monotonic() < until and not bench.stopping.is_set():
        async with bench.database.write(Scope.system()) as session:
            leased = await queries.claim(session)
        if leased is None:
            if await _take_applications(bench.database):
                continue
            break
        await _work(bench, leased)
        done += 1
    return done


async def _take_applications(database: Database) -> int:
    """Résumés that came with applications are held against the job without being asked; how many.

    So are those that were read anew since, and those for a job that was worded anew.
    """
    async with database.write(Scope.system()) as session:
        applied = await applications.without_score(session, _APPLICATIONS)
        posts = await queries.jobs(session, [each.job_id for each in applied])
        rows = [
            index.analysis_row(each, posts[each.job_id]) for each in applied if each.job_id in posts
        ]
        return await queries.add_missing(session, rows)


async def _work(bench: Bench, leased: Leased) -> None:
    if leased.attempts > MOST_ATTEMPTS:
        await _fail(bench.database, leased, _STUCK)
        return
    try:
        async with bench.database.read(Scope.system()) as session:
            resume = await resumes.get(session, resume_id=leased.resume_id)
    except ResumeNotFound:
        # Deleted a moment ago, and the analysis with it.
        return
    if resume.error is not None or resume.understanding is None or resume.text is None:
        await _fail(bench.database, leased, resume.error or _STUCK)
        return
    profile = await asyncio.to_thread(_profile_of, resume, resume.text)
    if leased.job_id is None:
        await _match_all(bench, leased, resume, profile)
    else:
        await _match_one(bench.database, leased, resume, profile, leased.job_id)


def _profile_of(resume: Resume, text: str) -> Profile:
    """By today's rules, also while the stored understanding is of older ones: the version says so."""
    return read_resume(text, understanding_of(resume))


async def _match_one(
    database: Database, leased: Leased, resume: Resume, profile: Profile, job_id: UUID
) -> None:
    async with database.read(Scope.system()) as session:
        job = await jobs.get(session, job_id=job_id)
    post = post_of(job)
    answer = await asyncio.to_thread(_answer, profile, post)
    key = key_of(job_id, digest_of(post), resume.revision, model_version())
    async with database.write(Scope.system()) as session:
        values = {
            **values_of(answer),
            "key": await queries.free_key(session, leased, key),
            "resume_revision": resume.revision,
            "job_wording": job.wording,
        }
        written = await queries.end(session, leased, "completed", values)
    _log(written, leased)


def _answer(profile: Profile, post: Post) -> Score:
    return with_advice(profile, read_job(post))


def with_advice(profile: Profile, demands: Demands) -> Score:
    """The whole answer for one résumé and one job."""
    found = score(profile, demands, fit=fit_of(profile, demands))
    return msgspec.structs.replace(found, advice=advise(profile, demands, found))


def values_of(answer: Score) -> dict[str, Any]:
    """An answer as the columns of its row."""
    result = msgspec.to_builtins(answer)
    return {
        "overall_score": result.pop("overall"),
        "fit": result.pop("fit"),
        "result": result,
        "error": None,
        "model_version": model_version(),
    }


async def _match_all(bench: Bench, leased: Leased, resume: Resume, profile: Profile) -> None:
    """The résumé against all open jobs: an analysis for each of the best, and their list."""
    database = bench.database
    await index.refresh(database, stopping=bench.stopping, seconds=_READING_SECONDS)
    async with database.read(Scope.system()) as session:
        total, promising = await candidates.find(session, profile)
        nearest = await asyncio.to_thread(candidates.nearest, profile, promising, MOST_MATCHES)
        chosen = await candidates.described(session, nearest, MOST_MATCHES)
    best = await asyncio.to_thread(answers_for, profile, chosen)
    rows = [_row(leased, resume.revision, candidate, answer) for candidate, answer in best]
    async with database.write(Scope.system()) as session:
        ids = await queries.write_many(session, rows)
        matches = [
            {
                "analysis_id": str(analysis_id),
                "job_id": str(candidate.job_id),
                "job_title": candidate.title,
                "company": candidate.company,
                "overall_score": answer.overall,
                "fit": answer.fit,
            }
            for analysis_id, (candidate, answer) in zip(ids, best, strict=True)
        ]
        result = {"jobs_considered": total, "matches": matches}
        written = await queries.end(
            session,
            leased,
            "completed",
            {"key": None, "result": result, "model_version": model_version()},
        )
        if not written:
            await session.rollback()
    _log(written, leased)


def answers_for(profile: Profile, chosen: Sequence[Candidate]) -> list[tuple[Candidate, Score]]:
    """Whole answers, the best fit first; among equal ones in the same order."""
    found = [(each, with_advice(profile, each.demands)) for each in chosen]
    return sorted(found, key=lambda pair: -pair[1].fit)


def _row(leased: Leased, revision: int, candidate: Candidate, answer: Score) -> Mapping[str, Any]:
    asked_at: datetime | None = leased.asked_at
    return {
        **values_of(answer),
        "owner_id": leased.owner_id,
        "resume_id": leased.resume_id,
        "job_id": candidate.job_id,
        "key": key_of(candidate.job_id, candidate.digest, revision, model_version()),
        "resume_revision": revision,
        "job_wording": candidate.wording,
        "status": "completed",
        "asked_at": asked_at,
        "completed_at": asked_at,
    }


async def _fail(database: Database, leased: Leased, reason: Mapping[str, Any]) -> None:
    logger.info("analysis.failed", analysis_id=leased.id, code=reason["code"])
    error = {name: reason[name] for name in ("code", "message", "hint")}
    async with database.write(Scope.system()) as session:
        await queries.end(session, leased, "failed", {"error": error, "key": None})


def _log(written: bool, leased: Leased) -> None:
    if not written:
        logger.warning("analysis.fenced_off", analysis_id=leased.id)
