"""A realm that speaks Keycloak: discovery, keys, and tokens in Keycloak's shapes."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from app.dev.issuers.codes import Codes, Given
from app.dev.issuers.keys import SigningKeys
from app.dev.issuers.people import PASSWORD, Person

REALM_PATH: Final = "/realms/intake"
CLIENT: Final = "intake-portal"
# A confidential client for programs; its secret opens nothing but this rehearsal.
CONSOLE_CLIENT: Final = "intake-console"
SERVICE: Final = ("intake-service", "rehearsal-secret")
ACCESS_SECONDS: Final = 300
Shape = Literal["list", "alias", "object", "object_with_id"]
Reply = tuple[int, dict[str, Any]]


@dataclass
class Realm:
    """State of one rehearsal: codes and refresh tokens that were given, and how claims look."""

    keys: SigningKeys
    people: Mapping[str, Person]
    organization_shape: Shape = "list"
    codes: Codes = field(default_factory=Codes)

    def discovery(self, issuer: str) -> Reply:
        """The document at /.well-known/openid-configuration."""
        base = f"{issuer}/protocol/openid-connect"
        return 200, {
            "issuer": issuer,
            "authorization_endpoint": f"{base}/auth",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/certs",
            "grant_types_supported": [
                "authorization_code",
                "client_credentials",
                "password",
                "refresh_token",
            ],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, query: Mapping[str, str], issuer: str) -> str | None:
        """Where the browser goes next: whoever `login_hint` names is signed in without a page.

        None when the request is not one that a public client may make (no PKCE, nobody of ours).
        """
        if query.get("client_id") not in (CLIENT, CONSOLE_CLIENT):
            return None
        return self.codes.give(query, self.people, issuer)

    def token(self, form: Mapping[str, str], issuer: str) -> Reply:
        """The token endpoint."""
        grants = {
            "password": self._by_password,
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh_token,
        }
        if form.get("grant_type") == "client_credentials":
            return self._by_secret(form, issuer)
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return 400, {"error": "unsupported_grant_type"}
        if form.get("client_id") not in (CLIENT, CONSOLE_CLIENT):
            return 401, {"error": "invalid_client"}
        found = grant(form)
        if found is None:
            return 401, {"error": "invalid_grant", "error_description": "Invalid user credentials"}
        return 200, self._answer(found, form["client_id"], issuer)

    def _by_password(self, form: Mapping[str, str]) -> Given | None:
        person = self.people.get(form.get("username", "").partition("@")[0])
        is_right = person is not None and form.get("password") == PASSWORD
        return Given(person, form.get("scope", "openid")) if person and is_right else None

    def _by_code(self, form: Mapping[str, str]) -> Given | None:
        return self.codes.take(form)

    def _by_refresh_token(self, form: Mapping[str, str]) -> Given | None:
        kind, username, scope = (*form.get("refresh_token", "").split("|"), "", "")[:3]
        person = self.people.get(username)
        return Given(person, scope) if kind == "rehearsal" and person else None

    def _by_secret(self, form: Mapping[str, str], issuer: str) -> Reply:
        if (form.get("client_id"), form.get("client_secret")) != SERVICE:
            return 401, {"error": "invalid_client"}
        robot = Person("service-account-intake", "", "", 99, realm_roles=("api_user",))
        claims = self.access_claims(robot, issuer, "openid") | {"azp": SERVICE[0], "aud": CLIENT}
        for name in ("email", "email_verified", "name", "given_name", "family_name"):
            claims.pop(name, None)
        return 200, self._bearer(claims)

    def _answer(self, given: Given, client: str, issuer: str) -> dict[str, Any]:
        claims = self.access_claims(given.person, issuer, given.scope) | {"azp": client}
        # Not a JWT as Keycloak's is: nobody but this realm reads it.
        refresh = f"rehearsal|{given.person.username}|{given.scope}"
        identity = claims | {"typ": "ID", "aud": client}
        if given.nonce:
            identity["nonce"] = given.nonce
        return {
            **self._bearer(claims),
            "refresh_token": refresh,
            "refresh_expires_in": 1800,
            "id_token": self.keys.sign(identity),
        }

    def _bearer(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "access_token": self.keys.sign(claims),
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "scope": claims["scope"],
        }

    def access_claims(self, person: Person, issuer: str, scope: str) -> dict[str, Any]:
        """What Keycloak writes into an access token; `organization` only with that scope."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "exp": now + ACCESS_SECONDS,
            "iat": now,
            "auth_time": now,
            "jti": f"onrtac:{secrets.token_urlsafe(12)}",
            "iss": issuer,
            "aud": "account",
            "sub": person.keycloak_id,
            "typ": "Bearer",
            "azp": CLIENT,
            "sid": secrets.token_urlsafe(12),
            "acr": "1",
            "realm_access": {"roles": ["default-roles-intake", *person.realm_roles]},
            "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
            "scope": scope,
            "email_verified": person.email_verified,
            "name": f"{person.first_name} {person.last_name}".strip(),
            "preferred_username": person.username,
            "given_name": person.first_name,
            "family_name": person.last_name,
            "email": person.email,
        }
        if person.groups:
            claims["groups"] = list(person.groups)
        if "organization" in scope and person.organizations:
            claims["organization"] = self._organization(person)
        return claims

    def _organization(self, person: Person) -> object:
        aliases = list(person.organizations)
        shapes: dict[Shape, object] = {
            "alias": aliases[0],
            "list": aliases,
            "object": {alias: {} for alias in aliases},
            "object_with_id": {alias: {"id": id_} for alias, id_ in person.organizations.items()},
        }
        return shapes[self.organization_shape]
