"""OAuth 2.0 with any of the providers: code with PKCE (RFC 7636), refresh, revocation (RFC 7009)."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.core.http import Answer
from app.core.settings import Settings
from app.integrations.engine.faults import (
    Meaning,
    ProviderFault,
    body_of,
    require_success,
    word,
)
from app.integrations.engine.outgoing import Line
from app.integrations.engine.providers import Provider, bare

_RECONNECT: Final = frozenset(
    {"invalid_grant", "interaction_required", "consent_required", "login_required"}
)
_OURS: Final = frozenset(
    {"invalid_client", "unauthorized_client", "redirect_uri_mismatch", "invalid_scope"}
)
_LATER: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_LONGEST_LIFE: Final = 400 * 86_400
_MAX_TOKEN: Final = 16_384


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint gave. Lives are in seconds; `scopes` is None where it named none."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int | None
    refresh_expires_in: int | None
    scopes: frozenset[str] | None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account it is, by the provider's id, and how its owner knows it."""

    id: str = field(repr=False)
    label: str = field(repr=False)


def authorize_url(
    settings: Settings, provider: Provider, *, state: str, verifier: str | None
) -> str:
    """The consent page's address; `verifier` is only sent as its digest."""
    application = provider.application(settings)
    place = urlsplit(application.auth_url)
    query = {
        **dict(parse_qsl(place.query)),
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": application.redirect_uri,
        "scope": " ".join(provider.scopes(settings)),
        "state": state,
        **provider.extra,
    }
    if verifier is not None:
        query |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    return urlunsplit(place._replace(query=urlencode(query)))


def challenge(verifier: str) -> str:
    """The code_challenge of a verifier, by S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def exchange(line: Line, settings: Settings, *, code: str, verifier: str | None) -> Grant:
    """The grant that a code stands for; a code holds once, so nothing is sent twice.

    Raises:
        ProviderFault: the code does not hold, we are not known there, or nobody answers.
    """
    application = line.provider.application(settings)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": application.redirect_uri,
    }
    if verifier is not None:
        form["code_verifier"] = verifier
    return await _ask(line, settings, form, repeatable=False)


async def refresh(line: Line, settings: Settings, refresh_token: str) -> Grant:
    """Another access token.

    Raises:
        ProviderFault: RECONNECT when the grant is over, OURS, or what passes.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await _ask(line, settings, form, repeatable=True)


async def revoke(line: Line, settings: Settings, token: str) -> None:
    """End a grant at the provider; one that has ended already counts as revoked.

    Raises:
        ProviderFault: nobody answers.
    """
    application = line.provider.application(settings)
    # In the body (RFC 7009), because addresses are logged on the way.
    form = {
        "token": token,
        "client_id": application.client_id,
        "client_secret": application.client_secret.get_secret_value(),
    }
    await line.call(
        "POST",
        line.provider.revoke_url(settings),
        headers={"Accept": "application/json"},
        form=form,
    )


async def identify(line: Line, settings: Settings, grant: Grant) -> Account:
    """Whose grant it is: by its id_token, which came straight from the token endpoint, else asked.

    Raises:
        ProviderFault: neither is to be had.
    """
    if grant.claims.get("sub") and grant.claims.get("email"):
        return _account(grant.claims)
    answer = await line.call(
        "GET",
        line.provider.api(settings, line.provider.identity_path),
        headers={"Authorization": f"Bearer {grant.access_token}", "Accept": "application/json"},
    )
    return _account(body_of(require_success(answer, ours=line.provider.ours)))


def _account(said: Mapping[str, Any]) -> Account:
    labels = (said.get(name) for name in ("email", "mail", "userPrincipalName", "name"))
    label = next((one for one in labels if isinstance(one, str) and one), "")
    account_id = said.get("sub") or said.get("id")
    if not isinstance(account_id, str) or not account_id:
        raise ProviderFault(Meaning.REFUSED, code="identity_without_id")
    return Account(account_id[:255], label[:254])


def missing_scopes(provider: Provider, settings: Settings, grant: Grant) -> frozenset[str]:
    """What was asked for and not granted, without the scopes that only name the person."""
    if grant.scopes is None:
        return frozenset()
    granted = {bare(scope) for scope in grant.scopes}
    wanted = {bare(scope) for scope in provider.scopes(settings)}
    about_the_person = {"openid", "email", "profile", "offline_access", "User.Read"}
    return frozenset(wanted - granted - about_the_person)


def is_useful(provider: Provider, grant: Grant) -> bool:
    """Whether the grant allows what the connection is for."""
    if grant.scopes is None:
        return True
    return bool(provider.needed & {bare(scope) for scope in grant.scopes})


async def _ask(
    line: Line, settings: Settings, form: Mapping[str, str], *, repeatable: bool
) -> Grant:
    application = line.provider.application(settings)
    answer = await line.call(
        "POST",
        application.token_url,
        headers={"Accept": "application/json"},
        form={
            **form,
            "client_id": application.client_id,
            "client_secret": application.client_secret.get_secret_value(),
        },
        repeatable=repeatable,
    )
    if answer.status != 200:
        raise _refusal(line.provider, answer)
    return _read(answer)


def _refusal(provider: Provider, answer: Answer) -> ProviderFault:
    code = word(body_of(answer).get("error"))
    meaning = Meaning.REFUSED
    if code in _RECONNECT | provider.reconnect_errors:
        meaning = Meaning.RECONNECT
    elif code in _OURS or answer.status == 401:
        meaning = Meaning.OURS
    elif code in _LATER:
        meaning = Meaning.AWAY
    return ProviderFault(meaning, code=code, status=answer.status)


def _read(answer: Answer) -> Grant:
    body = body_of(answer)
    access, refreshing = body.get("access_token"), body.get("refresh_token")
    if not _is_token(access):
        raise ProviderFault(Meaning.REFUSED, code="no_access_token", status=answer.status)
    scope = body.get("scope")
    return Grant(
        access_token=str(access),
        refresh_token=str(refreshing) if _is_token(refreshing) else None,
        expires_in=_seconds(body.get("expires_in")),
        refresh_expires_in=_seconds(body.get("refresh_token_expires_in")),
        # LinkedIn separates them by commas.
        scopes=frozenset(scope.replace(",", " ").split()) if isinstance(scope, str) else None,
        claims=_claims(body.get("id_token")),
    )


def _is_token(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _MAX_TOKEN
        and value.isascii()
        and value.isprintable()
    )


def _seconds(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return min(int(text[:12]), _LONGEST_LIFE) if text.isascii() and text.isdigit() else None


def _claims(id_token: object) -> Mapping[str, Any]:
    parts = id_token.split(".") if isinstance(id_token, str) else []
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
