"""One call to a provider: a bound in time, tries in place, and a circuit that opens.

Circuits belong to the process's HTTP client, so that all who call through it share them.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from app.core.breaker import Breaker
from app.core.clock import now
from app.core.http import (
    Answer,
    HttpClient,
    HttpFailure,
    HttpRequest,
    HttpTimeout,
    HttpUnconnected,
    fetch,
)
from app.core.log import logger
from app.core.meters import PROVIDER_CALLS, timed
from app.core.retries import backoff, retry_after
from app.integrations.engine.faults import Meaning, ProviderFault, api_code
from app.integrations.engine.providers import Provider

_MAX_ANSWER: Final = 1024 * 1024
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take: clients wait ten seconds for an answer of ours."""

    tries: int = 3
    seconds: float = 4.0
    """For each try."""
    longest_wait: float = 3.0
    """What a provider may ask for before a call is put off instead."""
    whole_seconds: float = 8.0
    """No try begins later than this after the first one began."""
    first_pause: float = 0.3
    failures: int = 5
    """In a row, before the provider is left alone."""
    pause_seconds: float = 15.0


PATIENCE: Final = Patience()
_CIRCUITS: Final[WeakKeyDictionary[HttpClient, dict[str, Breaker]]] = WeakKeyDictionary()


class Unconnected(ProviderFault):
    """Nothing was sent, so that trying again repeats nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one provider."""

    client: HttpClient
    provider: Provider
    patience: Patience = PATIENCE

    @property
    def circuit(self) -> Breaker:
        """Of this process and provider."""
        known = _CIRCUITS.setdefault(self.client, {})
        if self.provider.name not in known:
            patience = self.patience
            known[self.provider.name] = Breaker(
                name=f"integrations.{self.provider.name}",
                threshold=patience.failures,
                pause_seconds=patience.pause_seconds,
            )
        return known[self.provider.name]

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | bytes | None = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """The answer, whatever its status below 500 but 429; a mapping as body is sent as JSON.

        What is not `repeatable` is sent again only where the first try cannot have done anything.

        Raises:
            ProviderFault: AWAY or BUSY, after the tries.
        """
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        sent: dict[str, Any] = {"data": form} if form is not None else content
        tries_made = 0
        ends_at = time.monotonic() + self.patience.whole_seconds
        while True:
            request = self.client.build_request(method, url, headers=dict(headers), **sent)
            try:
                return await self._try(request)
            except ProviderFault as fault:
                tries_made += 1
                wait = self._wait(fault, tries_made, repeatable=repeatable)
                if wait is None or time.monotonic() + wait > ends_at:
                    _log(self.provider, fault)
                    raise
                await asyncio.sleep(wait)

    def _wait(self, fault: ProviderFault, tries_made: int, *, repeatable: bool) -> float | None:
        is_safe = repeatable or isinstance(fault, Unconnected) or fault.meaning is Meaning.BUSY
        if not is_safe or tries_made >= self.patience.tries or self.circuit.is_open:
            return None
        asked = fault.retry_after or 0.0
        if asked > self.patience.longest_wait:
            return None
        return max(asked, backoff(tries_made, self.patience.first_pause))

    async def _try(self, request: HttpRequest) -> Answer:
        wait = self.circuit.admit()
        if wait:
            raise ProviderFault(Meaning.AWAY, code="circuit_open", retry_after=wait)
        with timed(PROVIDER_CALLS, self.provider.name) as outcome:
            try:
                answer = await self._sent(request)
            except ProviderFault as fault:
                self.circuit.failed()
                outcome.word = fault.code or "broken"
                raise
            outcome.word = f"{answer.status // 100}xx"
        asked = retry_after(answer.headers.get("retry-after"), now())
        if answer.status >= 500:
            self.circuit.failed()
            raise ProviderFault(
                Meaning.AWAY, code=api_code(answer), status=answer.status, retry_after=asked
            )
        self.circuit.succeeded()
        if self._is_over_limit(answer):
            raise ProviderFault(
                Meaning.BUSY, code=api_code(answer), status=answer.status, retry_after=asked
            )
        return answer

    def _is_over_limit(self, answer: Answer) -> bool:
        limits = self.provider.over_limit
        return answer.status == _TOO_MANY or (answer.status == 403 and api_code(answer) in limits)

    async def _sent(self, request: HttpRequest) -> Answer:
        # Raised without the cause: its text may quote what was sent.
        try:
            async with asyncio.timeout(self.patience.seconds):
                return await fetch(self.client, request, max_bytes=_MAX_ANSWER)
        except HttpUnconnected:
            raise Unconnected(Meaning.AWAY, code="unconnected") from None
        except (HttpTimeout, TimeoutError):
            raise ProviderFault(Meaning.AWAY, code="timeout") from None
        except HttpFailure:
            raise ProviderFault(Meaning.AWAY, code="broken") from None


def _log(provider: Provider, fault: ProviderFault) -> None:
    logger.warning(
        "integrations.provider_fault",
        provider=provider.name,
        meaning=fault.meaning.value,
        provider_code=fault.code,
        http_status=fault.status,
        retry_after=fault.retry_after,
    )
