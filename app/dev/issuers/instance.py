"""An instance that speaks Clerk: keys, session tokens, and the users of the Backend API."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.dev.issuers.codes import Codes
from app.dev.issuers.keys import SigningKeys
from app.dev.issuers.people import CLINIC, Person

INSTANCE_PATH: Final = "/clerk"
# Opens nothing but this rehearsal.
SECRET_KEY: Final = "sk_test_rehearsal"  # noqa: S105
CONSOLE_CLIENT: Final = "intake-console"
# A confidential client's; it opens nothing but this rehearsal.
CONSOLE_SECRET: Final = "rehearsal-console-secret"  # noqa: S105
ORIGIN: Final = "http://localhost:3000"
_SECONDS: Final = 60
_SESSION_TOKEN: Final = "cl_B7d4PD111AAA"  # noqa: S105 - a category's name.
Reply = tuple[int, dict[str, Any]]


@dataclass
class Instance:
    """Sessions that are always open, one a person, named sess_2rehearsal<username>."""

    keys: SigningKeys
    people: Mapping[str, Person]
    version: int = 2
    codes: Codes = field(default_factory=Codes)

    def _by(self, attribute: str, value: str) -> Person | None:
        return next((one for one in self.people.values() if getattr(one, attribute) == value), None)

    def session_token(self, session: str, issuer: str) -> Reply:
        """POST /v1/sessions/{id}/tokens, as test suites get a token from the real one."""
        person = self._by("clerk_session", session)
        if person is None:
            return 404, _error("resource_not_found")
        claims = self.session_claims(person, issuer)
        return 200, {"object": "token", "jwt": self.keys.sign(claims, cat=_SESSION_TOKEN)}

    def authorize(self, query: Mapping[str, str], issuer: str) -> str | None:
        """GET /oauth/authorize of an OAuth application, as `Realm.authorize`."""
        if query.get("client_id") != CONSOLE_CLIENT:
            return None
        return self.codes.give(query, self.people, issuer)

    def oauth_token(self, form: Mapping[str, str], issuer: str) -> Reply:
        """POST /oauth/token: an identity token, and an access token that only Clerk can read."""
        is_ours = form.get("client_id") == CONSOLE_CLIENT
        if not is_ours or form.get("client_secret") != CONSOLE_SECRET:
            return 401, {"error": "invalid_client"}
        given = self.codes.take(form) if form.get("grant_type") == "authorization_code" else None
        if given is None:
            return 400, {"error": "invalid_grant"}
        claims = self.identity_claims(given.person, issuer, given.nonce)
        return 200, {
            "access_token": f"oat_{secrets.token_hex(16)}",
            "id_token": self.keys.sign(claims),
            "token_type": "bearer",
            "expires_in": 86_400,
            "scope": given.scope,
        }

    def identity_claims(self, person: Person, issuer: str, nonce: str) -> dict[str, Any]:
        """What an identity token of an OAuth application says; no organization is active there."""
        now = int(time.time())
        return {
            "iss": issuer,
            "sub": person.clerk_id,
            "aud": CONSOLE_CLIENT,
            "nonce": nonce,
            "iat": now,
            "exp": now + 3600,
            "jti": secrets.token_hex(10),
            "sid": person.clerk_session,
            "email": person.email,
            "email_verified": person.email_verified,
            "name": f"{person.first_name} {person.last_name}",
            "preferred_username": person.username,
        }

    def session_claims(self, person: Person, issuer: str) -> dict[str, Any]:
        """What Clerk writes into a session token; the e-mail address is not among it."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "azp": ORIGIN,
            "exp": now + _SECONDS,
            "fva": [0, -1],
            "iat": now,
            "iss": issuer,
            "nbf": now - 5,
            "sid": person.clerk_session,
            "sub": person.clerk_id,
        }
        if self.version == 2:
            claims |= {"v": 2, "jti": secrets.token_hex(10), "sts": "active", "pla": "u:free"}
        if CLINIC in person.organizations:
            claims |= self._organization(person)
        return claims

    def _organization(self, person: Person) -> dict[str, Any]:
        number = "org_2rehearsalnorthwind"
        role = "org:admin" if "/admin" in person.groups else person.clerk_role
        if self.version == 2:
            return {"o": {"id": number, "slg": CLINIC, "rol": role.removeprefix("org:")}}
        return {"org_id": number, "org_slug": CLINIC, "org_role": role, "org_permissions": []}

    def user(self, user_id: str) -> Reply:
        """GET /v1/users/{id}."""
        person = self._by("clerk_id", user_id)
        if person is None:
            return 404, _error("resource_not_found")
        status = "verified" if person.email_verified else "unverified"
        return 200, {
            "id": user_id,
            "object": "user",
            "first_name": person.first_name,
            "last_name": person.last_name,
            "primary_email_address_id": "idn_1",
            "email_addresses": [
                {
                    "id": "idn_1",
                    "object": "email_address",
                    "email_address": person.email,
                    "verification": {"status": status, "strategy": "email_code"},
                }
            ],
            "banned": False,
            "locked": False,
        }


def _error(code: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": "not found", "long_message": ""}]}
