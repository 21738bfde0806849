"""Bringing calendars up to date with interviews that were moved, changed or called off."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func

from app.core import clock
from app.core.db import Scope
from app.core.log import logger
from app.core.problems import Problem
from app.core.retries import backoff
from app.integrations.engine.faults import Meaning, ProviderFault
from app.integrations.errors import NotConfigured
from app.integrations.models import CalendarEvent
from app.integrations.queries import events
from app.integrations.queries.connections import Owner
from app.integrations.service.bench import Bench
from app.integrations.service.calendars import event_plan, keep, with_desk
from app.interviews.models import CANCELLED, Interview

_LEASE_SECONDS: Final = 40.0
# About a day: the longest pause is an hour.
_TRIES: Final = 30
_FIRST_PAUSE: Final = 15.0
_LONGEST_PAUSE: Final = 3_600.0


async def sync_due(bench: Bench, interview_id: UUID | None, most: int) -> int:
    """Bring what is due up to date, one event after the other, `most` at once; how many were tried."""
    if interview_id is not None:
        async with bench.database.write(Scope.system()) as session:
            await events.mark_due(session, interview_id)
    for done in range(most):
        async with bench.database.write(Scope.system()) as session:
            event = await events.lease(session, _LEASE_SECONDS)
        if event is None:
            return done
        await _sync(bench, event)
    return most


async def find_behind(bench: Bench) -> bool:
    """Let events be synced whose interviews have changed while no ring was heard; whether any have."""
    async with bench.database.write(Scope.system()) as session:
        return bool(await events.mark_due(session, None))


async def _sync(bench: Bench, event: CalendarEvent) -> None:
    async with bench.database.read(Scope.system()) as session:
        interview = await session.get(Interview, event.interview_id)
    if interview is None:
        return
    try:
        values = await _bring(bench, event, interview)
    except ProviderFault as fault:
        values = _trouble(event, fault)
    except NotConfigured as trouble:
        values = {"state": "stuck", "last_error": trouble.code}
    except Problem as trouble:
        # The database was away in the middle of it; what was done at the provider repeats itself.
        logger.warning("integrations.sync_broken_off", why=trouble.code)
        return
    async with bench.database.write(Scope.system()) as session:
        await events.write_leased(session, event, values)
        await events.mark_due(session, event.interview_id)
    logger.info(
        "integrations.synced",
        interview_id=event.interview_id,
        provider=event.provider,
        state=values.get("state", "due"),
        why=values.get("last_error"),
    )


async def _bring(bench: Bench, event: CalendarEvent, interview: Interview) -> dict[str, Any]:
    """Make the calendar show the interview; the columns afterwards."""
    owner = Owner(event.organization_id, event.user_id, event.provider)
    if interview.status == CANCELLED:
        # An event whose making was in doubt has the id that we chose, where we choose ids.
        await _cancel(bench, owner, event, interview)
        return {"state": "removed", "synced_sequence": interview.sequence, "last_error": None}
    if interview.ends_at <= clock.now():
        return {"state": "stuck", "last_error": "too_late"}
    plan = await event_plan(bench, interview, event)
    event_id = event.event_id
    if event_id is None:
        made = await with_desk(bench, owner, lambda desk, calendar: calendar.create(desk, plan))
    else:
        made = await with_desk(
            bench, owner, lambda desk, calendar: calendar.update(desk, event_id, plan)
        )
    async with bench.database.write(Scope.system()) as session:
        await keep(session, interview, owner, made)
    return {"state": "kept", "last_error": None}


async def _cancel(bench: Bench, owner: Owner, event: CalendarEvent, interview: Interview) -> None:
    event_id = event.event_id
    if event_id is None:
        # Made or not, nobody knows: sent again it is one event, and that one is taken away.
        plan = await event_plan(bench, interview, event)
        try:
            made = await with_desk(bench, owner, lambda desk, calendar: calendar.create(desk, plan))
        except ProviderFault as fault:
            if fault.meaning is Meaning.GONE:
                return
            raise
        event_id = made.id
    known = event_id
    await with_desk(bench, owner, lambda desk, calendar: calendar.cancel(desk, known))


def _trouble(event: CalendarEvent, fault: ProviderFault) -> dict[str, Any]:
    """The columns after a failure."""
    code = fault.code or fault.meaning.value
    if fault.meaning is Meaning.GONE:
        # Somebody deleted it by hand; the interview takes place all the same.
        return {
            "event_id": None,
            "generation": event.generation + 1,
            "run_after": func.now(),
            "state": "due" if event.attempts < _TRIES else "stuck",
            "last_error": code,
        }
    if fault.meaning is Meaning.RECONNECT or (not fault.passes) or event.attempts >= _TRIES:
        # Connecting anew wakes it.
        return {"state": "stuck", "last_error": code}
    doubled = _FIRST_PAUSE * 2.0 ** min(event.attempts - 1, 10) + backoff(1, _FIRST_PAUSE)
    pause = max(min(doubled, _LONGEST_PAUSE), fault.retry_after or 0.0)
    return {"run_after": func.now() + timedelta(seconds=pause), "last_error": code}
