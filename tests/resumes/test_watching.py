"""A résumé's events while it is read: each status once, through an outage, and after its deletion."""

from collections.abc import AsyncGenerator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from app.core.db import Database, DatabaseAway, Scope
from app.core.sse import Event
from app.resumes import queries, routes, service
from app.resumes.models import Resume
from app.resumes.tasks import process
from app.worker.registry import TaskContext
from tests.people import Crew
from tests.resumes.samples import RESUMES, hand_in


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_LOOK_SECONDS", 0)


async def watched(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> tuple[UUID, AsyncGenerator[Event, None]]:
    """A résumé that was handed in, and what its owner is told of it."""
    resume_id = UUID((await hand_in(client, crew.candidate)).json()["id"])
    scope = Scope.person(crew.candidate.id)
    return resume_id, routes._events(database, scope, resume_id, "en")


def told(event: Event) -> tuple[str, object]:
    return event.event, getattr(event.data, "status", None)


async def test_each_status_is_told_once_and_then_the_end(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    context: TaskContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, events = await watched(client, database, crew)
    assert told(await anext(events)) == ("progress", "uploaded")
    async with database.write(Scope.system()) as session:
        leased = await queries.claim(session)
        assert leased is not None
        assert await queries.advance(session, leased, "text_extracted", {"text": "Ada Byron"})
        await queries.put_off(session, leased)
    right, asked = service.get, []

    async def away_once(*where: object, **which: object) -> Resume:
        asked.append(which)
        if len(asked) == 1:
            raise DatabaseAway
        return await right(*where, **which)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "get", away_once)
    assert told(await anext(events)) == ("progress", "text_extracted")
    assert len(asked) == 2
    async with database.write(Scope.system()) as session:
        await session.execute(update(Resume).values(lease_until=None))
    await process(context)
    assert [told(event) async for event in events] == [
        ("progress", "skills_extracted"),
        ("done", "skills_extracted"),
    ]


async def test_a_resume_that_is_deleted_ends_its_events(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    resume_id, events = await watched(client, database, crew)
    await anext(events)
    gone = await client.delete(f"{RESUMES}/{resume_id}", headers=crew.candidate.headers)
    assert gone.status_code == 204
    [end] = [event async for event in events]
    assert (end.event, end.data) == ("done", {"id": str(resume_id)})
