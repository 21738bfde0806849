"""Résumés that older rules have understood come to what today's rules say, and nothing else moves."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from app.applications.models import Application
from app.core.db import Database, Scope, WriteSession
from app.notifications.models import Notification
from app.resumes import anew, queries
from app.resumes.models import Resume
from app.resumes.tasks import by_status
from app.resumes.understanding.version import VERSION
from app.worker.registry import TASKS, TaskContext, load
from tests.analysis.samples import make_read_resume
from tests.applications.samples import make_application
from tests.jobs.samples import make_job
from tests.people import Crew

load()
OLDER: dict[str, Any] = {"version": "0", "skills": []}


async def made_by_older_rules(
    database: Database, owner_id: UUID, content: str, **older: Any
) -> UUID:
    resume_id = await make_read_resume(database, owner_id, content)
    async with database.write(Scope.system()) as session:
        resume = await queries.get(session, resume_id)
        assert resume is not None
        assert resume.understood_by == int(VERSION)
        assert resume.understanding is not None
        resume.understanding = {**resume.understanding, **OLDER, **older}
    return resume_id


async def seen(database: Database, resume_id: UUID) -> Resume:
    async with database.read(Scope.system()) as session:
        resume = await queries.get(session, resume_id)
        assert resume is not None
        return resume


async def sweep(database: Database) -> int:
    return await anew.understand_anew(database, stopping=asyncio.Event(), seconds=30)


async def test_what_they_say_changes_and_what_rested_on_them_is_asked_anew(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew, skills=["Python"])
    resume_id = await made_by_older_rules(database, crew.candidate.id, "Skills: Python, SQL")
    _, application_id = await make_application(database, crew, job_id, resume_id=resume_id)
    before = await seen(database, resume_id)

    async def score() -> float | None:
        async with database.read(Scope.system()) as session:
            found = await session.execute(
                select(Application.score).where(Application.id == application_id)
            )
            return found.scalar_one()

    # Also before the sweep comes, an answer is by the rules that its version names.
    await TASKS["analysis.work"].work(context)
    first = await score()
    async with database.read(Scope.system()) as session:
        assert (await by_status(session))["understood_by_older"] == 1
    assert await sweep(database) == 1
    after = await seen(database, resume_id)
    assert after.understanding is not None
    assert {each["name"] for each in after.understanding["skills"]} == {"Python", "SQL"}
    assert (after.understanding["version"], after.revision) == (VERSION, before.revision + 1)
    assert (after.status, after.status_history) == (before.status, before.status_history)
    assert await score() is None
    await TASKS["analysis.work"].work(context)
    assert await score() == first is not None
    async with database.read(Scope.system()) as session:
        assert (await by_status(session))["understood_by_older"] == 0
        told = await session.execute(select(func.count()).select_from(Notification))
        assert told.scalar_one() == 0
    assert await sweep(database) == 0


async def test_where_nothing_else_comes_out_nothing_is_asked_anew(
    database: Database, crew: Crew
) -> None:
    resume_id = await made_by_older_rules(database, crew.candidate.id, "Skills: Python")
    assert await sweep(database) == 1
    fresh = await seen(database, resume_id)
    assert fresh.understanding is not None
    older = {**fresh.understanding, "version": "1"}
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(Resume).where(Resume.id == resume_id).values(understanding=older)
        )
    assert await sweep(database) == 1
    after = await seen(database, resume_id)
    assert (after.revision, after.understanding) == (2, fresh.understanding)


async def test_a_text_that_the_rules_cannot_take_keeps_what_it_had(
    database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [
        await made_by_older_rules(database, crew.candidate.id, text)
        for text in ("Skills: Python", "Skills: COBOL")
    ]
    real = anew.understood_from

    def fragile(resume: Resume) -> Any:
        if "COBOL" in (resume.text or ""):
            raise RecursionError
        return real(resume)

    monkeypatch.setattr(anew, "understood_from", fragile)
    assert await sweep(database) == 2
    well, ill = [await seen(database, each) for each in ids]
    assert (well.revision, ill.revision) == (2, 1)
    assert ill.understanding is not None
    assert ill.understanding["skills"] == []
    # It is stored as it is, so that what rests on it goes on working.
    assert anew.understanding_of(ill).skills == ()
    assert await sweep(database) == 0


async def test_whoever_asks_for_a_new_reading_meanwhile_gets_that_one(
    database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume_id = await made_by_older_rules(database, crew.candidate.id, "Skills: Python")
    real = anew._keep

    async def late(session: WriteSession, *given: Any) -> None:
        assert await queries.begin_again(session, resume_id)
        await real(session, *given)

    monkeypatch.setattr(anew, "_keep", late)
    await sweep(database)
    after = await seen(database, resume_id)
    assert (after.status, after.revision) == ("uploaded", 2)
    assert after.understanding is not None
    assert after.understanding["skills"] == []


async def test_a_lot_is_small_and_an_end_is_heard(database: Database, crew: Crew) -> None:
    for number in range(11):
        await made_by_older_rules(database, crew.candidate.id, f"Skills: Python, {number}")
    ending = asyncio.Event()
    ending.set()
    assert await anew.understand_anew(database, stopping=ending, seconds=30) == 0
    assert await anew.understand_anew(database, stopping=asyncio.Event(), seconds=0) == 0
    assert await sweep(database) == 11
