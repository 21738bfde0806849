"""The brakes: shared by processes in a real Valkey, alone when it is away or slow."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from app.claims.payers.brakes import BrakeLimits, Brakes, Permit
from app.claims.payers.condition import Condition, condition
from app.claims.payers.port import CircuitOpen, NoPermit
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
    while OPENED:
        await OPENED.pop().close()
    await redis.aclose()


OPENED: list[Brakes] = []


def brakes(store: Any = None, clock: HandClock | None = None, **limits: Any) -> Brakes:
    given = {"requests_per_minute": 60, "concurrency": 5, "patience_seconds": 0.0} | limits
    one = Brakes(
        BrakeLimits(**given),
        credential_digest="d1",
        store=store,
        clock=clock or time.monotonic,
    )
    if isinstance(store, Redis):
        OPENED.append(one)
    return one


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
    async with one.permit("the organization"):
        pass
    await one.slow_down(0.01)
    await one.open_circuit()
    keys = [str(key) for key in await store.keys()]
    assert len(keys) >= 3
    for key in keys:
        assert "payer:{d1}" in key
        assert "organization" not in key
    for name in await store.keys():
        # -1 would be a key without an end; -2 one that has come to it by now.
        assert await store.pttl(name) != -1


async def test_a_pause_holds_for_everybody(store: Redis) -> None:
    first, second = brakes(store), brakes(store)
    await first.slow_down(20.0)
    with pytest.raises(NoPermit) as raised:
        async with second.permit():
            pass
    assert raised.value.retry_after == pytest.approx(20.0, abs=1.0)


async def test_an_open_circuit_holds_for_everybody_but_one_trial(store: Redis) -> None:
    first, second = (brakes(store, requests_per_minute=0, trial_seconds=30.0) for _ in range(2))
    await first.open_circuit()
    for one in (first, second):
        with pytest.raises(CircuitOpen) as raised:
            async with one.permit():
                pass
        assert 0 < (raised.value.retry_after or 0) <= 30
    await store.delete("payer:{d1}:trial")
    seen = []
    for one in (first, second, first):
        try:
            async with one.permit() as permit:
                seen.append(permit.is_trial)
        except CircuitOpen:
            seen.append(False)
    assert seen == [True, False, False]
    assert (found := await condition(store, "d1")) is not None
    assert found.open_since is not None
    await first.close_circuit()
    async with second.permit() as permit:
        assert permit == Permit(is_shared=True)
    assert await condition(store, "d1") == Condition()


async def test_a_pace_that_one_asker_fills_has_room_for_another(store: Redis) -> None:
    """One call a minute and ten minutes of patience: one asker may fill five of them, no more."""
    one = brakes(store, requests_per_minute=1, concurrency=20, patience_seconds=600.0)
    refused: list[str] = []

    async def call(asker: str) -> None:
        try:
            async with one.permit(asker):
                pass
        except NoPermit:
            refused.append(asker)

    async with asyncio.timeout(20):
        greedy = [asyncio.create_task(call("greedy")) for _ in range(15)]
        while len(refused) < 9:  # noqa: ASYNC110 -- they wait for the store.
            await asyncio.sleep(0.01)
        patient = asyncio.create_task(call("patient"))
        while len(await store.keys("*:turn:*")) < 2:  # noqa: ASYNC110 -- as above.
            await asyncio.sleep(0.01)
    # One call went at once, five wait for their minutes, and the newcomer waits behind them.
    assert refused == ["greedy"] * 9
    assert not patient.done()
    for task in (*greedy, patient):
        task.cancel()
    await asyncio.gather(*greedy, patient, return_exceptions=True)


async def test_a_429_is_known_to_everybody_and_halves_once(store: Redis) -> None:
    first, second = brakes(store), brakes(store)
    for one in (first, second, first):
        await one.slow_down(20.0)
    found = await condition(store, "d1")
    assert found is not None
    assert found.share == 0.5
    assert found.slowed_since is not None
    assert 15 < found.paused_seconds <= 20
    await store.delete("payer:{d1}:pause")
    for _ in range(25):
        second.speed_up()
    third = brakes(store, requests_per_minute=60_000)
    third.speed_up()
    async with third.permit():
        pass
    found = await condition(store, "d1")
    assert found is not None
    assert found.share == pytest.approx(0.52)


async def test_what_the_store_does_not_say_is_not_known() -> None:
    assert await condition(BrokenStore(), "d1") is None


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
