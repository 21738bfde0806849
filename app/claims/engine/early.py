"""Rows that a window has answered are written while others are still walked, so that it shows.

A file by claim number would else stand at nothing for as long as all its windows take, and then be
there at once. After each window some of the waiting rows are looked at: those whose very claim was
found are answered, which no further window could change. All others wait as before.
"""

import time
from dataclasses import replace
from typing import Final

from app.claims.engine.answer import writer_of
from app.claims.engine.bench import Bench, Unit
from app.claims.engine.provider import usual_payer_id
from app.claims.queries.engine import looks, planning, rows, settling
from app.core.ids import new_id
from app.core.meters import ROWS, count

# Between two looks of a process, and at the same rows: often enough to be watched.
_REST_SECONDS: Final = 1.0
# A look costs PostgreSQL some microseconds for every row that is left: this many times as long as
# it took nobody looks again, so that a million rows are not held up by being looked at.
_REST_TIMES: Final = 30.0


class _Ended(Exception):
    """The job has ended meanwhile: nothing is written."""


async def look_early(bench: Bench, unit: Unit) -> None:
    """After a window of the job: answer what can be of one waiting unit of rows, if it is time."""
    by_number = "claim_number" in unit.job.mapping and not unit.job.include
    if not by_number or bench.is_over or unit.is_cancelling or bench.settling.locked():
        return
    if not bench.tempo.may_look():
        return
    began = time.monotonic()
    try:
        async with bench.settling:
            count(ROWS, times=await _look(bench, unit))
    except _Ended:
        return
    finally:
        took = time.monotonic() - began
        bench.tempo.looked(max(_REST_SECONDS, took * _REST_TIMES))


async def _look(bench: Bench, unit: Unit) -> int:
    token = new_id()
    async with bench.writing(unit) as connection:
        borrowed = await looks.borrow(
            connection,
            unit.job_id,
            token,
            lease_seconds=bench.lease_seconds,
            rest_seconds=_REST_SECONDS,
        )
        if borrowed is None:
            return 0
        tins = tuple(dict.fromkeys(tin for _, tin in await planning.practices(connection)))
        payer_id = usual_payer_id(bench.settings, unit.job.provider)
        within = settling.Range(borrowed.lo, borrowed.hi, tins, payer_id, is_early=True)
        writer = replace(writer_of(bench, unit), unit_id=borrowed.id, token=token)
        done = await settling.settle(connection, writer, within, alike_found=True)
        if done is None:
            raise _Ended
        await rows.set_aside(connection, writer, waiting=True)
    return done.rows
