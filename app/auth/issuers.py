"""The identity providers of this installation: a foreign token goes to the one that it names."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Self

from app.auth.clerk import PROVIDER as CLERK
from app.auth.clerk import clerk
from app.auth.code_flow import Answered, Client, is_access_token, is_for_sign_in
from app.auth.errors import ClerkNotConfigured, SignInRefused, TokenExpired, TokenInvalid
from app.auth.issuer import Issuer
from app.auth.jwks import KeyState
from app.auth.jwt import Claims, Parsed, check, parse
from app.auth.keycloak import keycloak
from app.auth.principal import Principal
from app.core import clock
from app.core.http import HttpClient
from app.core.log import logger
from app.core.settings import Settings


class Issuers:
    """All providers that are switched on, by the issuer's name in their tokens."""

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        self._by_name = {issuer.name: issuer for issuer in issuers}

    @classmethod
    def from_settings(cls, settings: Settings, http: HttpClient) -> Self:
        """The providers whose issuer is set; nothing is fetched yet.

        Raises:
            RingRefused: CLERK_JWT_KEY is no RSA key in PEM, or too weak a one.
        """
        found = []
        if settings.keycloak.issuer:
            found.append(keycloak(settings.keycloak, http))
        if settings.clerk.issuer:
            found.append(clerk(settings.clerk, http, settings.server.cors_origins))
        return cls(found)

    async def read(self, parsed: Parsed) -> Principal:
        """The bearer of a foreign token.

        Raises:
            TokenExpired: its time is over.
            TokenInvalid: nobody here believes it.
            IssuerAway: it cannot be judged, because its issuer's keys cannot be had.
        """
        issuer = self._by_name.get(parsed.issuer or "")
        if issuer is None or parsed.kid is None:
            logger.info("auth.bearer_refused", reason="iss" if issuer is None else "kid")
            raise TokenInvalid
        rules = issuer.rules(await issuer.keys.ring(parsed.kid))
        verified = check(parsed, rules, now=clock.now().timestamp())
        return issuer.principal(verified.claims)

    async def read_clerk(self, token: str) -> tuple[Parsed, Principal]:
        """As `read`, for a place that takes Clerk's tokens and no others; gives the token too.

        Raises:
            ClerkNotConfigured: there is no Clerk here.
        """
        names = {name for name, issuer in self._by_name.items() if issuer.provider == "clerk"}
        if not names:
            raise ClerkNotConfigured
        parsed = parse(token)
        if parsed.issuer not in names:
            logger.info("auth.bearer_refused", reason="iss")
            raise TokenInvalid
        return parsed, await self.read(parsed)

    async def read_signed_in(
        self, client: Client, answered: Answered, nonce: str
    ) -> tuple[Parsed, Principal]:
        """Who has signed in at the provider's page, and the token that says so.

        The identity token proves that it was for us and for this sign-in. Keycloak's access token
        then says more about the person than that; Clerk's may be no JWT at all.

        Raises:
            SignInRefused: a token does not hold, or is for another client or sign-in.
            IssuerAway: the provider's keys cannot be had.
        """
        issuer = self._by_name[client.issuer]
        try:
            proof, claims = await self._held(issuer, answered.id_token, client, nonce)
            if issuer.provider == CLERK:
                return proof, issuer.principal(claims)
            token, facts = await self._held(issuer, answered.access_token, client, None)
        except (TokenExpired, TokenInvalid):
            raise SignInRefused from None
        if facts["sub"] != claims["sub"]:
            raise SignInRefused
        return token, issuer.principal(facts)

    async def _held(
        self, issuer: Issuer, text: str, client: Client, nonce: str | None
    ) -> tuple[Parsed, Claims]:
        parsed = parse(text)
        if parsed.kid is None:
            raise TokenInvalid
        usual = issuer.rules(await issuer.keys.ring(parsed.kid))
        # With a nonce it is the identity token; without one what was given beside it.
        accepts = is_access_token(client) if nonce is None else is_for_sign_in(client, nonce)
        has_more = usual.accepts_header is not None
        rules = replace(usual, accepts=accepts, accepts_header=_any if has_more else None)
        return parsed, check(parsed, rules, now=clock.now().timestamp()).claims

    async def complete(self, newcomer: Principal) -> Principal:
        """A newcomer with what their provider tells beside the token; outside a transaction.

        Raises:
            IssuerAway: the provider cannot be asked now.
        """
        return await self._by_name[newcomer.issuer].complete(newcomer)

    def states(self) -> list[KeyState]:
        """How the keys of each provider are, without asking anybody."""
        return [issuer.keys.state() for issuer in self._by_name.values()]

    async def close(self) -> None:
        """Leave loads under way."""
        for issuer in self._by_name.values():
            await issuer.keys.close()


def _any(_header: Claims) -> bool:
    return True


@asynccontextmanager
async def open_issuers(settings: Settings, http: HttpClient) -> AsyncIterator[Issuers]:
    """The providers of the settings for one event loop."""
    issuers = Issuers.from_settings(settings, http)
    try:
        yield issuers
    finally:
        await issuers.close()
