"""The small memory: one load for many, nothing kept that failed or was forgotten."""

import asyncio

import pytest

from app.core.cache import ReadThrough


class Source:
    """Something slow that counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.fails = False

    async def read(self) -> int:
        self.reads += 1
        value = self.reads
        await asyncio.sleep(0.02)
        if self.fails:
            raise LookupError
        return value


async def test_many_at_once_share_one_read() -> None:
    """And later ones get what it gave, until its time is over."""
    source, cache = Source(), ReadThrough[str, int](seconds=0.6)
    assert await asyncio.gather(*(cache.get("a", source.read) for _ in range(20))) == [1] * 20
    assert await cache.get("a", source.read) == 1
    assert await cache.get("b", source.read) == 2
    await asyncio.sleep(0.65)
    assert await cache.get("a", source.read) == 3


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    """The next one tries again."""
    source, cache = Source(), ReadThrough[str, int](seconds=10)
    source.fails = True
    results = await asyncio.gather(
        *(cache.get("a", source.read) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [LookupError] * 3
    source.fails = False
    assert await cache.get("a", source.read) == 2


async def test_a_caller_that_leaves_does_not_take_the_read_along() -> None:
    """The others still get it."""
    source, cache = Source(), ReadThrough[str, int](seconds=10)
    leaving = asyncio.create_task(cache.get("a", source.read))
    staying = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0.005)
    leaving.cancel()
    assert await staying == 1
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_what_is_forgotten_is_read_anew() -> None:
    """Also when a read that began before is still under way: it may hold the old value."""
    source, cache = Source(), ReadThrough[str, int](seconds=10)
    early = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0.005)
    cache.forget("a")
    assert await cache.get("a", source.read) == 2
    assert await early == 1
    assert await cache.get("a", source.read) == 2
    cache.forget("a")
    assert await cache.get("a", source.read) == 3


async def test_the_oldest_go_first() -> None:
    """The memory is bounded."""
    source, cache = Source(), ReadThrough[int, int](seconds=10, size=2)
    for key in (1, 2, 3):
        await cache.get(key, source.read)
    assert await cache.get(3, source.read) == 3
    assert await cache.get(2, source.read) == 2
    assert await cache.get(1, source.read) == 4
