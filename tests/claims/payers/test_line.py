"""Two worker processes at one payer: they share places, pauses, and what they know of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from app.claims.payers.port import CircuitOpen, NoPermit, Payer, PayerRateLimited, PayerUnavailable
from app.claims.payers.registry import PROVIDERS, Payers
from app.claims.payers.uhc import UhcPayer
from app.core.ids import new_id
from tests.claims.payers.payer_stand import Stand, ask, days_ago
from tests.claims.payers.place_book import MemoryBook
from tests.conftest import Servers, make_settings

Open = Callable[..., UhcPayer]


@pytest.fixture
async def store(servers: Servers) -> AsyncIterator[Redis]:
    redis = Redis.from_url(servers.valkey.url)
    yield redis
    await redis.aclose()


@pytest.fixture
async def process(stand: Stand, store: Redis) -> AsyncIterator[Open]:
    """Opens the adapter of another process; all of a test have the same credential."""
    opened: list[Payer] = []
    # The credential is the test's own, so that no other test's pauses are found in the store.
    book = MemoryBook()
    token_url = f"{stand.url}/v1/oauthtoken?of={new_id()}"

    def open_one(**changes: Any) -> UhcPayer:
        options = replace(stand.options, token_url=token_url, **changes)
        adapter = UhcPayer(options, store=store, book=book)
        opened.append(adapter)
        return adapter

    yield open_one
    for adapter in opened:
        await adapter.close()


async def test_calls_in_flight_are_counted_over_all_processes(stand: Stand, process: Open) -> None:
    stand.play(latency_ms=10)
    many = [process(concurrency=3, patience_seconds=60.0) for _ in range(3)]
    days = [ask(from_date=days_ago(n), to_date=days_ago(n)) for n in range(1, 25)]
    pages = await asyncio.gather(
        *(many[at % 3].search(question) for at, question in enumerate(days))
    )
    assert all(len(page.claims) == 10 for page in pages)
    assert stand.calls["max_in_flight"] <= 3


async def test_a_payer_that_is_away_is_known_to_all_and_so_is_its_return(
    stand: Stand, process: Open
) -> None:
    stand.play(share_500=1)
    usual: dict[str, Any] = {"tries": 1, "breaker_failures": 2, "breaker_pause_seconds": 0.2}
    first, second = process(**usual), process(**usual)
    for _ in range(2):
        with pytest.raises(PayerUnavailable):
            await first.search(ask())
    calls = stand.calls["calls"]
    with pytest.raises(CircuitOpen):
        await second.search(ask())
    assert stand.calls["calls"] == calls == 2
    stand.play()
    async with asyncio.timeout(20):
        while True:
            try:
                assert (await second.search(ask())).claims
                break
            except CircuitOpen:
                await asyncio.sleep(0.05)
    assert (await first.search(ask())).claims
    assert not first.circuit_open
    assert not second.circuit_open


async def test_a_429_of_one_process_pauses_the_other(stand: Stand, process: Open) -> None:
    stand.play(share_429=1, retry_after=40, first_calls=1)
    first, second = process(), process()
    with pytest.raises(PayerRateLimited):
        await first.search(ask())
    with pytest.raises(NoPermit) as raised:
        await second.search(ask())
    assert raised.value.is_throttled
    assert stand.calls["calls"] == 1


async def test_an_entry_of_the_registry_is_all_that_a_payer_needs(servers: Servers) -> None:
    settings = make_settings(servers, "postgresql://nobody@127.0.0.1/none")
    payers = Payers(settings)
    for code, provider in PROVIDERS.items():
        assert payers.get(code) is payers.get(code)
        assert payers.get(code).capabilities == provider.capabilities(settings)
        assert not provider.is_configured(settings)
        assert provider.options(settings).payer_id == "87726"
    with pytest.raises(KeyError):
        payers.get("nobody")
    await payers.close()
