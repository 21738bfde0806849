"""What becomes of a unit whose payer does not answer: it waits, or its time is up."""

import random
from typing import Final

from app.claims import reasons
from app.claims.engine.bench import Bench, Unit
from app.claims.engine.finish import fence
from app.claims.engine.provider import provider_name
from app.claims.payers.port import (
    FaultKind,
    NoPermit,
    PayerBadResponse,
    PayerFault,
    PayerRateLimited,
)
from app.claims.queries.engine import leases, troubles
from app.claims.reasons import Why
from app.core.log import logger

CREDENTIALS_SECONDS: Final = 30.0
_LONGEST_SECONDS: Final = 30.0
# An answer that cannot be read is the payer's fault and seldom passes: so many rounds, each with
# the adapter's own tries, and not the whole retry window.
_BAD_ROUNDS: Final = 5


def is_spent(bench: Bench, unit: Unit, fault: PayerFault) -> bool:
    """Whether asking again is no use any more, so that the fault's row code is the answer."""
    if fault.kind is not FaultKind.TRANSIENT or isinstance(fault, NoPermit):
        return False
    if isinstance(fault, PayerBadResponse) and unit.faults >= _BAD_ROUNDS:
        return True
    return unit.failing_for() >= bench.settings.claims.payer_retry_window_seconds


async def put_off(bench: Bench, unit: Unit, fault: PayerFault) -> None:
    """Give the unit back for a while, and say on the job why it does not go on.

    Raises:
        Fenced: the lease is lost.
    """
    credentials = fault.kind is FaultKind.CREDENTIALS
    pause = CREDENTIALS_SECONDS if credentials else fault.retry_after or 0.0
    wait = max(pause, 0.0 if isinstance(fault, NoPermit) else backoff_seconds(unit.faults))
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit, progress=False)
        if isinstance(fault, NoPermit) and not fault.is_throttled:
            await troubles.park(connection, unit.job_id, wait)
        else:
            # Only what the payer itself did not do counts as its outage.
            is_outage = not credentials and not isinstance(fault, NoPermit)
            if is_outage:
                await leases.note_fault(connection, unit.id)
            await troubles.trouble(
                connection,
                unit.job_id,
                _why(provider_name(unit.job.provider), fault),
                outage=is_outage,
                park_seconds=pause,
                window_seconds=bench.settings.claims.payer_retry_window_seconds,
            )
        await leases.give_back(connection, unit.id, unit.token, wait, died=False)
    logger.info("claims.unit_put_off", job_id=unit.job_id, unit_id=unit.id, seconds=round(wait, 1))


async def cheer(bench: Bench, unit: Unit) -> None:
    """The payer answered: nothing counts against it any more, and the job says so."""
    unit.failing_seconds = None
    if not (unit.troubled or unit.faults):
        return
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit)
        await leases.note_answer(connection, unit.id)
        await troubles.well(connection, unit.job_id)
    unit.troubled, unit.faults = False, 0


def backoff_seconds(faults: int) -> float:
    """Between half and all of 1, 2, 4 … 30 seconds, so that units do not come back as one."""
    longest = min(2.0 ** min(faults, 10), _LONGEST_SECONDS)
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing.


def _why(name: str, fault: PayerFault) -> Why:
    if fault.kind is FaultKind.CREDENTIALS:
        return reasons.refused(name, CREDENTIALS_SECONDS)
    if isinstance(fault, NoPermit):
        return reasons.slowed(name)
    if isinstance(fault, PayerRateLimited):
        return reasons.throttling(name)
    return (reasons.unreadable if isinstance(fault, PayerBadResponse) else reasons.silent)(name)
