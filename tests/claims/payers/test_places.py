"""Places for calls in flight: never more than the payer allows, whatever becomes of the book."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.claims.engine.place_book import DatabasePlaceBook
from app.claims.payers import places
from app.claims.payers.places import Places
from app.claims.payers.port import NoPermit
from app.claims.payers.sharing import Bid, Share, Standing, share_of
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.claims.payers.place_book import MemoryBook

CREDENTIAL = "digest-of-a-test"


class Crew:
    """Processes that ask one payer, and how many calls they have in flight together."""

    def __init__(self, count: int) -> None:
        self.book = MemoryBook()
        self._count = count
        self.opened: list[Places] = []
        self.inside = self.most = 0
        self.done: dict[Places, int] = {}

    def process(self) -> Places:
        one = Places(CREDENTIAL, self._count, book=self.book)
        self.opened.append(one)
        self.done[one] = 0
        return one

    async def call(self, one: Places, seconds: float = 0.002, patience: float = 30.0) -> None:
        async with one.place(patience):
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await asyncio.sleep(seconds)
            finally:
                self.inside -= 1
        self.done[one] += 1


@pytest.fixture
def quick() -> Iterator[None]:
    """Processes that look at the book more often than they do in earnest."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(places, "LEASE_SECONDS", 5.0)
        patch.setattr(places, "_RENEW_SECONDS", 0.02)
        patch.setattr(places, "_SOON_SECONDS", 0.002)
        patch.setattr(places, "_LATER_SECONDS", 0.02)
        yield


@pytest.fixture
async def crew(quick: None) -> AsyncIterator[Callable[[int], Crew]]:
    made: list[Crew] = []

    def make(count: int) -> Crew:
        made.append(Crew(count))
        return made[-1]

    yield make
    for one in made:
        for process in one.opened:
            await process.close()


async def test_no_more_calls_than_places_over_all_processes_and_everybody_is_served(
    crew: Callable[[int], Crew],
) -> None:
    many = crew(3)
    processes = [many.process() for _ in range(5)]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(many.call(processes[number % 5]))
    assert many.most == 3
    assert set(many.done.values()) == {20}


async def test_a_newcomer_gets_its_half_while_the_first_is_busy(
    crew: Callable[[int], Crew],
) -> None:
    many = crew(10)
    first, second = many.process(), many.process()
    busy = [asyncio.create_task(many.call(first)) for _ in range(2_000)]
    await asyncio.sleep(0.02)
    async with asyncio.timeout(20):
        await asyncio.gather(*(many.call(second) for _ in range(20)))
    assert many.done[first] < 2_000
    for call in busy:
        call.cancel()
    await asyncio.gather(*busy, return_exceptions=True)
    assert many.most == 10


