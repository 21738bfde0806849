"""A deaf worker is found out, and beat rings without ever filling a queue that nobody empties."""

import asyncio

import pytest
from redis.asyncio import Redis

from app.core.settings import Settings
from app.dev.valkey import ValkeyServer
from app.health.registry import registered
from app.worker.watchdog import CHILDLESS_AFTER, DEAF_AFTER, Watchdog
from tests.worker.station import StartStation, over, wait_until

QUEUE = "intake.echo.test"


def watchdog(settings: Settings, *, has_children: bool = True) -> Watchdog:
    return Watchdog(settings.redis, QUEUE, on_lost=lambda: None, has_children=lambda: has_children)


def test_a_worker_without_children_is_lost(settings: Settings) -> None:
    away = over(settings, "unix:///nowhere/valkey.sock?db=0")
    dog = watchdog(away, has_children=False)
    assert [dog.listen() for _ in range(CHILDLESS_AFTER + 1)] == [False] * CHILDLESS_AFTER + [True]


def test_a_worker_that_hears_nothing_is_deaf(settings: Settings) -> None:
    dog = watchdog(settings)
    assert [dog.listen() for _ in range(DEAF_AFTER + 1)] == [False] * DEAF_AFTER + [True]


def test_one_ring_heard_starts_the_count_again(settings: Settings) -> None:
    dog = watchdog(settings)
    for _ in range(3):
        assert not any(dog.listen() for _ in range(DEAF_AFTER))
        dog.heard()
        assert not dog.listen()


def test_a_redis_that_is_away_makes_nobody_deaf(settings: Settings) -> None:
    dog = watchdog(over(settings, "unix:///nowhere/valkey.sock?db=0"))
    assert not any(dog.listen() for _ in range(DEAF_AFTER * 2))


async def test_the_echo_queue_goes_away_with_its_worker(settings: Settings) -> None:
    watchdog(settings).listen()
    redis = Redis.from_url(settings.redis.url.get_secret_value())
    assert 0 < await redis.ttl(QUEUE) <= 300
    await redis.delete(QUEUE)
    await redis.aclose()


async def test_beat_rings_for_periodic_work_and_registers(
    settings: Settings, start_station: StartStation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ValkeyServer(tmp_path_factory.mktemp("beat")) as server:
        alone = over(settings, server.url)
        redis = Redis.from_url(server.url)
        await redis.rpush("intake.drill", *["old"] * 98)
        beat = start_station(alone, "beat")
        assert wait_until(lambda: b"worker.beat_started" in beat.output.read_bytes(), 60)
        assert await grows_to(redis, 100)
        assert [record.role for record in await registered(redis)] == ["beat"]
        await asyncio.sleep(1.2)
        assert await redis.llen("intake.drill") == 100
        await redis.aclose()
        assert beat.stop() == 0


async def grows_to(redis: Redis, length: int) -> bool:
    for _ in range(200):
        if await redis.llen("intake.drill") >= length:
            return True
        await asyncio.sleep(0.05)
    return False
