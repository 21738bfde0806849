"""Pieces of a page pushed while something is at work: looked at again and again until it is over."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from fastapi import Request

from app.console.fragments import Fragment
from app.core.db import Database, DatabaseAway, DatabaseBusy, Scope
from app.core.problems import Problem
from app.core.sse import EventStream
from app.core.state import services

LOOK_SECONDS: Final = 1.0
_GONE: Final = 404
Look = Callable[[Database, Scope], Awaitable[tuple[str, bool]]]
"""The piece as it is now, and whether nothing will change any more by itself."""


def stream(request: Request, scope: Scope, look: Look) -> EventStream:
    """The piece whenever it is another one; then an event `over`. What is deleted ends it, too."""
    open_ends = services(request)
    return EventStream(_events(open_ends.database, scope, look), closing=open_ends.closing)


async def _events(database: Database, scope: Scope, look: Look) -> AsyncGenerator[Fragment, None]:
    seen, number = "", 0
    while True:
        try:
            text, is_over = await look(database, scope)
        except Problem as problem:
            if problem.status != _GONE:
                raise
            return
        except (DatabaseAway, DatabaseBusy):
            await asyncio.sleep(LOOK_SECONDS)
            continue
        if text != seen:
            seen, number = text, number + 1
            yield Fragment(str(number), text)
        if is_over:
            yield Fragment(str(number), "", event="over")
            return
        await asyncio.sleep(LOOK_SECONDS)
