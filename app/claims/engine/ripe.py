"""Rows that the windows answer and whose claims the job wants to know more of."""

from collections.abc import Sequence

from app.claims.engine.answer import RipeRow, Settled, write
from app.claims.engine.bench import Bench, PutDown, Unit
from app.claims.engine.closer import Closer
from app.claims.engine.finish import complete
from app.claims.engine.trouble import cheer, put_off
from app.claims.engine.verdicts import succeeded
from app.claims.payers.port import PayerFault
from app.claims.queries.engine.rows import Answered


async def finish_ripe(bench: Bench, unit: Unit, closer: Closer, settled: Settled) -> bool:
    """Ask for more about the rows' claims and write them, some rows at a time.

    False where the payer cannot be asked at this moment: the unit has been given back.

    Raises:
        Fenced: the lease is lost.
        PutDown: the slice is over; what was asked is written.
    """
    rows = settled.ripe
    for start in range(0, len(rows), closer.room):
        bench.check(unit)
        batch = rows[start : start + closer.room]
        try:
            await closer.ask((row.verdict, row.refs) for row in batch)
        except PutDown:
            await _write(bench, unit, batch, closer)
            raise
        except PayerFault as fault:
            await _write(bench, unit, batch, closer)
            await put_off(bench, unit, fault)
            return False
        await cheer(bench, unit)
        await _write(bench, unit, batch, closer)
    if not settled.left:
        async with bench.writing(unit) as connection:
            await write(connection, bench, unit, [])
            await complete(connection, bench, unit)
    return True


async def _write(bench: Bench, unit: Unit, batch: Sequence[RipeRow], closer: Closer) -> None:
    """Write the rows of whose claims all has been asked; the others are asked about again."""
    asked = [row for row in batch if closer.knows(row.verdict, row.refs)]
    async with bench.writing(unit) as connection:
        await write(connection, bench, unit, [_answered(row, closer) for row in asked])


def _answered(row: RipeRow, closer: Closer) -> Answered:
    verdict = closer.completed(row.verdict, row.refs)
    return succeeded(row.row, verdict, row.query_ids)
