"""What `intake doctor` finds out about the identity providers."""

import json
from dataclasses import dataclass
from typing import Any, Final

from app.auth import clerk, keycloak
from app.auth.key_sets import MAX_SET_BYTES, PemKey, read_key_set
from app.auth.rings import RingRefused
from app.core.http import fetch, open_client
from app.core.settings import Settings

_SECONDS: Final = 4.0
_DISCOVERY: Final = "/.well-known/openid-configuration"
_ISSUER_CURE: Final = (
    "Set KEYCLOAK_ISSUER to the issuer that Keycloak says, the address that browsers use. If it"
    " says an internal one, set KC_HOSTNAME to the browsers' address and"
    " KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true on Keycloak, and KEYCLOAK_JWKS_URL to the internal one."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; `cure` is what to do when it is not well."""

    what: str
    is_well: bool
    said: str
    cure: str = ""


async def realm(settings: Settings) -> list[Finding]:
    """Keycloak's keys, and whether it calls itself by the name that we expect in tokens."""
    if not settings.keycloak.issuer:
        return []
    url = keycloak.jwks_url(settings.keycloak)
    found = [await _keys("Keycloak", url, "KEYCLOAK_JWKS_URL")]
    base, path, _ = url.rpartition(keycloak.CERTS_PATH)
    said = await _discovered((base if path else settings.keycloak.issuer) + _DISCOVERY)
    is_same = said == settings.keycloak.issuer
    words = f"issuer {said}" if is_same else f"issuer {said}, KEYCLOAK_ISSUER is another"
    return [*found, Finding("Keycloak", is_same, words, _ISSUER_CURE)]


async def clerk_instance(settings: Settings) -> list[Finding]:
    """Clerk's keys, and what its settings leave open."""
    own = settings.clerk
    if not own.issuer:
        return []
    if own.jwt_key:
        return [_pem(own.jwt_key)]
    found = [await _keys("Clerk", clerk.jwks_url(own), "CLERK_JWKS_URL or CLERK_ISSUER")]
    if not own.secret_key.get_secret_value():
        said = "without CLERK_SECRET_KEY, addresses come only from the claims email, email_verified"
        found.append(Finding("Clerk", True, said))
    return found


def _pem(text: str) -> Finding:
    try:
        PemKey(text)
    except RingRefused as refusal:
        return Finding("Clerk", False, str(refusal), "Copy the PEM public key into CLERK_JWT_KEY.")
    return Finding("Clerk", True, "the key of CLERK_JWT_KEY")


async def _keys(what: str, url: str, variable: str) -> Finding:
    status, body = await _get(url)
    cure = f"Check {variable}: it must lead to the provider's key set."
    if status != 200:
        return Finding(what, False, f"its keys: status {status}", cure)
    try:
        ring = read_key_set(body)
    except RingRefused as refusal:
        return Finding(what, False, f"its keys: {refusal}", cure)
    return Finding(what, True, f"{len(ring)} keys for RS256")


async def _discovered(url: str) -> str:
    """The issuer that discovery names; empty when it names none."""
    status, body = await _get(url)
    try:
        document: Any = json.loads(body) if status == 200 else None
    except (ValueError, RecursionError):
        return ""
    issuer = document.get("issuer") if isinstance(document, dict) else None
    return issuer[:200] if isinstance(issuer, str) and issuer.isprintable() else ""


async def _get(url: str) -> tuple[int, bytes]:
    client = open_client(timeout_seconds=_SECONDS, connections=1)
    try:
        answer = await fetch(client, client.build_request("GET", url), max_bytes=MAX_SET_BYTES)
    finally:
        await client.aclose()
    return answer.status, answer.body
