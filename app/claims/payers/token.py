"""A payer's access token: client credentials in the body, fetched once for all who wait."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pydantic

from app.claims.payers.calls import exchange
from app.claims.payers.line_options import LineOptions
from app.claims.payers.port import (
    CredentialsRefused,
    FaultFacts,
    PayerBadResponse,
    PayerTimeout,
    PayerUnavailable,
)
from app.core.http import Answer, HttpClient

_RENEW_AT: Final = 0.8
_USUAL_SECONDS: Final = 3600


class _TokenBody(pydantic.BaseModel):
    access_token: str = pydantic.Field(pattern=r"^[\x21-\x7e]{1,8192}$", repr=False)
    expires_in: int = pydantic.Field(default=_USUAL_SECONDS, gt=0, le=31_536_000)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token; compared by identity to see whether somebody renewed it meanwhile."""

    value: str
    renew_at: float


class Tokens:
    """Holds one token; for one event loop."""

    def __init__(
        self,
        client: HttpClient,
        options: LineOptions,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._options = options
        self._clock = clock
        self._token: Token | None = None
        self._renewal: asyncio.Task[Token] | None = None

    async def current(self) -> Token:
        """The token, renewed after 80 % of its life.

        Raises:
            CredentialsRefused: there is no id or secret, or the payer does not take them.
            PayerFault: the token could not be fetched; all who wait get the same fault.
        """
        token = self._token
        if token is not None and self._clock() < token.renew_at:
            return token
        return await self._renewed()

    async def after_refusal(self, refused: Token) -> Token:
        """Another token than the `refused` one; fetched only where nobody did so meanwhile."""
        if self._token is refused:
            self._token = None
        return await self.current()

    async def close(self) -> None:
        """Stop a renewal that nobody waits for any more."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def _renewed(self) -> Token:
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._fetch())
            self._renewal.add_done_callback(_seen)
        # Shielded: one caller who gives up must not take the token from the others.
        return await asyncio.shield(self._renewal)

    async def _fetch(self) -> Token:
        options = self._options
        if not options.client_id or not options.client_secret.get_secret_value():
            raise CredentialsRefused
        asked_at = self._clock()
        answer = await exchange(
            self._client,
            "POST",
            options.token_url,
            headers={"Accept": "application/json"},
            body={
                "grant_type": "client_credentials",
                "client_id": options.client_id,
                "client_secret": options.client_secret.get_secret_value(),
            },
            seconds=options.timeout_seconds,
        )
        body = _read(answer)
        self._token = Token(body.access_token, asked_at + body.expires_in * _RENEW_AT)
        return self._token


def _seen(renewal: asyncio.Task[Token]) -> None:
    # Where every caller gave up, nobody else would look at the fault, and asyncio would complain.
    if not renewal.cancelled():
        renewal.exception()


def _read(answer: Answer) -> _TokenBody:
    facts = FaultFacts(http_status=answer.status)
    if answer.status in (400, 401, 403):
        raise CredentialsRefused(facts)
    if answer.status == 408:
        raise PayerTimeout(facts)
    if answer.status >= 500:
        raise PayerUnavailable(facts)
    if answer.status != 200:
        raise PayerBadResponse(facts)
    try:
        return _TokenBody.model_validate_json(answer.body)
    except ValueError:
        # Not chained: the error would quote the token.
        raise PayerBadResponse(facts) from None
