"""The providers, as data: a fourth one is an entry here, and what is done with it a module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from app.core.settings import Settings
from app.core.settings_integrations import OAuthApplication
from app.integrations.names import Name

_GOOGLE_SCOPE: Final = "https://www.googleapis.com/auth"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider of OAuth 2.0 grants and what is peculiar about it.

    `needed` are scopes of which one has to be granted for the connection to be of any use, without
    the address that some write before them. `extra` goes onto the consent page's address.
    `identity_path` is below the API's host. `over_limit` are codes in a 403 that mean 429.
    """

    name: Name
    word: str
    """How paths and the frontend's page call it."""
    application: Callable[[Settings], OAuthApplication]
    scopes: Callable[[Settings], tuple[str, ...]]
    needed: frozenset[str]
    identity_path: str
    uses_pkce: bool = True
    revokes: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    reconnect_errors: frozenset[str] = frozenset()
    """What its token endpoint says when a grant is over, beside the words of the standard."""
    over_limit: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()

    def revoke_url(self, settings: Settings) -> str:
        """Where grants are revoked: beside the place where tokens are given."""
        return urljoin(self.application(settings).token_url, "revoke")

    def api(self, settings: Settings, path: str) -> str:
        """An address of the API."""
        return f"{self.application(settings).api_url.rstrip('/')}{path}"


def _linkedin_scopes(settings: Settings) -> tuple[str, ...]:
    # Asking for the pages' scopes without LinkedIn's approval fails the whole consent.
    pages = settings.linkedin.organization_pages == "on"
    more = ("w_organization_social", "rw_organization_admin") if pages else ()
    return ("openid", "profile", "email", "w_member_social", *more)


def _google_scopes(_settings: Settings) -> tuple[str, ...]:
    calendar = (f"{_GOOGLE_SCOPE}/calendar.events", f"{_GOOGLE_SCOPE}/calendar.freebusy")
    return ("openid", "email", *calendar)


def _microsoft_scopes(_settings: Settings) -> tuple[str, ...]:
    return ("offline_access", "openid", "email", "User.Read", "Calendars.ReadWrite")


PROVIDERS: Final[Mapping[Name, Provider]] = {
    one.name: one
    for one in (
        Provider(
            name="linkedin",
            word="linkedin",
            application=lambda settings: settings.linkedin,
            scopes=_linkedin_scopes,
            needed=frozenset({"w_member_social"}),
            identity_path="/v2/userinfo",
            uses_pkce=False,
            # It has no invalid_grant: a code or a refresh token that is over is called this.
            reconnect_errors=frozenset({"invalid_request"}),
        ),
        Provider(
            name="google_calendar",
            word="google-calendar",
            application=lambda settings: settings.google,
            scopes=_google_scopes,
            needed=frozenset({"calendar.events", "calendar.events.owned", "calendar"}),
            identity_path="/oauth2/v3/userinfo",
            # Without `consent` a second grant comes without a refresh token.
            extra={"access_type": "offline", "prompt": "consent"},
            over_limit=frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}),
            ours=frozenset({"accessNotConfigured", "SERVICE_DISABLED"}),
        ),
        Provider(
            name="outlook_calendar",
            word="outlook",
            application=lambda settings: settings.microsoft,
            scopes=_microsoft_scopes,
            needed=frozenset({"Calendars.ReadWrite"}),
            identity_path="/v1.0/me",
            # Its only way to revoke signs the person out of everything.
            revokes=False,
            extra={"response_mode": "query", "prompt": "select_account"},
            over_limit=frozenset({"ApplicationThrottled"}),
        ),
    )
}
BY_WORD: Final[Mapping[str, Provider]] = {
    spelling: one
    for one in PROVIDERS.values()
    for spelling in (one.name, one.word, one.name.replace("_", "-"))
}


def bare(scope: str) -> str:
    """A scope without the address that Google and Microsoft may write before it."""
    return scope.rsplit("/", 1)[-1]
