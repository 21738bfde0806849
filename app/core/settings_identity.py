"""The settings of the identity providers; one without an issuer is switched off."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator

from app.core.settings_base import CommaList, Room, split_list, variable


def _address(value: str, name: str) -> None:
    """Refuse what is no address: a relative path would be read from nowhere.

    Raises:
        ValueError: the text names no host or another scheme than http and https.
    """
    parts = urlsplit(value)
    # A port out of range raises by being read.
    if value and not (parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0):
        raise ValueError(f"{name} must be an address with http:// or https://")


class ClerkSettings(Room):
    """Clerk, a way to sign in."""

    issuer: str = variable(
        "CLERK_ISSUER", "", "https://clerk.<site> or https://<slug>.clerk.accounts.dev; empty: off"
    )
    jwks_url: str = variable(
        "CLERK_JWKS_URL", "", "Its keys; empty: CLERK_ISSUER/.well-known/jwks.json"
    )
    jwt_key: str = variable(
        "CLERK_JWT_KEY",
        "",
        "Its public key as PEM instead (\\n for line ends); no key is fetched then",
    )
    authorized_parties: CommaList = variable(
        "CLERK_AUTHORIZED_PARTIES", (), "Origins whose tokens count (azp); empty: CORS_ORIGINS"
    )
    azp: Literal["optional", "required"] = variable(
        "CLERK_AZP", "optional", "Whether a token without azp is refused"
    )
    secret_key: SecretStr = variable(
        "CLERK_SECRET_KEY", "", "Asks Clerk for a newcomer's e-mail address when the token has none"
    )
    api_url: str = variable("CLERK_API_URL", "https://api.clerk.com", "Clerk's Backend API")
    console_client_id: str = variable(
        "CLERK_CONSOLE_CLIENT_ID",
        "",
        "An OAuth application of Clerk's, by which people sign in to the console; empty: off",
    )
    console_client_secret: SecretStr = variable(
        "CLERK_CONSOLE_CLIENT_SECRET", "", "Its secret; empty for a public one (PKCE)"
    )

    @field_validator("authorized_parties", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split_list(value)

    @model_validator(mode="after")
    def _refuse_odd_addresses(self) -> Self:
        _address(self.issuer, "CLERK_ISSUER")
        _address(self.jwks_url, "CLERK_JWKS_URL")
        _address(self.api_url, "CLERK_API_URL")
        return self


class KeycloakSettings(Room):
    """Keycloak, a way to sign in."""

    issuer: str = variable(
        "KEYCLOAK_ISSUER", "", "https://<host>/realms/<realm>, as browsers see it; empty: off"
    )
    jwks_url: str = variable(
        "KEYCLOAK_JWKS_URL", "", "Its keys; empty: KEYCLOAK_ISSUER/protocol/openid-connect/certs"
    )
    client_ids: CommaList = variable(
        "KEYCLOAK_CLIENT_ID",
        (),
        "The frontend's client: in a token's azp or aud; several by commas",
    )
    console_client_id: str = variable(
        "KEYCLOAK_CONSOLE_CLIENT_ID",
        "",
        "The client by which people sign in to the console; empty: off",
    )
    console_client_secret: SecretStr = variable(
        "KEYCLOAK_CONSOLE_CLIENT_SECRET", "", "Its secret; empty for a public client (PKCE)"
    )

    @field_validator("client_ids", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split_list(value)

    @model_validator(mode="after")
    def _refuse_odd_addresses(self) -> Self:
        _address(self.issuer, "KEYCLOAK_ISSUER")
        _address(self.jwks_url, "KEYCLOAK_JWKS_URL")
        return self
