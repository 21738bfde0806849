"""Every registered task run twice with nothing mocked: the second run changes nothing at all."""

from collections.abc import AsyncIterator

import pytest

from app.claims.tasks import means_of
from app.core.db import Scope, as_owner, driver
from app.core.http import open_client
from app.core.redis_client import open_redis
from app.core.settings import WebhookSettings
from app.worker.registry import TASK_MODULES, TASKS, TaskContext, load
from tests.claims.engine.conftest import engine_payer, ledger
from tests.claims.engine.ledger import Ledger
from tests.mail.post_office import PostOffice, open_post_office, with_mail
from tests.webhooks.conftest import receiver
from tests.webhooks.receiver import Receiver
from tests.worker.twice_cases import CASES, Ground

__all__ = ["engine_payer", "ledger", "receiver"]

load()
# Tests have tasks of their own; what counts is what the rooms of the application register.
ROOMS = {module.split(".")[1] for module in TASK_MODULES}
REGISTERED = sorted(name for name in TASKS if name.partition(".")[0] in ROOMS)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A mail server that takes everything."""
    async with open_post_office() as office:
        yield office


@pytest.fixture
async def context(ledger: Ledger, office: PostOffice) -> AsyncIterator[TaskContext]:
    """As a worker process has it, but that it may post to this machine."""
    webhooks = WebhookSettings(allow_local="on")
    with_hooks = ledger.settings.model_copy(update={"webhooks": webhooks})
    ledger.settings = with_mail(with_hooks, office.port)
    redis = open_redis(ledger.settings.redis)
    http = open_client(timeout_seconds=5, connections=5)
    context = TaskContext(ledger.settings, ledger.database, redis, http)
    yield context
    await means_of(context).payers.close()
    await http.aclose()
    await redis.aclose()


async def contents(ledger: Ledger) -> dict[str, list[str]]:
    """Every row of every table, as text, but for the places for calls in flight.

    They are the process's, which renews and gives back their lease by itself, whatever tasks do.
    """
    async with ledger.database.write(Scope.system()) as session, as_owner(session):
        connection = await driver(session)
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'payer_places' ORDER BY 1"
        )
        found = {}
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t ORDER BY 1")  # noqa: S608
            found[table] = [row["row"] for row in rows]
    return found


def test_every_task_has_a_case() -> None:
    assert sorted(CASES) == REGISTERED, "add a case to tests/worker/twice_cases.py"


@pytest.mark.parametrize("name", sorted(CASES))
async def test_a_second_run_changes_nothing(
    ledger: Ledger, context: TaskContext, receiver: Receiver, office: PostOffice, name: str
) -> None:
    case, task = CASES[name], TASKS[name]
    await case.prepare(Ground(ledger, receiver, context.redis))
    before = await contents(ledger)
    await task.work(context)
    once = await contents(ledger)
    assert (await ledger.all(case.done))[0][0], "the first run has not done its work"
    assert once != before
    await task.work(context)
    assert await contents(ledger) == once
    assert len(receiver.heads) <= 1
    assert len(office.mails) <= 1
