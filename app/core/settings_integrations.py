"""The applications that are registered with LinkedIn, Google and Microsoft."""

from typing import Literal

from pydantic import SecretStr

from app.core.settings_base import Room, variable


class OAuthApplication(Room):
    """What is the same for every provider; connecting is offered once the first three are set.

    The secret may not be empty: every one of these applications is a confidential client.
    """

    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    auth_url: str
    token_url: str
    api_url: str

    @property
    def is_complete(self) -> bool:
        """Whether somebody can be sent to the provider, and will be let back in."""
        return bool(self.client_id and self.client_secret.get_secret_value() and self.redirect_uri)


class LinkedinSettings(OAuthApplication):
    """LinkedIn: sharing jobs."""

    client_id: str = variable("LINKEDIN_CLIENT_ID", "", "Client id of the LinkedIn application")
    client_secret: SecretStr = variable("LINKEDIN_CLIENT_SECRET", "", "Its secret")
    redirect_uri: str = variable(
        "LINKEDIN_REDIRECT_URI",
        "",
        "https://<this server>/api/v1/integrations/linkedin/callback, as registered there",
    )
    auth_url: str = variable(
        "LINKEDIN_AUTH_URL", "https://www.linkedin.com/oauth/v2/authorization", "Consent page"
    )
    token_url: str = variable(
        "LINKEDIN_TOKEN_URL",
        "https://www.linkedin.com/oauth/v2/accessToken",
        "Where tokens are given; revoke stands beside it",
    )
    api_url: str = variable("LINKEDIN_API_URL", "https://api.linkedin.com", "Host of the API")
    version: str = variable(
        "LINKEDIN_VERSION", "202609", "Header LinkedIn-Version, YYYYMM: each lasts about a year"
    )
    organization_pages: Literal["on", "off"] = variable(
        "LINKEDIN_ORGANIZATION_PAGES",
        "off",
        "on: ask for the scopes of company pages too; only once LinkedIn has approved them",
    )


class GoogleSettings(OAuthApplication):
    """Google Calendar."""

    client_id: str = variable("GOOGLE_CLIENT_ID", "", "Client id of the Google application")
    client_secret: SecretStr = variable("GOOGLE_CLIENT_SECRET", "", "Its secret")
    redirect_uri: str = variable(
        "GOOGLE_REDIRECT_URI",
        "",
        "https://<this server>/api/v1/integrations/google-calendar/callback, as registered there",
    )
    auth_url: str = variable(
        "GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth", "Consent page"
    )
    token_url: str = variable(
        "GOOGLE_TOKEN_URL",
        "https://oauth2.googleapis.com/token",
        "Where tokens are given; revoke stands beside it",
    )
    api_url: str = variable("GOOGLE_API_URL", "https://www.googleapis.com", "Host of the API")


class MicrosoftSettings(OAuthApplication):
    """Outlook Calendar by Microsoft Graph."""

    client_id: str = variable("MICROSOFT_CLIENT_ID", "", "Application id in Microsoft Entra")
    client_secret: SecretStr = variable("MICROSOFT_CLIENT_SECRET", "", "Its secret")
    redirect_uri: str = variable(
        "MICROSOFT_REDIRECT_URI",
        "",
        "https://<this server>/api/v1/integrations/outlook/callback, as registered there",
    )
    auth_url: str = variable(
        "MICROSOFT_AUTH_URL",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "Consent page; a tenant's id instead of common keeps others out",
    )
    token_url: str = variable(
        "MICROSOFT_TOKEN_URL",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "Where tokens are given, of the same tenant",
    )
    api_url: str = variable("MICROSOFT_API_URL", "https://graph.microsoft.com", "Host of the API")
