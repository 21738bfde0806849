"""Clerk: what its session tokens must say, and what they and its Backend API say about a person."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from app.auth import claims as read
from app.auth.errors import IssuerAway
from app.auth.issuer import Issuer
from app.auth.jwks import FixedKeys, JwksKeys, Keys
from app.auth.jwt import Claims, Rules
from app.auth.principal import ClaimedOrganization, Principal
from app.auth.rings import Ring, RingRefused
from app.core.http import HttpClient, HttpFailure, fetch
from app.core.log import logger
from app.core.settings_identity import ClerkSettings

PROVIDER: Final = "clerk"
KEYS_PATH: Final = "/.well-known/jwks.json"
# Session tokens live for a minute by themselves; the dashboard lets them live for longer.
_LONGEST_LIFE: Final = 86_400
_LEEWAY: Final = 5
_SESSION_TOKEN: Final = "cl_B7d4PD111AAA"  # noqa: S105 - a category's name, no secret.
# Instances that were told not to tell categories apart write this one on every token.
_ANY_CATEGORY: Final = "cl_I7d4PD111III"
# What OpenID Connect writes into identity tokens, and Clerk into no session token.
_OF_OTHERS: Final = frozenset({"aud", "nonce", "at_hash"})
_API_SECONDS: Final = 5.0
_MOST_USER_BYTES: Final = 256 * 1024


def clerk(settings: ClerkSettings, http: HttpClient, origins: tuple[str, ...]) -> Issuer:
    """The instance that the settings name; `origins` count where no authorized party is named.

    Raises:
        RingRefused: CLERK_JWT_KEY is no RSA key in PEM, or too weak a one.
    """
    keys: Keys
    if settings.jwt_key:
        try:
            keys = FixedKeys(PROVIDER, settings.jwt_key)
        except RingRefused as refusal:
            raise RingRefused(f"CLERK_JWT_KEY: {refusal}") from None
    else:
        keys = JwksKeys(PROVIDER, jwks_url(settings), http)
    return instance(settings, keys, http, origins)


def jwks_url(settings: ClerkSettings) -> str:
    """Where the instance's keys are read."""
    return settings.jwks_url or settings.issuer + KEYS_PATH


def instance(
    settings: ClerkSettings, keys: Keys, http: HttpClient, origins: tuple[str, ...]
) -> Issuer:
    """The rules of an instance over `keys`."""
    accepts = _acceptance(settings.authorized_parties or origins, settings.azp == "required")

    def rules(ring: Ring) -> Rules:
        return Rules(
            PROVIDER,
            settings.issuer,
            ring,
            accepts,
            _LONGEST_LIFE,
            leeway=_LEEWAY,
            accepts_header=_is_session_token,
        )

    complete = partial(_with_profile, settings, http)
    return Issuer(PROVIDER, settings.issuer, keys, rules, principal, complete)


def _is_session_token(header: Claims) -> bool:
    """Tokens of templates and machines are signed by the same key; only `cat` tells them apart.

    Tokens without it are older than the categories. Clerk adds names to the header over time and
    asks to ignore those that one does not know.
    """
    return header.get("cat", _SESSION_TOKEN) in {_SESSION_TOKEN, _ANY_CATEGORY}


def _acceptance(parties: tuple[str, ...], needs_party: bool) -> Callable[[Claims], bool]:
    def accepts(claims: Claims) -> bool:
        # Clerk leaves azp out where the browser sent no Origin. Without it nothing may say that the
        # token was made for another program: identity tokens are signed by the same key.
        party = claims.get("azp")
        is_open = not needs_party and not claims.keys() & _OF_OTHERS
        is_ours = party in parties if party is not None else is_open
        is_person = claims["sub"].startswith("user_")
        # Pending: signed in, but with a task left to do before the session counts.
        return is_ours and is_person and claims.get("sts") != "pending"

    return accepts


