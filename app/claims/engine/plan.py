"""The first unit of a job: what needs no payer is answered, rows alike are found, windows made."""

from typing import Final

from app.claims.engine.bench import Bench, Unit
from app.claims.engine.closer import extras_not_given
from app.claims.engine.demand import Reach, windows_for
from app.claims.engine.finish import complete, fence
from app.claims.engine.horizon import DEFAULT_DAYS, Horizon, horizon
from app.claims.engine.provider import payer_of, usual_payer_id
from app.claims.payers.details import Extra
from app.claims.payers.port import Capabilities
from app.claims.queries.engine import jobs, planning, windows
from app.claims.queries.engine.connection import Connection
from app.core.log import logger
from app.core.meters import ROWS, count

_SMALL_FILE: Final = 1_000
_DEFAULT_WARNING: Final[dict[str, object]] = {
    "code": "default_dates",
    "message": f"Rows without service dates were searched in the last {DEFAULT_DAYS} days, because"
    " the upload named no start_date and end_date.",
}


async def plan(bench: Bench, unit: Unit, *, careful: bool = False) -> None:
    """Plan the job in one transaction, so that a crash leaves either nothing or everything.

    A `careful` plan leaves out what grows with the file, because workers have died over it: no
    windows are made and rows alike are not looked for, so that each row is asked for itself.

    Raises:
        Fenced: the lease is lost.
        NotConfigured: the job's payer cannot be asked at all.
    """
    able = payer_of(bench, unit).capabilities
    days = horizon_of(unit, able)
    async with bench.writing(unit) as connection:
        await planning.be_patient(connection)
        await fence(connection, bench, unit)
        tins = list(dict.fromkeys(tin for _, tin in await planning.practices(connection)))
        limits = planning.Limits(tins, days.limits.first, days.limits.last, days.base is None)
        refused = await planning.answer_faulty(
            connection, unit.id, unit.job_id, unit.job.attempt, limits
        )
        if careful:
            await planning.leave_alike(connection, unit.job_id)
            has_undated, made = await planning.has_undated(connection, unit.job_id), 0
        else:
            has_undated, made = await _demand(bench, unit, connection, tins)
        if days.form is None and has_undated:
            await jobs.warn(connection, unit.job_id, _DEFAULT_WARNING)
        missing = extras_not_given(unit.job.include, [e for e in Extra if able.gives(e)])
        if missing:
            await jobs.warn(connection, unit.job_id, _not_given(missing))
        await complete(connection, bench, unit)
    count(ROWS, times=refused)
    logger.info("claims.job_planned", job_id=unit.job_id, refused=refused, windows=made)


async def _demand(
    bench: Bench, unit: Unit, connection: Connection, tins: list[str]
) -> tuple[bool, int]:
    """Find rows alike, and make windows; says whether any row has no date, and how many windows."""
    able = payer_of(bench, unit).capabilities
    if not _may_wait(unit, able):
        await planning.find_alike(connection, unit.job_id)
        await planning.skip_answered(connection, unit.job_id)
    demands = await planning.demands(connection, unit.job_id)
    wanted = []
    if unit.job.use_batch_query and able.by_provider_window:
        wanted = windows_for(
            demands,
            horizon_of(unit, able),
            tins,
            usual_payer_id=usual_payer_id(bench.settings, unit.job.provider),
            reach=Reach(able.max_window_days, able.max_results),
        )
        await windows.add(connection, unit.job_id, unit.organization_id, wanted)
    return any(demand.service_from is None for demand in demands), len(wanted)


def _may_wait(unit: Unit, able: Capabilities) -> bool:
    """Whether rows alike need not be known yet.

    Where windows answer most rows, each finds its own claim, and only for those that are left is it
    looked for (`find_alike`). For a small file it costs nothing, and shows which windows are worth
    their pages; and where more is asked about each claim, rows alike are asked about once.
    """
    in_windows = unit.job.use_batch_query and able.by_provider_window
    is_large = unit.job.attempt == 1 and unit.job.total_rows > _SMALL_FILE
    return in_windows and is_large and not unit.job.include


def _not_given(missing: list[str]) -> dict[str, object]:
    return {
        "code": "include_not_given",
        "message": f"This payer cannot be asked for {' and '.join(missing)} at present.",
    }


def horizon_of(unit: Unit, able: Capabilities) -> Horizon:
    """The days that are searched for the job's rows."""
    return horizon(
        unit.job.start_date,
        unit.job.end_date,
        today=unit.job.today,
        lookback_days=able.lookback_days,
    )
