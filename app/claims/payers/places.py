"""Calls in flight with one credential: never more than the payer allows, over all processes.

Each process has a share of the places, written down in one book that all have in common, as a lease
that it renews while it uses them. Inside a process a place passes from call to call without asking
anybody. A process that cannot renew its share ends its calls before the lease is over, so that
whoever gets the places next is not added to it.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from app.claims.payers.port import NoPermit
from app.claims.payers.sharing import Bid, PlaceBook
from app.core.ids import new_id
from app.core.log import logger

LEASE_SECONDS: Final = 5.0
# What is ended early for: an event loop that is late, and calls that take a moment to end.
_MARGIN_SECONDS: Final = 0.5
_RENEW_SECONDS: Final = 0.5
# Between two looks of a process that wants more than it has; others give theirs back meanwhile.
_SOON_SECONDS: Final = 0.02
_LATER_SECONDS: Final = 0.5
_ASK_SECONDS: Final = 2.0
_FAREWELL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Waiter:
    turn: "asyncio.Future[None]"
    until: float
    """After it, and without any place of this process, it is told that there is none."""


class Places:
    """The places of one credential, for one event loop; without a book all are its own."""

    def __init__(
        self,
        credential: str,
        count: int,
        *,
        book: PlaceBook | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credential = credential
        self._count = count
        self._book = book
        self._clock = clock
        self._holder = new_id()
        self._limit = count if book is None else 0
        self._until = float("inf") if book is None else float("-inf")
        self._used = 0
        self._most_wanted = 0
        self._waiting: deque[_Waiter] = deque()
        self._calls: set[asyncio.Task[Any]] = set()
        self._cut: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Event()
        self._steward: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def place(self, patience_seconds: float) -> AsyncIterator[None]:
        """Hold a place for the time of a call.

        Raises:
            NoPermit: this process had no place for `patience_seconds`, or lost it during the call.
        """
        await self._take(patience_seconds)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a place is held by a task")
        self._calls.add(task)
        try:
            yield
        except asyncio.CancelledError:
            # Whoever else cancelled the call is heard all the same.
            if task in self._cut and not task.uncancel():
                raise NoPermit(retry_after=1.0) from None
            raise
        finally:
            self._calls.discard(task)
            self._cut.discard(task)
            self._used -= 1
            self._admit()

    async def _take(self, patience_seconds: float) -> None:
        self._most_wanted = max(self._most_wanted, self._used + len(self._waiting) + 1)
        if self._has_room() and not self._waiting:
            self._used += 1
            return
        # While this process has places its calls wait in line: each of them ends in bounded time.
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiter(turn, self._clock() + patience_seconds))
        if self._limit < self._count:
            self._call_steward()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._used -= 1
                self._admit()
            raise

    def _has_room(self) -> bool:
        return self._used < self._limit and self._clock() < self._until

    def _admit(self) -> None:
        """Let in whoever waits, as far as there is room."""
        while self._waiting and self._has_room():
            turn = self._waiting.popleft().turn
            if not turn.done():
                self._used += 1
                turn.set_result(None)

    def _call_steward(self) -> None:
        if self._book is None:
            return
        self._news.set()
        if self._steward is None or self._steward.done():
            self._steward = asyncio.create_task(self._tend(self._book))

    async def _tend(self, book: PlaceBook) -> None:
        """Keep the share as large as it has to be, as long as there is any use for one."""
        pause = _SOON_SECONDS
        while self._used or self._waiting or self._most_wanted:
            self._news.clear()
            is_short = await self._settle(book)
            self._refuse_late()
            if not is_short:
                # A newcomer that finds no room is news; those who wait already are not.
                await self._rest(_RENEW_SECONDS, may_wake=True)
                pause = _SOON_SECONDS
            else:
                await self._rest(pause, may_wake=False)
                pause = min(pause * 2, _LATER_SECONDS)
        await self._leave(book)

    async def _rest(self, seconds: float, *, may_wake: bool) -> None:
        if not may_wake:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _settle(self, book: PlaceBook) -> bool:
        """Ask for the share that is wanted; whether it is short, or too large, or unknown."""
        used, now = self._used, self._clock()
        if used and now >= self._until:
            self._end_calls()
            return True
        waiting = sum(not waiter.turn.done() for waiter in self._waiting)
        wanted, self._most_wanted = max(self._most_wanted, used + waiting), 0
        bid = Bid(used, min(wanted, self._count), self._count)
        # What is written down may be less than before: until it is known, no call is added.
        self._limit = min(self._limit, used)
        patience = min(_ASK_SECONDS, self._until - now) if used else _ASK_SECONDS
        try:
            async with asyncio.timeout(patience):
                share = await book.share(self._credential, self._holder, bid, LEASE_SECONDS)
        except Exception as fault:  # noqa: BLE001 - whatever is wrong, the lease goes on until its end.
            logger.warning("payer.places_unknown", fault=type(fault).__name__)
            return True
        self._until = now + LEASE_SECONDS - _MARGIN_SECONDS
        self._limit = min(share.places, share.fair)
        self._admit()
        return share.places < bid.wanted or share.fair < self._used

    def _end_calls(self) -> None:
        """The lease is nearly over, and others may soon count on its places."""
        self._limit = 0
        for task in self._calls - self._cut:
            self._cut.add(task)
            task.cancel()

    def _refuse_late(self) -> None:
        """Nobody waits for ever where this process has no place at all."""
        now = self._clock()
        while self._waiting and not self._used and self._waiting[0].until <= now:
            turn = self._waiting.popleft().turn
            if not turn.done():
                turn.set_exception(NoPermit(retry_after=1.0))

    async def _leave(self, book: PlaceBook) -> None:
        self._limit, self._until = 0, float("-inf")
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await book.leave(self._credential, self._holder)
        except Exception as fault:  # noqa: BLE001 - the lease ends by itself.
            logger.warning("payer.places_left_to_their_lease", fault=type(fault).__name__)
        if self._waiting:
            # Somebody came while the book was being told.
            self._steward = asyncio.create_task(self._tend(book))

    async def close(self) -> None:
        """Give back what is held; calls in flight are over."""
        if self._steward is not None and self._book is not None:
            self._steward.cancel()
            await asyncio.gather(self._steward, return_exceptions=True)
            self._waiting.clear()
            await self._leave(self._book)
