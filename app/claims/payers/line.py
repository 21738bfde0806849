"""One credential's line to a payer: its token, its brakes, its circuit, and tries in place.

Adapters say what is sent and how an answer is read; everything between is the same for all.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from app.claims.payers.bodies import facts
from app.claims.payers.brakes import BrakeLimits, Brakes, Permit
from app.claims.payers.calls import exchange
from app.claims.payers.line_options import LineOptions
from app.claims.payers.port import (
    CircuitOpen,
    CredentialsRefused,
    FaultKind,
    NoPermit,
    PayerBadResponse,
    PayerFault,
    PayerRateLimited,
    QuestionRejected,
)
from app.claims.payers.sharing import PlaceBook
from app.claims.payers.store import SharedStore
from app.claims.payers.token import Token, Tokens
from app.core.breaker import Breaker
from app.core.http import Answer, open_client
from app.core.log import logger
from app.core.meters import PAYER_CALLS, timed
from app.core.retries import backoff

Read = TypeVar("Read")
Send = Callable[[Token], Awaitable[Answer]]
# An answer that cannot be read seldom passes: once more, and no further.
_UNREADABLE_TRIES: Final = 2


class Line:
    """One per process and credential."""

    def __init__(
        self,
        options: LineOptions,
        *,
        store: SharedStore | None = None,
        book: PlaceBook | None = None,
    ) -> None:
        self._options = options
        self._client = open_client(
            timeout_seconds=options.timeout_seconds, connections=options.concurrency + 2
        )
        self._tokens = Tokens(self._client, options)
        self._breaker = Breaker(
            threshold=options.breaker_failures, pause_seconds=options.breaker_pause_seconds
        )
        self._brakes = Brakes(
            BrakeLimits(
                options.requests_per_minute,
                options.concurrency,
                options.patience_seconds,
                trial_seconds=options.breaker_pause_seconds,
            ),
            credential_digest=options.credential_digest,
            store=store,
            book=book,
        )

    @property
    def circuit_open(self) -> bool:
        """True while the payer fails so often that it is only tried now and then."""
        return self._breaker.is_open

    async def send(
        self, method: str, url: str, *, headers: dict[str, str], content: bytes | None = None
    ) -> Answer:
        """One exchange; the headers hold the token already.

        Raises:
            PayerFault: as `calls.exchange` says.
        """
        return await exchange(
            self._client,
            method,
            url,
            headers=headers,
            body=content,
            seconds=self._options.timeout_seconds,
        )

    async def ask(self, send: Send, read: Callable[[Answer], Read], *, asker: str = "") -> Read:
        """Send until there is an answer that `read` takes; transient faults are tried again.

        Raises:
            PayerFault: what is left after the tries.
        """
        tries_made = 0
        while True:
            try:
                return await self._try(send, read, asker)
            except PayerFault as fault:
                tries_made += 1
                wait = self._wait_before_retry(fault, tries_made)
                if wait is None:
                    _log(fault)
                    raise
                await asyncio.sleep(wait)

    async def close(self) -> None:
        """Close the connections; calls in flight fail."""
        await self._tokens.close()
        await self._brakes.close()
        await self._client.aclose()

    def _wait_before_retry(self, fault: PayerFault, tries_made: int) -> float | None:
        options = self._options
        if fault.kind is not FaultKind.TRANSIENT or isinstance(fault, NoPermit | CircuitOpen):
            return None
        tries = options.tries
        if isinstance(fault, PayerBadResponse):
            tries = min(_UNREADABLE_TRIES, tries)
        if tries_made >= tries or self._breaker.is_open:
            return None
        asked = fault.retry_after or 0.0
        if asked > options.patience_seconds:
            return None
        return max(asked, backoff(tries_made, options.backoff_seconds))

    async def _try(self, send: Send, read: Callable[[Answer], Read], asker: str) -> Read:
        async with self._brakes.permit(asker) as permit:
            self._check_circuit(permit)
            try:
                value = await self._read(send, read)
            except PayerRateLimited as fault:
                await self._brakes.slow_down(fault.retry_after)
                raise
            except PayerFault as fault:
                await self._note(permit, is_well=not fault.hurts_payer)
                raise
            await self._note(permit, is_well=True)
        self._brakes.speed_up()
        return value

    def _check_circuit(self, permit: Permit) -> None:
        """Where all workers agree, their word counts; a process alone goes by what it has seen.

        Raises:
            CircuitOpen: it is not the time for a trial.
        """
        if permit.is_shared:
            if self._breaker.is_open and not permit.is_trial:
                # Somebody else's trial has closed it.
                self._breaker.succeeded()
            return
        wait = self._breaker.admit()
        if wait:
            raise CircuitOpen(retry_after=wait)

    async def _note(self, permit: Permit, *, is_well: bool) -> None:
        was_open = self._breaker.is_open
        if is_well:
            self._breaker.succeeded()
            if was_open or permit.is_trial:
                await self._brakes.close_circuit()
            return
        self._breaker.failed()
        if self._breaker.is_open or permit.is_trial:
            await self._brakes.open_circuit()

    async def _read(self, send: Send, read: Callable[[Answer], Read]) -> Read:
        with timed(PAYER_CALLS, self._options.name) as outcome:
            try:
                value = read(await self._answer(send))
            except PayerFault as fault:
                outcome.word = type(fault).__name__
                raise
            outcome.word = "ok"
        return value

    async def _answer(self, send: Send) -> Answer:
        token = await self._tokens.current()
        answer = await send(token)
        if answer.status == 401:
            answer = await send(await self._tokens.after_refusal(token))
        if answer.status in (401, 403):
            raise CredentialsRefused(facts(answer))
        return answer


def _log(fault: PayerFault) -> None:
    if isinstance(fault, NoPermit | CircuitOpen):
        # Nothing was sent, and it happens often.
        return
    report = logger.error if isinstance(fault, QuestionRejected) else logger.warning
    report(
        "payer.fault",
        fault=type(fault).__name__,
        kind=fault.kind.value,
        payer_code=fault.facts.payer_code,
        http_status=fault.facts.http_status,
        payer_request_id=fault.facts.request_id,
        retry_after=fault.retry_after,
    )
