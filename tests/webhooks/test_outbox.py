"""What goes into the outbox, who sees it, and when it leaves by itself."""

import functools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.public_http import open_public_client
from app.core.redis_client import open_redis
from app.webhooks import outbox, tasks
from app.webhooks.engine.deliver import drain
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.worker.registry import TASKS, TaskContext
from tests.people import Crew
from tests.webhooks.conftest import Office
from tests.webhooks.receiver import Receiver

URL = "https://hooks.example.com/"


@pytest.fixture
async def context(office: Office) -> AsyncIterator[TaskContext]:
    """As a worker process has it."""
    redis = open_redis(office.settings.redis)
    yield TaskContext(office.settings, office.database, redis, office.client)
    await redis.aclose()


async def test_only_who_asked_for_it_is_told(office: Office, crew: Crew) -> None:
    await office.endpoint(URL, events=["claims.job_failed"])
    await office.endpoint(URL, events=["claims.job_failed", "claims.job_completed"])
    assert await office.emit("claims.job_completed") == 1
    assert await office.emit("claims.job_failed") == 2
    assert await office.emit("claims.job_cancelled") == 0
    office.organization_id = crew.other_organization_id
    assert await office.emit("claims.job_failed") == 0
    rows = await office.deliveries()
    assert len(rows) == 3
    # One event has one id, wherever it goes.
    assert len({row["event_id"] for row in rows}) == 2


async def test_what_did_not_happen_is_not_told(office: Office, database: Database) -> None:
    await office.endpoint(URL)
    with pytest.raises(ZeroDivisionError):
        async with database.write(Scope.tenant(office.organization_id)) as session:
            await outbox.emit(
                session,
                organization_id=office.organization_id,
                event_type="claims.job_completed",
                data={},
            )
            raise ZeroDivisionError
    assert await office.deliveries() == []


async def test_an_event_rings(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(outbox, "ring", lambda _session, name: rung.append(name))
    await office.emit()
    assert rung == []
    await office.endpoint(URL)
    await office.emit()
    assert rung == ["webhooks.deliver"]


async def test_a_tenant_sees_its_own(office: Office, database: Database, crew: Crew) -> None:
    endpoint_id, _ = await office.endpoint(URL)
    await office.emit()
    for organization_id, count in ((crew.organization_id, 1), (crew.other_organization_id, 0)):
        async with database.read(Scope.tenant(organization_id)) as session:
            for table in (WebhookEndpoint, WebhookDelivery):
                assert len((await session.scalars(select(table))).all()) == count
    async with database.read(Scope.public()) as session:
        assert (await session.scalars(select(WebhookEndpoint))).all() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(Scope.tenant(crew.other_organization_id)) as session:
            await session.execute(
                insert(WebhookDelivery).values(
                    organization_id=crew.organization_id,
                    endpoint_id=endpoint_id,
                    event_id=new_id(),
                    event_type="claims.job_failed",
                    payload="{}",
                )
            )


async def test_deliveries_are_kept_for_thirty_days(
    office: Office, context: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_PURGED_AT_ONCE", 2)
    await office.endpoint(URL)
    for _ in range(7):
        await office.emit()
    rows = await office.deliveries()
    for row, days in zip(rows, (29.9, 30.1, 31, 40, 50, 90, 0), strict=True):
        await office.do(
            "UPDATE webhook_deliveries SET created_at = now() - $2 * interval '1 day'"
            " WHERE id = $1",
            row["id"],
            days,
        )
    await office.do(
        "UPDATE webhook_endpoints SET previous_secret = 'x',"
        " previous_secret_until = now() - interval '1 second'"
    )
    await tasks.purge(context)
    left = await office.deliveries()
    assert [row["id"] for row in left] == [rows[0]["id"], rows[-1]["id"]]
    (endpoint,) = await office.endpoints()
    assert (endpoint["previous_secret"], endpoint["previous_secret_until"]) == (None, None)


async def test_a_secret_that_still_signs_is_kept(office: Office, context: TaskContext) -> None:
    await office.endpoint(URL)
    await office.do(
        "UPDATE webhook_endpoints SET previous_secret = 'x',"
        " previous_secret_until = now() + interval '1 minute'"
    )
    await tasks.purge(context)
    assert (await office.endpoints())[0]["previous_secret"] == "x"


async def test_the_task_sends_what_is_due_and_asks_little_when_nothing_is(
    office: Office,
    context: TaskContext,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert TASKS["webhooks.deliver"].look
    opened: list[object] = []

    def counted(**options: Any) -> object:
        opened.append(options)
        return open_public_client(**options)

    monkeypatch.setattr(tasks, "open_public_client", counted)
    # The connection that is rolled back serves one sender at a time.
    monkeypatch.setattr(tasks, "drain", functools.partial(drain, lanes=1))
    await tasks.deliver(context)
    assert opened == []
    await office.endpoint(receiver.url)
    await office.emit()
    await tasks.deliver(context)
    assert len(opened) == len(receiver.heads) == 1
    context.stopping.set()
    await office.emit()
    await tasks.deliver(context)
    assert len(receiver.heads) == 1
