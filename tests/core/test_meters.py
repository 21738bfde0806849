"""What is counted is handed in once, whatever Redis does meanwhile."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.core import meters
from app.core.meters import PAYER_CALLS, ROWS, Meter
from app.core.redis_client import REDIS_FAULTS, open_redis
from app.core.settings import RedisSettings
from app.worker.registry import TaskContext

AWAY = RedisSettings(url=SecretStr("unix:///nowhere/valkey.sock?db=0"))


@pytest.fixture
def redis(context: TaskContext) -> Redis:
    return context.redis


@pytest.fixture(autouse=True)
def _nothing_pending() -> Iterator[None]:
    meters._forget()
    yield
    meters._forget()


async def rows(redis: Redis) -> float:
    return (await meters.read(redis))["rows_answered"].get((), {}).get("n", 0.0)


async def test_counts_are_added_to_those_of_all(redis: Redis) -> None:
    before = await rows(redis)
    meters.count(ROWS, times=20)
    meters.count(ROWS)
    await meters.hand_in(redis)
    await meters.hand_in(redis)
    assert await rows(redis) == before + 21


async def test_what_redis_did_not_take_is_kept(redis: Redis) -> None:
    before = await rows(redis)
    meters.count(ROWS, times=3)
    nobody = open_redis(AWAY)
    with pytest.raises(REDIS_FAULTS):
        await meters.hand_in(nobody)
    await nobody.aclose()
    meters.count(ROWS, times=4)
    await meters.hand_in(redis)
    assert await rows(redis) == before + 7


async def test_a_block_is_timed_with_its_end(redis: Redis) -> None:
    with meters.timed(PAYER_CALLS, "test") as outcome:
        outcome.word = "ok"
    with pytest.raises(ZeroDivisionError), meters.timed(PAYER_CALLS, "test"):
        _ = 1 / 0
    await meters.hand_in(redis)
    found = (await meters.read(redis))[PAYER_CALLS.name]
    assert set(found) >= {("test", "ok"), ("test", "failed")}


def test_a_field_holds_every_label() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        meters.count(Meter("some", "Some.", ("one",)))


def test_streams_are_counted_while_they_are_open() -> None:
    with meters.open_stream():
        assert meters.open_streams() == 1
    assert meters.open_streams() == 0
