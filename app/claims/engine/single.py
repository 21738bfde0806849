"""Rows that the windows did not settle: asked one by one, and written some at a time."""

import asyncio
from collections.abc import Sequence
from typing import Final

from app.claims.engine.answer import LeftRow, write, writer_of
from app.claims.engine.aside import set_aside, want_windows
from app.claims.engine.bench import Bench, PutDown, Unit
from app.claims.engine.closer import Closer
from app.claims.engine.coverage import TRUNCATED
from app.claims.engine.finish import complete, fence
from app.claims.engine.inquiry import Inquiry, ask_row, batches, conclude_row, inquiry_of
from app.claims.engine.provider import payer_of
from app.claims.engine.trouble import cheer, is_spent, put_off
from app.claims.engine.verdicts import failed
from app.claims.payers.port import NoPermit, PayerFault
from app.claims.queries.engine import rows
from app.claims.queries.engine.rows import Answered, array_literal

# A range with more rows to ask for than this is cut into ranges of so many.
_MOST_AT_ONCE: Final = 200
_SHORT_ROWS: Final = 100


async def ask_left(bench: Bench, unit: Unit, left: Sequence[LeftRow], closer: Closer) -> None:
    """Ask for rows singly; those that need the whole list wait for windows.

    Raises:
        Fenced: the lease is lost.
        PutDown: the slice is over; what was asked is written.
    """
    if len(left) > _MOST_AT_ONCE and unit.hi - unit.lo >= _SHORT_ROWS:
        await _share_out(bench, unit, left)
        return
    able = payer_of(bench, unit).capabilities
    waiting = [row for row in left if row.look.awaited]
    hopeless: list[Answered] = []
    asking: list[Inquiry] = []
    for inquiry in await _inquiries(bench, unit, [row for row in left if not row.look.awaited]):
        if inquiry.questions:
            asking.append(inquiry)
        elif inquiry.left.look.missing:
            waiting.append(inquiry.left)
        else:
            # The payer cut its list, and the person cannot be asked for alone.
            hopeless.append(failed(inquiry.left.row, TRUNCATED, inquiry.left.look.proof))
    if not await _has_asked(bench, unit, list(batches(asking, able)), waiting, closer):
        return
    async with bench.writing(unit) as connection:
        await write(connection, bench, unit, hopeless)
        if not waiting:
            await complete(connection, bench, unit)
    if waiting:
        await set_aside(bench, unit, waiting)


async def _has_asked(
    bench: Bench,
    unit: Unit,
    todo: Sequence[list[Inquiry]],
    waiting: list[LeftRow],
    closer: Closer,
) -> bool:
    """Ask for all; False where the payer cannot be asked now, and the unit has been given back.

    Whoever goes on finds windows for those that only the whole list can settle, and does not ask
    for them again.
    """
    try:
        fault = await _ask_all(bench, unit, todo, waiting, closer)
    except PutDown:
        if not unit.is_cancelling:
            await want_windows(bench, unit, waiting)
        raise
    if fault is None:
        return True
    await want_windows(bench, unit, waiting)
    await put_off(bench, unit, fault)
    return False


async def _share_out(bench: Bench, unit: Unit, left: Sequence[LeftRow]) -> None:
    """Many rows to ask for become short units, so that every lane and worker takes its share."""
    numbers = [entry.row.row_no for entry in left]
    firsts = sorted({number - (number - unit.lo) % _SHORT_ROWS for number in numbers})
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit)
        writer = writer_of(bench, unit)
        ranges = [(first, min(first + _SHORT_ROWS - 1, unit.hi)) for first in firsts]
        await rows.split(connection, writer, ranges)
        await complete(connection, bench, unit)


async def _inquiries(bench: Bench, unit: Unit, left: Sequence[LeftRow]) -> list[Inquiry]:
    if not left:
        return []
    able, mapping = payer_of(bench, unit).capabilities, unit.job.mapping
    async with bench.reading(unit) as connection:
        names = await rows.names(
            connection,
            unit.job_id,
            [entry.row.row_no for entry in left],
            first_at=mapping["first_name"],
            last_at=mapping["last_name"],
        )
    asker = str(unit.organization_id)
    return [
        inquiry_of(entry, names.get(entry.row.row_no, ("", "")), able, asker=asker)
        for entry in left
    ]


async def _ask_all(
    bench: Bench,
    unit: Unit,
    todo: Sequence[list[Inquiry]],
    waiting: list[LeftRow],
    closer: Closer,
) -> PayerFault | None:
    """Ask batch after batch; gives a fault that rows are left over by. Fills `waiting`."""
    last: PayerFault | None = None
    for batch in todo:
        bench.check(unit)
        await _ask(bench, unit, batch, closer)
        waiting += await _write(bench, unit, batch, closer)
        faults = [entry.fault for entry in batch if entry.fault and not entry.is_spent]
        if faults:
            # A real fault says more about the payer than our own brakes do.
            last = next((fault for fault in faults if not isinstance(fault, NoPermit)), faults[0])
            if not any(entry.is_good for entry in batch):
                return last
        if any(entry.is_put_down for entry in batch):
            raise PutDown
    return last


async def _ask(bench: Bench, unit: Unit, batch: Sequence[Inquiry], closer: Closer) -> None:
    """Ask for all rows of the batch at once, and judge what failed."""
    results = await asyncio.gather(
        *(_ask_row(bench, unit, inquiry, closer) for inquiry in batch), return_exceptions=True
    )
    for result in results:
        if result is not None:
            raise result
    if any(entry.is_good for entry in batch):
        await cheer(bench, unit)
    for entry in batch:
        entry.is_spent = entry.fault is not None and is_spent(bench, unit, entry.fault)


async def _ask_row(bench: Bench, unit: Unit, inquiry: Inquiry, closer: Closer) -> None:
    await ask_row(bench, unit, inquiry)
    if not (closer.is_wanted and inquiry.is_good):
        return
    try:
        await closer.ask([(inquiry.verdict, inquiry.refs)])
    except PutDown:
        inquiry.is_put_down = True
    except PayerFault as fault:
        inquiry.fault = fault


async def _write(
    bench: Bench, unit: Unit, batch: Sequence[Inquiry], closer: Closer
) -> list[LeftRow]:
    """Write the answers and what they rest on; gives the rows that need the whole list."""
    queries = [query for inquiry in batch for query in inquiry.walk.queries]
    need: list[LeftRow] = []
    answers: list[Answered] = []
    async with bench.writing(unit) as connection:
        ids = iter(await rows.note_asked(connection, writer_of(bench, unit), queries))
        for inquiry in batch:
            own = [next(ids) for _ in inquiry.walk.queries]
            if inquiry.is_spent and inquiry.fault is not None:
                code = inquiry.fault.row_code or "payer.unavailable"
                answers.append(failed(inquiry.left.row, code, array_literal(own)))
            elif inquiry.is_good:
                answer = conclude_row(inquiry, own, closer)
                if answer is None:
                    need.append(inquiry.left)
                else:
                    answers.append(answer)
        await write(connection, bench, unit, answers)
    return need