def principal(claims: Claims) -> Principal:
    """Who a verified session token speaks for; e-mail and name are there only as custom claims."""
    actor = claims.get("act")
    return Principal(
        provider=PROVIDER,
        subject=claims["sub"],
        session=read.line(claims, "sid"),
        expires_at=claims["exp"],
        issuer=claims["iss"],
        issued_at=claims["iat"],
        authenticated_at=_authenticated_at(claims),
        identifier=read.line(claims, "jti"),
        email=read.email(claims.get("email")),
        email_verified=claims.get("email_verified") is True,
        full_name=_full_name(claims, "name", "full_name"),
        organizations=_organization(claims),
        impersonated_by=None if actor is None else _actor(actor),
    )


def _authenticated_at(claims: Claims) -> int:
    """By `fva`: how many minutes ago the first factor was shown; -1 says never in this session."""
    ages = claims.get("fva")
    age = ages[0] if isinstance(ages, list) and ages else None
    issued_at: int = claims["iat"]
    is_known = isinstance(age, int) and not isinstance(age, bool)
    if age is None or not is_known:
        return issued_at
    return issued_at - age * 60 if age >= 0 else 0


def _full_name(facts: Claims, *whole: str) -> str:
    parts = (read.line(facts, "first_name"), read.line(facts, "last_name"))
    in_parts = " ".join(part for part in parts if part)[: read.LONGEST_NAME]
    return next((name for key in whole if (name := read.line(facts, key))), in_parts)


def _actor(actor: object) -> str:
    """Whoever acts for the person; a token that says so unreadably is impersonated all the same."""
    return (read.identifier(actor.get("sub")) if isinstance(actor, dict) else "") or "unknown"


def _organization(claims: Claims) -> tuple[ClaimedOrganization, ...]:
    """The active organization, as version 2 of the claims or version 1 names it; only that one."""
    current = claims.get("o")
    if isinstance(current, dict):
        number, slug, role = current.get("id"), current.get("slg"), current.get("rol")
    else:
        number, slug, role = (claims.get(name) for name in ("org_id", "org_slug", "org_role"))
    known = read.identifier(number)
    if not known:
        return ()
    name = role.removeprefix("org:") if isinstance(role, str) else ""
    own = read.strongest_role([name]) or read.UNKNOWN_ROLE
    return (ClaimedOrganization(read.identifier(slug) or known, known, own),)


async def _with_profile(
    settings: ClerkSettings, http: HttpClient, newcomer: Principal
) -> Principal:
    """The newcomer as the Backend API knows them, where the token brings no verified address.

    Raises:
        IssuerAway: Clerk cannot be asked now; the next request asks again.
    """
    secret = settings.secret_key.get_secret_value()
    if (newcomer.email and newcomer.email_verified) or not secret:
        return newcomer
    address = f"{settings.api_url.rstrip('/')}/v1/users/{quote(newcomer.subject, safe='')}"
    request = http.build_request("GET", address, headers={"Authorization": f"Bearer {secret}"})
    try:
        async with asyncio.timeout(_API_SECONDS):
            answer = await fetch(http, request, max_bytes=_MOST_USER_BYTES)
        facts = json.loads(answer.body)
    except (HttpFailure, TimeoutError, ValueError, RecursionError) as fault:
        logger.warning("auth.profile_not_read", provider=PROVIDER, reason=type(fault).__name__)
        raise IssuerAway(headers={"Retry-After": "5"}) from None
    if answer.status != 200 or not isinstance(facts, dict):
        logger.warning("auth.profile_not_read", provider=PROVIDER, status=answer.status)
        raise IssuerAway(headers={"Retry-After": "5"})
    return _completed(newcomer, facts)


def _completed(newcomer: Principal, facts: dict[str, Any]) -> Principal:
    addresses = facts.get("email_addresses")
    listed = addresses if isinstance(addresses, list) else []
    primary = next(
        (
            entry
            for entry in listed
            if isinstance(entry, dict) and entry.get("id") == facts.get("primary_email_address_id")
        ),
        {},
    )
    known = replace(newcomer, full_name=newcomer.full_name or _full_name(facts))
    address, proof = read.email(primary.get("email_address")), primary.get("verification")
    if not address:
        return known
    is_verified = isinstance(proof, dict) and proof.get("status") == "verified"
    return replace(known, email=address, email_verified=is_verified)
