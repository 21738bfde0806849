"""Sending what is due: leased, posted outside any transaction, recorded behind the fence."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from app.core import telemetry
from app.core.clock import now
from app.core.crypto import KeyRing, SealBroken
from app.core.db import Database, DatabaseAway, DatabaseBusy, Scope, WriteSession, driver
from app.core.http import Answer, HttpClient, HttpFailure, HttpTimeout
from app.core.ids import new_id
from app.core.log import logger
from app.core.meters import WEBHOOKS, observe
from app.core.public_http import AddressRefused, fetch_head
from app.webhooks.engine import keys, signature
from app.webhooks.engine.notice import tell_disabled
from app.webhooks.engine.schedule import is_given_up, pause_after
from app.webhooks.queries import deliveries as queries
from app.webhooks.queries.deliveries import Leased, Outcome

# Senders of one process, and how many of all of them one endpoint may hold.
LANES: Final = 8
AT_ONCE: Final = 4
# The lease outlives the longest try and the writing of what became of it.
_SPARE_SECONDS: Final = 15.0
_GONE: Final = 410
_ASKS_FOR_PATIENCE: Final = frozenset({429, 503})


@dataclass(slots=True)
class Bench:
    """The means of one slice of sending in one process."""

    database: Database
    client: HttpClient
    ring: KeyRing
    timeout_seconds: float
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    ends_at: float = float("inf")
    """By `time.monotonic`: no further delivery is begun after it."""

    @property
    def is_over(self) -> bool:
        """Whether no further delivery may be begun."""
        return self.stopping.is_set() or time.monotonic() >= self.ends_at


async def drain(bench: Bench, lanes: int = LANES) -> None:
    """Send until nothing is due or the bench's time is over."""
    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(_lane(bench))


async def _lane(bench: Bench) -> None:
    try:
        while not bench.is_over:
            leased = await claim(bench)
            if leased is None:
                return
            await record(bench, leased, await attempt(bench, leased))
    except (DatabaseAway, DatabaseBusy):
        # What was posted and not recorded is posted again: at least once, as receivers are told.
        logger.warning("webhooks.lane_without_database")


async def claim(bench: Bench) -> Leased | None:
    """Lease what is due the longest, of any organization."""
    async with bench.database.write(Scope.system()) as session:
        seconds = bench.timeout_seconds + _SPARE_SECONDS
        return await queries.claim(await driver(session), new_id(), seconds, AT_ONCE)


async def attempt(bench: Bench, leased: Leased) -> Outcome:
    """Post it once; whatever goes wrong is an outcome."""
    began = time.monotonic()
    answer, error = None, None
    try:
        async with asyncio.timeout(bench.timeout_seconds):
            answer = await _post(bench, leased)
    except (TimeoutError, HttpTimeout):
        error = "timeout"
    except AddressRefused:
        error = "address_refused"
    except HttpFailure:
        error = "unreachable"
    except SealBroken:
        logger.error("webhooks.secret_unreadable", endpoint_id=leased.endpoint_id)
        error = "unreachable"
    except Exception:  # noqa: BLE001 - a try without an outcome would be repeated for ever.
        logger.exception("webhooks.attempt_failed", delivery_id=leased.id)
        error = "unreachable"
    took = time.monotonic() - began
    observe(WEBHOOKS, took, error or (f"{answer.status // 100}xx" if answer else "unreachable"))
    return _outcome(leased, answer, error, round(took * 1000))


async def _post(bench: Bench, leased: Leased) -> Answer:
    secrets = [
        keys.unseal(bench.ring, sealed, leased.organization_id, leased.endpoint_id)
        for sealed in (leased.secret, leased.previous_secret)
        if sealed is not None
    ]
    signed = signature.headers(
        str(leased.event_id), int(now().timestamp()), leased.payload, secrets
    )
    request = bench.client.build_request(
        "POST",
        leased.url,
        content=leased.payload.encode(),
        headers={"Content-Type": "application/json", **telemetry.carrier(), **signed},
    )
    return await fetch_head(bench.client, request)


def _outcome(leased: Leased, answer: Answer | None, error: str | None, took_ms: int) -> Outcome:
    status = None if answer is None else answer.status
    if status is not None and 200 <= status < 300:
        return Outcome("delivered", status, None, took_ms)
    wait = pause_after(leased.attempts, 0.0 if answer is None else _wished(answer))
    if wait is None or status == _GONE:
        return Outcome("failed", status, error or "status", took_ms)
    return Outcome("pending", status, error or "status", took_ms, wait)


def _wished(answer: Answer) -> float:
    """The seconds of Retry-After, where the status asks for patience and names a number."""
    text = answer.headers.get("retry-after", "")
    is_number = answer.status in _ASKS_FOR_PATIENCE and text.isascii() and text.isdigit()
    return float(text[:9]) if is_number else 0.0


async def record(bench: Bench, leased: Leased, outcome: Outcome) -> bool:
    """Write what became of the try; False where somebody else holds the lease by now."""
    async with bench.database.write(Scope.tenant(leased.organization_id)) as session:
        connection = await driver(session)
        if not await queries.record(connection, leased, outcome):
            logger.info("webhooks.fenced", delivery_id=leased.id)
            return False
        await _judge(session, leased, outcome)
    logger.info(
        "webhooks.attempted",
        delivery_id=leased.id,
        endpoint_id=leased.endpoint_id,
        state=outcome.state,
        status=outcome.status,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
    )
    return True


async def _judge(session: WriteSession, leased: Leased, outcome: Outcome) -> None:
    connection = await driver(session)
    if outcome.state == "delivered":
        await queries.well(connection, leased.endpoint_id)
        return
    failures, seconds = await queries.ill(connection, leased.endpoint_id)
    reason = None
    if outcome.status == _GONE:
        reason = "gone"
    elif is_given_up(failures, seconds):
        reason = "failing"
    if reason and await queries.disable(connection, leased.endpoint_id, reason):
        await tell_disabled(session, leased, reason)
