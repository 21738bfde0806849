"""Signing in at an identity provider's own page: OpenID Connect's authorization code with PKCE.

What a provider needs of us and we of it stands here for Keycloak and for Clerk; the way is the same.
The addresses are derived from the issuer's name, as both publish them in their discovery documents:
nothing has to be fetched before somebody can be sent there.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import SecretStr

from app.auth import clerk, keycloak
from app.auth.errors import IssuerAway, SignInRefused
from app.auth.jwt import Claims
from app.core.http import HttpClient, HttpFailure, fetch
from app.core.log import logger
from app.core.settings import Settings

_MOST_ANSWER_BYTES: Final = 64 * 1024
_KEYCLOAK: Final = "/protocol/openid-connect"


@dataclass(frozen=True, slots=True)
class Client:
    """This installation as an application of a provider; public where it has no secret."""

    provider: str
    issuer: str
    id: str
    secret: SecretStr
    authorize_url: str
    token_url: str
    scope: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one sign-in keeps in the browser that began it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> "Secrets":
        """Three values that nobody can guess."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier)

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (RFC 7636, S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Answered:
    """What a code was exchanged for; nothing in it is believed yet."""

    id_token: str
    access_token: str


def clients(settings: Settings) -> dict[str, Client]:
    """The providers at whose page people may sign in, by name."""
    found = []
    if settings.keycloak.issuer and settings.keycloak.console_client_id:
        found.append(_at_keycloak(settings))
    if settings.clerk.issuer and settings.clerk.console_client_id:
        found.append(_at_clerk(settings))
    return {client.provider: client for client in found}


def _at_keycloak(settings: Settings) -> Client:
    issuer = settings.keycloak.issuer
    keys = keycloak.jwks_url(settings.keycloak)
    # Browsers see the issuer's address; where the server has its own way to the keys, it has the
    # same way to the tokens.
    base = keys.removesuffix(keycloak.CERTS_PATH) if keys.endswith(keycloak.CERTS_PATH) else issuer
    return Client(
        provider=keycloak.PROVIDER,
        issuer=issuer,
        id=settings.keycloak.console_client_id,
        secret=settings.keycloak.console_client_secret,
        authorize_url=f"{issuer}{_KEYCLOAK}/auth",
        token_url=f"{base}{_KEYCLOAK}/token",
        scope="openid profile email organization",
    )


def _at_clerk(settings: Settings) -> Client:
    issuer = settings.clerk.issuer
    return Client(
        provider=clerk.PROVIDER,
        issuer=issuer,
        id=settings.clerk.console_client_id,
        secret=settings.clerk.console_client_secret,
        authorize_url=f"{issuer}/oauth/authorize",
        token_url=f"{issuer}/oauth/token",
        scope="openid profile email",
    )


def address(client: Client, own: Secrets, redirect_uri: str, *, again: bool) -> str:
    """Where the browser is sent; with `again` the person has to prove anew who they are."""
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": client.scope,
        "state": own.state,
        "nonce": own.nonce,
        "code_challenge": own.challenge,
        "code_challenge_method": "S256",
        **({"prompt": "login"} if again else {}),
    }
    return f"{client.authorize_url}?{urlencode(asked)}"


async def exchange(
    http: HttpClient, client: Client, own: Secrets, *, code: str, redirect_uri: str
) -> Answered:
    """The tokens behind a code, which is good for once.

    Raises:
        SignInRefused: the provider does not take the code, or answers something else.
        IssuerAway: it cannot be reached, or answers with a fault of its own.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client.id,
        "code_verifier": own.verifier,
    }
    secret = client.secret.get_secret_value()
    if secret:
        form["client_secret"] = secret
    request = http.build_request("POST", client.token_url, data=form)
    try:
        answer = await fetch(http, request, max_bytes=_MOST_ANSWER_BYTES)
    except HttpFailure as fault:
        logger.warning("auth.code_not_exchanged", reason=type(fault).__name__)
        raise IssuerAway(headers={"Retry-After": "5"}) from None
    if answer.status >= 500:
        logger.warning("auth.code_not_exchanged", status=answer.status)
        raise IssuerAway(headers={"Retry-After": "5"})
    if answer.status != 200:
        logger.warning("auth.code_refused", provider=client.provider, status=answer.status)
        raise SignInRefused
    return _answered(answer.body)


def _answered(body: bytes) -> Answered:
    try:
        told: Any = json.loads(body)
        tokens = [told["id_token"], told.get("access_token", "")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SignInRefused from None
    if not all(isinstance(token, str) for token in tokens):
        raise SignInRefused
    return Answered(*tokens)


def is_for_sign_in(client: Client, nonce: str) -> Callable[[Claims], bool]:
    """Whether the claims of an identity token are meant for this client and this sign-in."""

    def accepts(claims: Claims) -> bool:
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        return (
            client.id in named
            and claims.get("azp", client.id) == client.id
            and claims.get("nonce") == nonce
            and claims.get("typ", "ID") == "ID"
        )

    return accepts


def is_access_token(client: Client) -> Callable[[Claims], bool]:
    """Whether the claims are those of Keycloak's access token for this client."""

    def accepts(claims: Claims) -> bool:
        return claims.get("typ") == "Bearer" and claims.get("azp") == client.id

    return accepts
