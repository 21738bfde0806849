"""Keycloak: what its access tokens must say, and what they say about a person."""

from collections.abc import Iterator
from typing import Any, Final

from app.auth import claims as read
from app.auth.issuer import Issuer
from app.auth.jwks import JwksKeys, Keys
from app.auth.jwt import Claims, Rules
from app.auth.principal import ClaimedOrganization, Principal
from app.auth.rings import Ring
from app.core.http import HttpClient
from app.core.settings_identity import KeycloakSettings

PROVIDER: Final = "keycloak"
CERTS_PATH: Final = "/protocol/openid-connect/certs"
_LONGEST_LIFE: Final = 86_400
_MOST_ORGANIZATIONS: Final = 50
# RFC 9068's type is sent when the client has "Use at+jwt as access token header type" on.
_TYPES: Final = frozenset({"JWT", "at+jwt"})


def keycloak(settings: KeycloakSettings, http: HttpClient) -> Issuer:
    """The realm that the settings name."""
    return realm(settings, JwksKeys(PROVIDER, jwks_url(settings), http))


def jwks_url(settings: KeycloakSettings) -> str:
    """Where the realm's keys are read: the back end may have another way to it than browsers."""
    return settings.jwks_url or settings.issuer + CERTS_PATH


def realm(settings: KeycloakSettings, keys: Keys) -> Issuer:
    """The rules of a realm over `keys`."""

    def accepts(claims: Claims) -> bool:
        return claims.get("typ") == "Bearer" and _is_for_client(claims, settings.client_ids)

    def rules(ring: Ring) -> Rules:
        return Rules(PROVIDER, settings.issuer, ring, accepts, _LONGEST_LIFE, types=_TYPES)

    return Issuer(PROVIDER, settings.issuer, keys, rules, principal)


def _is_for_client(claims: Claims, clients: tuple[str, ...]) -> bool:
    """By azp or by aud: Keycloak names the client that asked in azp, and in aud only on demand."""
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    return claims.get("azp") in clients or any(client in named for client in clients)


def principal(claims: Claims) -> Principal:
    """Who a verified access token speaks for; lightweight tokens say little more than sub."""
    return Principal(
        provider=PROVIDER,
        subject=claims["sub"],
        session=read.line(claims, "sid"),
        expires_at=claims["exp"],
        issuer=claims["iss"],
        issued_at=claims["iat"],
        authenticated_at=read.moment(claims, "auth_time") or claims["iat"],
        identifier=read.line(claims, "jti"),
        email=read.email(claims.get("email")),
        email_verified=claims.get("email_verified") is True,
        full_name=_full_name(claims),
        role=_role(claims),
        organizations=tuple(_organizations(claims.get("organization"))),
        names_all_organizations=True,
    )


def _full_name(claims: Claims) -> str:
    parts = (read.line(claims, "given_name"), read.line(claims, "family_name"))
    in_parts = " ".join(part for part in parts if part)[: read.LONGEST_NAME]
    return read.line(claims, "name") or in_parts or read.line(claims, "preferred_username")


def _role(claims: Claims) -> str:
    """By groups, then by realm roles. Roles of clients, `account` above all, are never read."""
    groups = claims.get("groups")
    paths = groups if isinstance(groups, list) else []
    # /clinic/billing is the group billing below clinic: the last name is the group's own.
    names = [path.rstrip("/").rpartition("/")[2] for path in paths if isinstance(path, str)]
    access = claims.get("realm_access")
    roles = access.get("roles") if isinstance(access, dict) else None
    return read.strongest_role(names) or read.strongest_role(roles) or read.UNKNOWN_ROLE


def _organizations(claim: object) -> Iterator[ClaimedOrganization]:
    """Each organization of the claim once, in any of its shapes.

    An alias; a list of aliases; an object with an entry an alias, empty or with the id in it.
    """
    entries: dict[Any, Any] = {}
    if isinstance(claim, str):
        entries = {claim: None}
    elif isinstance(claim, list):
        entries = {alias: None for alias in claim if isinstance(alias, str)}
    elif isinstance(claim, dict):
        entries = claim
    for name, facts in list(entries.items())[:_MOST_ORGANIZATIONS]:
        alias = read.identifier(name)
        known = read.identifier(facts.get("id")) if isinstance(facts, dict) else ""
        if alias:
            yield ClaimedOrganization(alias, known or None)
