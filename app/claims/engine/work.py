"""The lanes of a worker process: lease a unit, work on it, and take the next one."""

import asyncio
from dataclasses import dataclass
from typing import Final

from app.claims.engine.answer import find_alike, settle_locally, writer_of
from app.claims.engine.bench import Bench, Fenced, PutDown, Unit
from app.claims.engine.closer import Closer
from app.claims.engine.early import look_early
from app.claims.engine.finish import complete, fail, fence
from app.claims.engine.leases import claim, keep_alive, release
from app.claims.engine.plan import plan
from app.claims.engine.provider import NotConfigured
from app.claims.engine.ripe import finish_ripe
from app.claims.engine.single import ask_left
from app.claims.engine.trouble import backoff_seconds
from app.claims.engine.verdicts import failed
from app.claims.engine.window import give_up, walk_window
from app.claims.queries.engine import rows, windows
from app.claims.reasons import PLAN_DEATHS, UNPLANNED, Why
from app.core.db import DatabaseAway, DatabaseBusy
from app.core.log import logger

# Claims without progress before a unit is taken apart: its workers died as often.
DEATHS: Final = 3
_IDLE_SECONDS: Final = 0.25
_GLANCE_SECONDS: Final = 0.005
_FAREWELL_SECONDS: Final = 2.0


@dataclass(slots=True)
class _Lanes:
    """How many lanes ask for a unit at this moment, and how many have one in hand."""

    claiming: int = 0
    working: int = 0


async def drain(bench: Bench, lanes: int) -> None:
    """Work in `lanes` lanes until nothing is runnable or the bench's time is over."""
    state = _Lanes()
    listener = asyncio.create_task(bench.hear_stop())
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(_lane(bench, state))
    finally:
        listener.cancel()


async def _lane(bench: Bench, state: _Lanes) -> None:
    try:
        while not bench.is_over:
            unit = await _claimed(bench, state)
            if unit is not None:
                await _worked(bench, state, unit)
            elif not await _wait_for_news(bench, state):
                return
    except (DatabaseAway, DatabaseBusy):
        # Whoever rings next finds the work again, and by then perhaps the database.
        logger.warning("claims.lane_without_database")


async def _claimed(bench: Bench, state: _Lanes) -> Unit | None:
    state.claiming += 1
    try:
        return await claim(bench)
    finally:
        state.claiming -= 1


async def _worked(bench: Bench, state: _Lanes, unit: Unit) -> None:
    state.working += 1
    try:
        await work(bench, unit)
    finally:
        state.working -= 1
        bench.news.set()


async def _wait_for_news(bench: Bench, state: _Lanes) -> bool:
    """Wait while another lane is at work, whose end may make more runnable; False where none is."""
    while state.claiming and not state.working:  # noqa: ASYNC110 - a claim lasts a millisecond or two.
        await asyncio.sleep(_GLANCE_SECONDS)
    if not state.working:
        return False
    bench.news.clear()
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            await bench.news.wait()
    except TimeoutError:
        pass
    return True


async def work(bench: Bench, unit: Unit) -> None:
    """Work on a leased unit, whatever becomes of it. Raises only when it is itself cancelled."""
    try:
        await _leased(bench, unit)
    except NotConfigured as fault:
        await _give_up_job(bench, unit, fault.why)
    except Fenced:
        logger.info("claims.fenced", job_id=unit.job_id, unit_id=unit.id)
        # Still ours where only the database's epoch has changed.
        await _let_go(bench, unit)
    except PutDown:
        await _let_go(bench, unit)
    except asyncio.CancelledError:
        await asyncio.shield(_let_go(bench, unit))
        raise
    except (DatabaseAway, DatabaseBusy):
        logger.warning("claims.unit_without_database", job_id=unit.job_id, unit_id=unit.id)
        await _let_go(bench, unit, seconds=1.0)
    except Exception:  # noqa: BLE001 - one unit's fault must not end the lane; it counts as a death.
        logger.exception("claims.unit_failed", job_id=unit.job_id, unit_id=unit.id)
        await _let_go(bench, unit, seconds=backoff_seconds(unit.attempts), died=True)


async def _give_up_job(bench: Bench, unit: Unit, why: Why) -> None:
    try:
        await fail(bench, unit, why)
    except (Fenced, DatabaseAway, DatabaseBusy):
        logger.warning("claims.unit_left_to_its_lease", job_id=unit.job_id, unit_id=unit.id)


async def _let_go(bench: Bench, unit: Unit, *, seconds: float = 0.0, died: bool = False) -> None:
    """Give the unit back at once where that works; where not, its lease runs out."""
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await release(bench, unit, seconds=seconds, died=died)
    except (TimeoutError, DatabaseAway, DatabaseBusy):
        logger.warning("claims.unit_left_to_its_lease", job_id=unit.job_id, unit_id=unit.id)


async def _leased(bench: Bench, unit: Unit) -> None:
    """Work on the unit while its lease is kept alive; the loss of the lease ends the work."""
    worker = asyncio.create_task(_step(bench, unit))
    keeper = asyncio.create_task(keep_alive(bench, unit))
    try:
        await asyncio.wait((worker, keeper), return_when=asyncio.FIRST_COMPLETED)
        await (worker if worker.done() else keeper)
    finally:
        for task in (worker, keeper):
            task.cancel()
        await asyncio.gather(worker, keeper, return_exceptions=True)


async def _step(bench: Bench, unit: Unit) -> None:
    if unit.attempts > (PLAN_DEATHS if unit.kind == "plan" else DEATHS):
        await take_apart(bench, unit)
    elif unit.kind == "plan":
        await plan(bench, unit, careful=unit.attempts > DEATHS)
    elif unit.kind == "window":
        await walk_window(bench, unit)
        await look_early(bench, unit)
    else:
        await _answer(bench, unit)


async def _answer(bench: Bench, unit: Unit) -> None:
    closer = Closer(bench, unit)
    settled = await settle_locally(bench, unit, wants_more=closer.is_wanted)
    if settled.left and not unit.job.alike_found:
        # Before any is asked singly: rows alike are asked once.
        await find_alike(bench, unit)
        settled = await settle_locally(bench, unit, wants_more=closer.is_wanted)
    if settled.ripe and not await finish_ripe(bench, unit, closer, settled):
        return
    if settled.left:
        await ask_left(bench, unit, settled.left, closer)


async def take_apart(bench: Bench, unit: Unit) -> None:
    """A unit that killed its workers: rows are worked on one by one, and the one that kills ends.

    Raises:
        Fenced: the lease is lost.
    """
    logger.error("claims.unit_deadly", job_id=unit.job_id, unit_id=unit.id, kind=unit.kind)
    if unit.kind == "plan":
        await fail(bench, unit, UNPLANNED)
    elif unit.kind == "window":
        async with bench.reading(unit) as connection:
            query = await windows.of_unit(connection, unit.id)
        if query is None:
            raise Fenced
        await give_up(bench, unit, query, "internal")
    else:
        await _split(bench, unit)


async def _split(bench: Bench, unit: Unit) -> None:
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit)
        open_rows = await rows.open_rows(connection, unit.job_id, unit.lo, unit.hi)
        writer = writer_of(bench, unit)
        if unit.lo < unit.hi:
            await rows.split(connection, writer, [(row.row_no, row.row_no) for row in open_rows])
        elif open_rows:
            deadly = [failed(row, "internal") for row in open_rows]
            await rows.answer(connection, writer, deadly, alike_found=unit.job.alike_found)
        await complete(connection, bench, unit)
