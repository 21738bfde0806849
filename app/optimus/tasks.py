"""What workers do for the numbers: tallies are completed, and their pieces put together."""

import time
from typing import Any, Final

from sqlalchemy import func, select

from app.core.db import Scope
from app.core.log import logger
from app.worker.registry import TaskContext, periodic

# A task that is not rung returns within 35 s.
_SECONDS: Final = 20.0
_PIECES: Final = 2_000


@periodic("optimus.fold", every=15)
async def fold(context: TaskContext) -> None:
    """Count what stood before there were tallies, then fold the pieces that writers left.

    Each step is a transaction of its own and takes well under a second; numbers are the same before
    and after each.
    """
    until = time.monotonic() + _SECONDS
    filled = await _repeat(context, select(func.fill_tallies()), until)
    await _repeat(context, select(func.fold_tallies(_PIECES) > 0), until)
    if filled:
        logger.info("optimus.tallies_filled", steps=filled)


async def _repeat(context: TaskContext, step: Any, until: float) -> int:
    done = 0
    while time.monotonic() < until and not context.stopping.is_set():
        async with context.database.write(Scope.system()) as session:
            if not (await session.execute(step)).scalar_one():
                break
        done += 1
    return done
