"""The room's background work, as a worker process runs it."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from sqlalchemy import select

from app.accounts.models import RefreshFamily
from app.accounts.tasks import purge_sessions
from app.core import clock
from app.core.db import Database, Scope
from app.worker.registry import TASKS, TaskContext, load
from tests.people import register


async def test_old_sign_ins_are_purged(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(client)
    context = cast("TaskContext", SimpleNamespace(database=database))
    await purge_sessions(context)
    async with database.read(Scope.system()) as session:
        assert len((await session.scalars(select(RefreshFamily))).all()) == 1
    moment = clock.now() + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: moment)
    await purge_sessions(context)
    async with database.read(Scope.system()) as session:
        assert (await session.scalars(select(RefreshFamily))).all() == []


def test_workers_know_the_work() -> None:
    load()
    assert TASKS["accounts.purge_sessions"].every == 3600
