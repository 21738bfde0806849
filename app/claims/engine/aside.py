"""Rows that only the whole list can settle: their unit asks for windows and waits for them."""

from collections.abc import Sequence

from app.claims.engine.answer import LeftRow, writer_of
from app.claims.engine.bench import Bench, Unit
from app.claims.engine.coverage import Place, span_of
from app.claims.engine.days import cut, merged, without
from app.claims.engine.finish import fence
from app.claims.engine.provider import payer_of
from app.claims.queries.engine import jobs, rows, windows
from app.claims.queries.engine.connection import Connection
from app.claims.queries.engine.windows import WantedWindow


async def set_aside(bench: Bench, unit: Unit, waiting: Sequence[LeftRow]) -> None:
    """Ask for the windows that the rows need, and wait for them.

    Raises:
        Fenced: the lease is lost.
    """
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit)
        await jobs.lock(connection, unit.job_id)
        await _add_windows(bench, unit, waiting, connection)
        _, any_window = await jobs.open_work(connection, unit.job_id)
        await rows.set_aside(connection, writer_of(bench, unit), waiting=any_window)
    bench.news.set()


async def want_windows(bench: Bench, unit: Unit, waiting: Sequence[LeftRow]) -> None:
    """Ask for the windows that the rows need, and go on with others.

    Raises:
        Fenced: the lease is lost.
    """
    if waiting:
        async with bench.writing(unit) as connection:
            await fence(connection, bench, unit)
            await jobs.lock(connection, unit.job_id)
            await _add_windows(bench, unit, waiting, connection)


async def _add_windows(
    bench: Bench, unit: Unit, waiting: Sequence[LeftRow], connection: Connection
) -> None:
    """Windows for the days that none covers yet; the job's row is locked, so none comes twice."""
    able = payer_of(bench, unit).capabilities
    known = [
        window
        for window in await windows.walked(connection, unit.job_id)
        if window.error_code != windows.SPLIT
    ]
    wanted: dict[tuple[str, str], list[Place]] = {}
    for entry in waiting:
        for place in entry.look.missing:
            wanted.setdefault((place.tin, entry.payer_id), []).append(place)
    fresh = [
        WantedWindow(tin, payer_id, part.first, part.last)
        for (tin, payer_id), places in wanted.items()
        for span in merged(place.span for place in places)
        for rest in without(
            span, merged(span_of(w) for w in known if (w.tin, w.payer_id) == (tin, payer_id))
        )
        for part in cut(rest, able.max_window_days)
    ]
    await windows.add(connection, unit.job_id, unit.organization_id, fresh)
