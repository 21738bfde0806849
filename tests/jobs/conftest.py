"""What tests of the posts share."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.core.db import Database
from app.core.http import open_client
from app.core.settings import Settings
from app.worker.registry import TaskContext


@pytest.fixture
async def context(settings: Settings, database: Database) -> AsyncIterator[TaskContext]:
    """What a worker lends to tasks, over the database that is rolled back."""
    async with (
        Redis.from_url(settings.redis.url.get_secret_value()) as redis,
        open_client(timeout_seconds=1, connections=1) as http,
    ):
        yield TaskContext(settings, database, redis, http)