async def test_calls_of_a_process_that_loses_the_book_end_before_its_lease(
    crew: Callable[[int], Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "LEASE_SECONDS", 1.4)
    monkeypatch.setattr(places, "_MARGIN_SECONDS", 1.0)
    many = crew(4)
    book = many.book
    lost = many.process()
    long = [asyncio.create_task(many.call(lost, seconds=30.0)) for _ in range(4)]
    async with asyncio.timeout(20):
        while many.inside < 4:  # noqa: ASYNC110 - as the others below.
            await asyncio.sleep(0.001)
        book.is_away = True
        results = await asyncio.gather(*long, return_exceptions=True)
        assert [type(result) for result in results] == [NoPermit] * 4
        # Its lease has not ended yet, so nobody could have been added to these four.
        (_, until) = next(iter(book.standings.values()))
        assert asyncio.get_running_loop().time() < until
        with pytest.raises(NoPermit):
            await many.call(lost, patience=0.0)
        book.is_away = False
        await many.call(lost)


async def test_a_moment_without_the_book_ends_nothing(crew: Callable[[int], Crew]) -> None:
    many = crew(2)
    book = many.book
    one = many.process()
    call = asyncio.create_task(many.call(one, seconds=0.1))
    await asyncio.sleep(0.05)
    book.is_away = True
    asked = book.asked
    async with asyncio.timeout(20):
        while book.asked < asked + 2:  # noqa: ASYNC110 - tells when it was asked.
            await asyncio.sleep(0.001)
        book.is_away = False
        await call


async def test_places_of_a_killed_process_are_free_when_its_lease_ends(
    crew: Callable[[int], Crew],
) -> None:
    many = crew(2)
    book = many.book
    ends = asyncio.get_running_loop().time() + 0.1
    book.standings[new_id()] = Standing(2, 2), ends
    alive = many.process()
    with pytest.raises(NoPermit):
        await many.call(alive, patience=0.0)
    async with asyncio.timeout(20):
        await many.call(alive)
    assert asyncio.get_running_loop().time() >= ends


async def test_whoever_goes_away_while_waiting_leaves_no_place_taken(
    crew: Callable[[int], Crew],
) -> None:
    many = crew(1)
    one = many.process()
    calls = [asyncio.create_task(many.call(one, seconds=0.01)) for _ in range(10)]
    await asyncio.sleep(0.005)
    for call in calls[::2]:
        call.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(*calls, return_exceptions=True)
        await many.call(one)
    assert many.most == 1


async def test_a_cancelled_call_is_cancelled_and_not_refused(crew: Callable[[int], Crew]) -> None:
    many = crew(1)
    call = asyncio.create_task(many.call(many.process(), seconds=30.0))
    await asyncio.sleep(0.02)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_who_needs_no_more_places_leaves_the_book(crew: Callable[[int], Crew]) -> None:
    many = crew(2)
    book = many.book
    await many.call(many.process())
    async with asyncio.timeout(20):
        while book.standings:  # noqa: ASYNC110 - until the steward has gone home.
            await asyncio.sleep(0.005)


async def test_the_database_is_a_book(database: Database) -> None:
    book, first, second = DatabasePlaceBook(database), new_id(), new_id()
    assert await book.share(CREDENTIAL, first, Bid(0, 100, 100), 60.0) == Share(100, 100)
    late = await book.share(CREDENTIAL, second, Bid(0, 80, 100), 60.0)
    assert late == Share(0, 50)
    assert await book.share(CREDENTIAL, first, Bid(70, 100, 100), 60.0) == Share(70, 50)
    assert (await book.share(CREDENTIAL, second, Bid(0, 80, 100), 60.0)).places == 30
    assert (await book.share("another", second, Bid(0, 80, 100), 60.0)).places == 80
    await book.leave(CREDENTIAL, first)
    assert (await book.share(CREDENTIAL, second, Bid(30, 80, 100), 0.0)).places == 80
    # That lease ended in the moment in which it began.
    assert (await book.share(CREDENTIAL, first, Bid(0, 100, 100), 60.0)).places == 100
    async with database.bulk(Scope.system()) as connection:
        await connection.execute("DELETE FROM payer_places")


@given(
    count=st.integers(1, 12),
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 15), st.booleans()), min_size=1, max_size=30
    ),
)
@settings(max_examples=200, deadline=None)
def test_shares_never_pass_the_count_in_any_order_of_bids(
    count: int, steps: list[tuple[int, int, bool]]
) -> None:
    holders = [UUID(int=number) for number in range(4)]
    book: dict[UUID, Standing] = {}
    for turn, (number, wanted, is_full) in enumerate(steps):
        holder = holders[number]
        mine = book.pop(holder, Standing(0, 0)).places
        used = mine if is_full else mine // 2
        bid = Bid(used, max(wanted, used), count)
        share = share_of(holder, bid, book, turn)
        book[holder] = Standing(share.places, bid.wanted)
        assert share.places >= used
        assert sum(standing.places for standing in book.values()) <= count


@given(count=st.integers(1, 12), wanted=st.lists(st.integers(0, 15), min_size=1, max_size=5))
def test_what_is_fair_uses_all_places_and_over_the_turns_nobody_starves(
    count: int, wanted: list[int]
) -> None:
    bids = {UUID(int=number): amount for number, amount in enumerate(wanted)}
    got = dict.fromkeys(bids, 0)
    for turn in range(len(bids)):
        fair = {
            holder: share_of(
                holder,
                Bid(0, amount, count),
                {other: Standing(0, bids[other]) for other in bids if other != holder},
                turn,
            ).fair
            for holder, amount in bids.items()
        }
        assert sum(fair.values()) == min(count, sum(wanted))
        assert all(fair[holder] <= amount for holder, amount in bids.items())
        for holder, amount in fair.items():
            got[holder] += amount
    assert all(got[holder] for holder, amount in bids.items() if amount)
