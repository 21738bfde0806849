"""What a ring puts into Redis, and when."""

import base64
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from app.core.db import Scope
from app.core.settings import Settings
from app.dev.valkey import ValkeyServer
from app.worker import doorbell
from app.worker.celery_app import broker_url
from app.worker.registry import queue_of
from tests.conftest import Stage
from tests.worker.station import over

QUEUE = queue_of("nobody.works")


@pytest.fixture
async def redis(stage: Stage) -> AsyncIterator[Redis]:
    redis = Redis.from_url(stage.settings.redis.url.get_secret_value())
    await redis.delete(QUEUE)
    yield redis
    await redis.aclose()


async def messages(redis: Redis) -> list[dict[str, Any]]:
    return [json.loads(message) for message in await redis.lrange(QUEUE, 0, -1)]


class Stop(Exception):
    pass


async def ring_and_fail(stage: Stage) -> None:
    async with stage.database.write(Scope.public()) as session:
        doorbell.ring(session, "nobody.works", job_id="1")
        raise Stop


async def test_a_committed_ring_carries_ids_and_nothing_else(stage: Stage, redis: Redis) -> None:
    job_id = uuid.uuid4()
    with doorbell.connected(stage.settings.redis):
        async with stage.database.write(Scope.public()) as session:
            message_id = doorbell.ring(session, "nobody.works", job_id=job_id, chunk_no=7)
            assert await messages(redis) == []
    (message,) = await messages(redis)
    arguments, keywords, _ = json.loads(base64.b64decode(message["body"]))
    assert (arguments, keywords) == ([], {"job_id": str(job_id), "chunk_no": "7"})
    assert message["headers"]["id"] == str(message_id)
    assert message["headers"]["task"] == "nobody.works"
    assert message["headers"]["expires"] is not None
    assert await redis.smembers("_kombu.binding.") == set()


async def test_a_rollback_drops_the_ring(stage: Stage, redis: Redis) -> None:
    with doorbell.connected(stage.settings.redis):
        with pytest.raises(Stop):
            await ring_and_fail(stage)
        async with stage.database.write(Scope.public()) as session:
            kept = doorbell.ring(session, "nobody.works", job_id="2")
    assert [message["headers"]["id"] for message in await messages(redis)] == [str(kept)]


@pytest.mark.parametrize(
    "value", ["Jane Doe", "jane@example.org", "", "x" * 65, "a\nb", "Müller", "1/2"]
)
async def test_what_is_no_id_does_not_travel(stage: Stage, value: str) -> None:
    async with stage.database.write(Scope.public()) as session:
        with pytest.raises(ValueError, match="patient is no id") as refusal:
            doorbell.ring(session, "nobody.works", patient=value)
    assert not value or value not in str(refusal.value)


async def test_without_a_doorbell_a_commit_still_holds(stage: Stage, redis: Redis) -> None:
    async with stage.database.write(Scope.public()) as session:
        doorbell.ring(session, "nobody.works", job_id="1")
    assert await messages(redis) == []


async def test_rings_reach_redis_again_after_it_was_away(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = ValkeyServer(tmp_path_factory.mktemp("again"))
    with server:
        redis_settings = over(settings, server.url).redis
        with doorbell.connected(redis_settings):
            doorbell.ring_now("nobody.works", job_id="1")
    with doorbell.connected(redis_settings):
        doorbell.ring_now("nobody.works", job_id="2")
    with server, doorbell.connected(redis_settings):
        doorbell.ring_now("nobody.works", job_id="3")
    with server:
        redis = Redis.from_url(server.url)
        assert await redis.llen(QUEUE) == 2
        await redis.aclose()


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("redis://host:6379/3", "redis://host:6379/3"),
        ("rediss://:secret@host:6379/0", "rediss://:secret@host:6379/0"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        (
            "unix://user:secret@/run/valkey.sock?db=1",
            "redis+socket://user:secret@/run/valkey.sock?virtual_host=1",
        ),
    ],
)
def test_the_brokers_spelling_of_an_address(url: str, spelling: str) -> None:
    assert broker_url(url) == spelling
