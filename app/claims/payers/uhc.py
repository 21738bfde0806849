"""UnitedHealthcare's "Claims" REST interface: claims of a provider in a window of days."""

import asyncio
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from app.claims.payers.amounts import us_day
from app.claims.payers.brakes import BrakeLimits, Brakes, SharedStore
from app.claims.payers.calls import backoff, exchange
from app.claims.payers.port import (
    Capabilities,
    CredentialsRefused,
    DatesOutOfRange,
    FaultKind,
    NoPermit,
    Page,
    PayerBadResponse,
    PayerFault,
    PayerRateLimited,
    PayerUnavailable,
    Question,
    QuestionRejected,
    WindowTooLarge,
)
from app.claims.payers.uhc_options import UhcOptions, capabilities_of
from app.claims.payers.uhc_token import Token, Tokens
from app.claims.payers.uhc_wire import facts, read_page
from app.core.breaker import Breaker
from app.core.clock import now
from app.core.http import Answer, open_client
from app.core.log import logger

_TIN: Final = re.compile(r"[0-9]{9}")
_PLAIN: Final = re.compile(r"[\x20-\x7e]{1,512}")
# The payer's day begins later than UTC's: a window that ends today must not reach into tomorrow.
_PAYER_OFFSET: Final = timedelta(hours=6)


def payer_today() -> date:
    """The day at the payer's seat (US Central standard time)."""
    return (now() - _PAYER_OFFSET).date()


class UhcPayer:
    """One per process and credential: it holds the token, the connections and the brakes."""

    def __init__(
        self,
        options: UhcOptions,
        *,
        store: SharedStore | None = None,
        today: Callable[[], date] = payer_today,
    ) -> None:
        self._options = options
        self._today = today
        self._client = open_client(
            timeout_seconds=options.timeout_seconds, connections=options.concurrency + 2
        )
        self._tokens = Tokens(self._client, options)
        self._breaker = Breaker(
            threshold=options.breaker_failures, pause_seconds=options.breaker_pause_seconds
        )
        self._brakes = Brakes(
            BrakeLimits(options.requests_per_minute, options.concurrency, options.patience_seconds),
            credential_digest=options.credential_digest,
            store=store,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What this payer can be asked."""
        return capabilities_of(self._options)

    @property
    def circuit_open(self) -> bool:
        """True while the payer fails so often that it is only tried now and then."""
        return self._breaker.is_open

    async def search(self, question: Question, page_token: str | None = None) -> Page:
        """One page of the summary by provider; transient faults are tried again in place.

        Raises:
            PayerFault: what is left after the tries, or a question that must not be sent.
        """
        headers = self._headers(question, page_token)
        tries_made = 0
        while True:
            try:
                page = await self._try(headers)
            except PayerFault as fault:
                tries_made += 1
                wait = self._wait_before_retry(fault, tries_made)
                if wait is None:
                    _log(fault)
                    raise
                await asyncio.sleep(wait)
            else:
                return page

    async def close(self) -> None:
        """Close the connections; calls in flight fail."""
        await self._tokens.close()
        await self._client.aclose()

    def _wait_before_retry(self, fault: PayerFault, tries_made: int) -> float | None:
        options = self._options
        if fault.kind is not FaultKind.TRANSIENT or isinstance(fault, NoPermit):
            return None
        tries = min(2, options.tries) if isinstance(fault, PayerBadResponse) else options.tries
        if tries_made >= tries or self._breaker.is_open:
            return None
        asked = fault.retry_after or 0.0
        if asked > options.patience_seconds:
            return None
        return max(asked, backoff(tries_made, options.backoff_seconds))

    async def _try(self, headers: dict[str, str]) -> Page:
        async with self._brakes.permit():
            await self._admitted()
            try:
                page = read_page(await self._ask(headers))
            except PayerRateLimited as fault:
                await self._brakes.slow_down(fault.retry_after)
                raise
            except PayerFault as fault:
                if fault.hurts_payer:
                    self._breaker.failed()
                else:
                    self._breaker.succeeded()
                raise
        self._breaker.succeeded()
        self._brakes.speed_up()
        return page

    async def _admitted(self) -> None:
        pause = self._breaker.pause_seconds
        wait = self._breaker.admit()
        if wait == 0.0 and self._breaker.is_open and not await self._brakes.trial(pause):
            wait = pause
        if wait:
            raise CircuitOpen(retry_after=wait)

    async def _ask(self, headers: dict[str, str]) -> Answer:
        token = await self._tokens.current()
        answer = await self._send(headers, token)
        if answer.status == 401:
            answer = await self._send(headers, await self._tokens.after_refusal(token))
        if answer.status in (401, 403):
            raise CredentialsRefused(facts(answer))
        return answer

    async def _send(self, headers: dict[str, str], token: Token) -> Answer:
        options = self._options
        return await exchange(
            self._client,
            "GET",
            options.base_url + options.summary_path,
            headers={**headers, "Authorization": f"Bearer {token.value}"},
            seconds=options.timeout_seconds,
        )

    def _headers(self, question: Question, page_token: str | None) -> dict[str, str]:
        options = self._options
        payer_id = question.payer_id or options.payer_id
        if not _TIN.fullmatch(question.tin) or not _PLAIN.fullmatch(payer_id):
            raise QuestionRejected
        if page_token is not None and not _PLAIN.fullmatch(page_token):
            raise PayerBadResponse
        headers = {"Accept": "application/json", "tin": question.tin, "payerId": payer_id}
        if options.standard_error is not None:
            headers["getStandardError"] = options.standard_error
        last = self._last_day(question)
        if page_token is None or options.dates_with_page_token:
            headers["firstServiceDt"] = us_day(question.from_date)
            headers["lastServiceDt"] = us_day(last)
        if page_token is not None:
            headers["transactionId"] = page_token
        return headers | _patient(question)

    def _last_day(self, question: Question) -> date:
        """The window's end, cut at the payer's today: later days hold no claims and are refused."""
        today = self._today()
        oldest = today - timedelta(days=self._options.lookback_days)
        if question.from_date > question.to_date:
            raise QuestionRejected
        if question.from_date > today or question.from_date < oldest:
            raise DatesOutOfRange
        if (question.to_date - question.from_date).days > self._options.max_window_days:
            raise WindowTooLarge
        return min(question.to_date, today)


class CircuitOpen(PayerUnavailable):
    """Nothing was sent: the payer is being left alone until its next trial."""


def _patient(question: Question) -> dict[str, str]:
    """The patient's headers, or none.

    Header values travel as ASCII only: what proxies and payers make of more is not known, and a
    name that arrives garbled would be answered with "no data". The window alone gives the claim
    too, and matching finds it there.
    """
    first, last = question.first_name, question.last_name
    if not first or not last or question.date_of_birth is None:
        return {}
    if not _PLAIN.fullmatch(first) or not _PLAIN.fullmatch(last):
        return {}
    return {
        "ptntFn": first.strip(),
        "ptntLn": last.strip(),
        "ptntDob": us_day(question.date_of_birth),
    }


def _log(fault: PayerFault) -> None:
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
