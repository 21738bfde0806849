"""The brakes: shared by processes in a real Valkey, alone when it is away or slow."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from app.claims.payers.brakes import BrakeLimits, Brakes
from app.claims.payers.port import NoPermit
from app.dev.valkey import ValkeyServer


class HandClock:
    """A clock that a test moves; sleeping moves it."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("brakes")
    with ValkeyServer(home) as server:
        yield server.url


@pytest.fixture
async def store(valkey: str) -> AsyncIterator[Redis]:
    redis = Redis.from_url(valkey)
    await redis.flushdb()
    yield redis
    await redis.aclose()


def brakes(store: Any = None, clock: HandClock | None = None, **limits: Any) -> Brakes:
    given = {"requests_per_minute": 60, "concurrency": 5, "patience_seconds": 0.0} | limits
    return Brakes(
        BrakeLimits(**given),
        credential_digest="d1",
        store=store,
        **({"clock": clock} if clock else {}),
    )


async def permits(one: Brakes, most: int = 100) -> int:
    """How many calls may go at once."""
    for count in range(most):
        try:
            async with one.permit():
                pass
        except NoPermit:
            return count
    return most


async def test_without_a_limit_nothing_is_held_back() -> None:
    assert await permits(brakes(requests_per_minute=0), 1_000) == 1_000


async def test_alone_by_configuration_the_whole_rate_is_ours() -> None:
    clock = HandClock()
    one = brakes(clock=clock)
    assert await permits(one) == 5
    clock.at += 1.0
    assert await permits(one) == 1
    clock.at += 60.0
    assert await permits(one) == 5


async def test_a_permit_is_waited_for_as_long_as_patience_lasts() -> None:
    one = brakes(requests_per_minute=1_200, patience_seconds=1.0)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(106):
        async with one.permit():
            pass
    assert 0.2 < loop.time() - begun < 0.9


async def test_no_permit_says_when() -> None:
    one = brakes(clock=HandClock())
    await permits(one)
    with pytest.raises(NoPermit) as raised:
        async with one.permit():
            pass
    assert raised.value.retry_after == pytest.approx(1.0)


async def test_processes_share_one_rate(store: Redis) -> None:
    first, second = brakes(store), brakes(store)
    assert await permits(first) == 5
    assert await permits(second) == 0
    await asyncio.sleep(1.05)
    assert await permits(second) == 1
    assert await permits(first) == 0


async def test_only_a_digest_is_in_the_store(store: Redis) -> None:
    one = brakes(store)
    await permits(one)
    await one.trial(5.0)
    assert sorted(await store.keys()) == [b"payer:brakes:d1", b"payer:brakes:d1:trial"]
    for key in await store.keys():
        assert 0 < await store.pttl(key) <= 8_000
        assert str(await store.get(key)).strip("b'").isdigit()


async def test_a_pause_holds_for_everybody(store: Redis) -> None:
    first, second = brakes(store), brakes(store)
    await first.slow_down(20.0)
    with pytest.raises(NoPermit) as raised:
        async with second.permit():
            pass
    assert raised.value.retry_after == pytest.approx(20.0, abs=1.0)


async def test_one_trial_for_all_processes(store: Redis) -> None:
    tries = [await brakes(store).trial(1.0) for _ in range(5)]
    assert tries == [True, False, False, False, False]
    await asyncio.sleep(1.05)
    assert await brakes(store).trial(1.0)


async def test_a_429_halves_the_pace_and_good_answers_bring_it_back() -> None:
    clock = HandClock()
    one = brakes(clock=clock)
    await permits(one)
    await one.slow_down(0.5)
    clock.at += 60.0
    assert await permits(one) == 5
    clock.at += 4.0
    assert await permits(one) == 2
    for _ in range(50):
        one.speed_up()
    clock.at += 60.0
    assert await permits(one) == 5
    clock.at += 4.0
    assert await permits(one) == 4


async def test_without_retry_after_a_429_pauses_a_second() -> None:
    clock = HandClock()
    one = brakes(requests_per_minute=0, clock=clock)
    await one.slow_down(None)
    assert await permits(one) == 0
    clock.at += 1.01
    assert await permits(one, 50) == 50


class BrokenStore:
    """A store that fails, or never answers."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked = 0
        self._seconds = seconds

    async def eval(self, *_: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(self._seconds)
        raise ConnectionError("away")


@pytest.mark.parametrize("seconds", [0.0, 60.0])
async def test_a_broken_store_makes_the_process_brake_alone_and_harder(seconds: float) -> None:
    clock = HandClock()
    broken = BrokenStore(seconds)
    one = brakes(broken, clock, requests_per_minute=240)
    begun = asyncio.get_running_loop().time()
    assert await permits(one) == 5  # A quarter of the 20 that the whole rate lets go at once.
    assert asyncio.get_running_loop().time() - begun < 1.0
    assert broken.asked == 1
    clock.at += 1.0
    assert await permits(one) == 1
    assert broken.asked == 1
    clock.at += 5.0
    await permits(one, 1)
    assert broken.asked == 2


async def test_a_broken_store_does_not_stop_a_trial() -> None:
    assert await brakes(BrokenStore()).trial(5.0)


async def test_places_in_flight_are_given_back() -> None:
    one = brakes(requests_per_minute=0, concurrency=2)
    for _ in range(5):
        with pytest.raises(RuntimeError, match="call"):
            async with one.permit():
                raise RuntimeError("call")
    inside = 0

    async def call() -> None:
        nonlocal inside
        async with one.permit():
            inside += 1
            assert inside <= 2
            await asyncio.sleep(0.005)
            inside -= 1

    await asyncio.gather(*(call() for _ in range(10)))
