"""Grants of a local provider: consents, codes, tokens, revocations, with the real ones' strictness."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Reply = tuple[int, dict[str, Any]]
CLIENT_ID: Final = "intake-local"
CLIENT_SECRET: Final = "local-secret-that-opens-nothing-else"  # noqa: S105 - of the stage alone.


@dataclass(frozen=True)
class Habits:
    """How one provider differs. Lives are in seconds."""

    scopes: frozenset[str]
    takes_pkce: bool = True
    gives_refresh: bool = True
    repeats_refresh: bool = False
    """Whether a refresh gives another refresh token, after which the old one is over."""
    access_seconds: int = 3_600
    over: str = "invalid_grant"
    """What it calls a code or a refresh token that does not hold."""
    scope_separator: str = " "


@dataclass
class Consent:
    """What somebody was asked on the consent page and has said yes to."""

    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]


@dataclass
class Grants:
    """The authorization server of one provider."""

    habits: Habits
    redirect_uris: set[str] = field(default_factory=set)
    """Those that are registered; any of this machine's where none are."""
    codes: dict[str, Consent] = field(default_factory=dict)
    access: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The scopes of each access token that holds."""
    refresh: dict[str, tuple[str, ...]] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    unticked: set[str] = field(default_factory=set)
    """Scopes that the person does not grant."""
    access_seconds: int | None = None
    without_refresh: bool = False

    def question(self, query: Mapping[str, str]) -> str | None:
        """What is wrong with a consent page's address; None when it can be shown."""
        if query.get("client_id") != CLIENT_ID:
            return "There is no application with this client_id."
        if not self._is_registered(query.get("redirect_uri", "")):
            return "This redirect_uri is not registered."
        if query.get("response_type") != "code" or not query.get("state"):
            return "response_type has to be code, and state must be there."
        has_pkce = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        if self.habits.takes_pkce != bool(has_pkce):
            return "PKCE with S256 is expected." if self.habits.takes_pkce else "PKCE is not known."
        asked = set(query.get("scope", "").split())
        if not asked or asked - self.habits.scopes:
            return "A scope that this application may not ask for."
        return None

    def _is_registered(self, uri: str) -> bool:
        if self.redirect_uris:
            return uri in self.redirect_uris
        return uri.startswith(("http://127.0.0.1:", "http://localhost:"))

    def approve(self, query: Mapping[str, str]) -> str:
        """A code for what was asked for."""
        code = secrets.token_urlsafe(24)
        granted = tuple(one for one in query["scope"].split() if one not in self.unticked)
        challenge = query.get("code_challenge", "")
        self.codes[code] = Consent(query["redirect_uri"], challenge, granted)
        return code

    def token(self, form: Mapping[str, str]) -> Reply:
        """The token endpoint."""
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": "Unknown client."}
        if form.get("grant_type") == "authorization_code":
            return self._by_code(form)
        if form.get("grant_type") == "refresh_token":
            return self._by_refresh(form)
        return 400, {"error": "unsupported_grant_type"}

    def _by_code(self, form: Mapping[str, str]) -> Reply:
        consent = self.codes.pop(form.get("code", ""), None)
        if consent is None or form.get("redirect_uri") != consent.redirect_uri:
            return self._refused("The code does not hold.")
        if self.habits.takes_pkce and challenge_of(form) != consent.challenge:
            return self._refused("The verifier does not fit the challenge.")
        if not self.habits.takes_pkce and "code_verifier" in form:
            return self._refused("code_verifier is not known.")
        return self._give(consent.scopes, fresh=True)

    def _by_refresh(self, form: Mapping[str, str]) -> Reply:
        token = form.get("refresh_token", "")
        scopes = self.refresh.get(token)
        if scopes is None:
            return self._refused("The refresh token does not hold.")
        if self.habits.repeats_refresh:
            del self.refresh[token]
        return self._give(scopes, fresh=self.habits.repeats_refresh)

    def _refused(self, why: str) -> Reply:
        return 400, {"error": self.habits.over, "error_description": why}

    def _give(self, scopes: tuple[str, ...], *, fresh: bool) -> Reply:
        access = f"at-{secrets.token_urlsafe(24)}"
        self.access[access] = scopes
        seconds = self.access_seconds
        body: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.habits.access_seconds if seconds is None else seconds,
            "scope": self.habits.scope_separator.join(scopes),
        }
        if fresh and self.habits.gives_refresh and not self.without_refresh:
            refresh = f"rt-{secrets.token_urlsafe(24)}"
            self.refresh[refresh] = scopes
            body["refresh_token"] = refresh
        return 200, body

    def revoke(self, form: Mapping[str, str]) -> Reply:
        """The revocation endpoint: the whole grant goes, as at Google."""
        token = form.get("token", "")
        self.revoked.append(token)
        if token not in self.access and token not in self.refresh:
            return 400, {"error": "invalid_token"}
        self.forget()
        return 200, {}

    def forget(self) -> None:
        """Take back every grant, as a person can at the provider's own page."""
        self.access.clear()
        self.refresh.clear()

    def scopes_of(self, headers: Mapping[str, str]) -> frozenset[str] | None:
        """What the bearer of a request may do; None when the token does not hold."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        scopes = self.access.get(token) if scheme == "Bearer" else None
        return None if scopes is None else frozenset(one.rsplit("/", 1)[-1] for one in scopes)


def challenge_of(form: Mapping[str, str]) -> str:
    """The challenge that a request's verifier belongs to."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
