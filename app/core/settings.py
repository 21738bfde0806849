"""Every setting, read once at start from the environment and `.env`; nested by room and frozen.

A field's alias is the name of its environment variable. Production refuses to start on a weak or
missing secret and names the variable.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from app.core.settings_base import CommaList, Room, split_list, variable
from app.core.settings_files import FileSettings
from app.core.settings_identity import ClerkSettings, KeycloakSettings
from app.core.settings_integrations import (
    GoogleSettings,
    LinkedinSettings,
    MicrosoftSettings,
)
from app.core.settings_mail import MailSettings
from app.core.settings_payers import OptumSettings, UhcSettings
from app.core.signing import KeysRefused, parse_keys


class ServerSettings(Room):
    """What the API process needs to listen and to answer browsers."""

    environment: Literal["development", "test", "production"] = variable(
        "ENVIRONMENT", "development", "development, test or production"
    )
    port: int = variable("PORT", 8000, "Port that the API listens on", ge=0, le=65535)
    cors_origins: CommaList = variable(
        "CORS_ORIGINS", ("http://localhost:3000",), "Browser origins that may call, comma-separated"
    )
    frontend_url: str = variable(
        "FRONTEND_URL", "http://localhost:3000", "Where the browser frontend lives"
    )
    public_url: str = variable(
        "PUBLIC_URL", "", "Where mail programs reach this API; empty: no one-click unsubscribe"
    )
    trusted_proxies: int = variable(
        "TRUSTED_PROXIES", 0, "How many proxies in front append to X-Forwarded-For", ge=0, le=10
    )
    shutdown_delay_seconds: float = variable(
        "SHUTDOWN_DELAY_SECONDS", 1.0, "How long /readyz says 503 before we stop listening", ge=0
    )
    git_sha: str = variable(
        "INTAKE_GIT_SHA", "", "Commit of the deployed code; found by itself in a checkout"
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split_list(value)


class DatabaseSettings(Room):
    """PostgreSQL, the truth."""

    url: SecretStr = variable(
        "DATABASE_URL", "", "postgresql://user:password@host:5432/name; empty: ./scripts/dev's own"
    )
    pool_size: int = variable(
        "DATABASE_POOL_SIZE", 8, "Connections a process may hold", ge=1, le=100
    )
    pool_timeout_seconds: float = variable(
        "DATABASE_POOL_TIMEOUT_SECONDS", 2.0, "Wait for a connection before 503", gt=0, le=60
    )
    statement_timeout_seconds: float = variable(
        "DATABASE_STATEMENT_TIMEOUT_SECONDS", 5.0, "Longest statement of an API request", gt=0
    )


class RedisSettings(Room):
    """Redis or Valkey, the doorbell."""

    url: SecretStr = variable(
        "REDIS_URL", "", "redis://host:6379/0 or unix:///path?db=0; empty: ./scripts/dev's own"
    )


class AuthSettings(Room):
    """Signing in."""

    secret_key: SecretStr = variable(
        "SECRET_KEY", "", "Signs tokens and cursors; 32 random bytes or more"
    )
    secret_key_previous: SecretStr = variable(
        "SECRET_KEY_PREVIOUS",
        "",
        "Former secrets, comma-separated (none may hold a comma): what they made holds",
    )
    encryption_keys: SecretStr = variable(
        "ENCRYPTION_KEYS",
        "",
        "id:base64 of 32 bytes, comma-separated, the first seals; empty: derived from SECRET_KEY",
    )
    access_token_minutes: int = variable(
        "ACCESS_TOKEN_MINUTES", 15, "Life of an access token", ge=1, le=1440
    )
    refresh_token_days: int = variable(
        "REFRESH_TOKEN_DAYS", 7, "Life of a refresh token that is not used", ge=1, le=90
    )
    refresh_rotation: Literal["on", "off"] = variable(
        "REFRESH_ROTATION", "on", "off for clients that cannot store a rotated refresh token"
    )
    members_by_invite: Literal["on", "off"] = variable(
        "MEMBERS_BY_INVITE", "off", "on: people with an account join by a mailed link, too"
    )
    superuser_email: str = variable("SUPERUSER_EMAIL", "", "Made at start when absent")
    superuser_password: SecretStr = variable(
        "SUPERUSER_PASSWORD", "", "Its password, 12 characters or more"
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret in use, then the former ones."""
        former = self.secret_key_previous.get_secret_value().split(",")
        return (self.secret_key.get_secret_value(), *filter(None, map(str.strip, former)))


class LimitSettings(Room):
    """Rate limits and body sizes."""

    rate_limits: Literal["on", "off"] = variable("RATE_LIMITS", "on", "off only for load tests")
    max_resume_mb: int = variable("MAX_RESUME_MB", 10, "Largest résumé", ge=1, le=100)
    max_logo_mb: int = variable("MAX_LOGO_MB", 5, "Largest logo", ge=1, le=50)
    max_csv_mb: int = variable("MAX_CSV_MB", 100, "Largest claim file", ge=1, le=2000)
    max_csv_rows: int = variable(
        "MAX_CSV_ROWS", 1_000_000, "Most rows in a claim file", ge=1, le=10_000_000
    )


class ClaimsSettings(Room):
    """The bulk engine."""

    retention_days: int = variable(
        "CLAIMS_RETENTION_DAYS", 90, "Days until a claim upload is purged", ge=1
    )
    payer_retry_window_seconds: int = variable(
        "PAYER_RETRY_WINDOW_SECONDS", 3600, "How long an outage is retried before rows fail", ge=0
    )
    lease_seconds: float = variable(
        "CLAIMS_LEASE_SECONDS", 15.0, "Life of a worker's lease on a chunk", gt=0
    )
    organization_leases: int = variable(
        "CLAIMS_ORGANIZATION_LEASES", 64, "Chunks of one organization in hand at once", ge=1
    )
    lanes: int = variable(
        "CLAIMS_LANES", 6, "Chunks that one worker process has in hand at once", ge=1, le=64
    )


class WebhookSettings(Room):
    """Telling organizations' own systems what happened."""

    allow_local: Literal["on", "off"] = variable(
        "WEBHOOKS_ALLOW_LOCAL", "off", "on: also http and this machine; never in production"
    )
    timeout_seconds: float = variable(
        "WEBHOOKS_TIMEOUT_SECONDS", 15.0, "Longest wait for a receiver", gt=0, le=30
    )


class Settings(BaseModel):
    """All settings; rooms take their own part.

    Only the rooms read the environment: a variable named REDIS is not ours.
    """

    model_config = ConfigDict(frozen=True)

    server: ServerSettings = Field(default_factory=ServerSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    clerk: ClerkSettings = Field(default_factory=ClerkSettings)
    keycloak: KeycloakSettings = Field(default_factory=KeycloakSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    files: FileSettings = Field(default_factory=FileSettings)
    claims: ClaimsSettings = Field(default_factory=ClaimsSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    uhc: UhcSettings = Field(default_factory=UhcSettings)
    optum: OptumSettings = Field(default_factory=OptumSettings)
    linkedin: LinkedinSettings = Field(default_factory=LinkedinSettings)
    google: GoogleSettings = Field(default_factory=GoogleSettings)
    microsoft: MicrosoftSettings = Field(default_factory=MicrosoftSettings)

    @model_validator(mode="after")
    def _refuse_weak_secrets(self) -> Self:
        missing = [
            name
            for name, value in (
                ("DATABASE_URL", self.database.url.get_secret_value()),
                ("REDIS_URL", self.redis.url.get_secret_value()),
                ("SECRET_KEY", self.auth.secret_key.get_secret_value()),
            )
            if not value
        ]
        if self.keycloak.issuer and not self.keycloak.client_ids:
            missing.append("KEYCLOAK_CLIENT_ID")
        if missing:
            raise ValueError(f"{', '.join(missing)} must be set")
        try:
            parse_keys(self.auth.encryption_keys.get_secret_value())
        except KeysRefused as refusal:
            raise ValueError(f"ENCRYPTION_KEYS: {refusal}") from None
        if self.server.environment != "production":
            return self
        weak = weak_secrets(self)
        if weak:
            raise ValueError("; ".join(weak))
        return self


def weak_secrets(settings: Settings) -> list[str]:
    """What production refuses, one sentence each, naming the variable and never its value."""
    faults = []
    secret, *former = settings.auth.secrets
    if _is_weak(secret):
        faults.append("SECRET_KEY is weak: use 32 random bytes or more")
    if any(map(_is_weak, former)):
        faults.append("SECRET_KEY_PREVIOUS holds a weak secret, and whoever guesses it can sign in")
    keys = parse_keys(settings.auth.encryption_keys.get_secret_value())
    if any(len(set(key)) < 12 for key in keys.values()):
        faults.append("ENCRYPTION_KEYS holds a weak key: use 32 random bytes each")
    password = settings.auth.superuser_password.get_secret_value()
    if password and len(password) < 12:
        faults.append("SUPERUSER_PASSWORD is shorter than 12 characters")
    if "*" in settings.server.cors_origins:
        faults.append("CORS_ORIGINS must name origins, not *")
    faults += settings.mail.faults(settings.server.frontend_url, settings.server.public_url)
    if settings.limits.rate_limits == "off":
        faults.append("RATE_LIMITS must be on")
    if settings.webhooks.allow_local == "on":
        faults.append("WEBHOOKS_ALLOW_LOCAL must be off")
    return faults


def _is_weak(secret: str) -> bool:
    return len(secret.encode()) < 32 or len(set(secret)) < 12


def load_settings() -> Settings:
    """Read the environment and `.env` in the current folder.

    Raises:
        pydantic.ValidationError: a value is malformed, or a needed secret is missing or weak.
    """
    return Settings()


ROOMS: tuple[type[Room], ...] = (
    ServerSettings,
    DatabaseSettings,
    RedisSettings,
    AuthSettings,
    MailSettings,
    ClerkSettings,
    KeycloakSettings,
    LimitSettings,
    FileSettings,
    ClaimsSettings,
    WebhookSettings,
    UhcSettings,
    OptumSettings,
    LinkedinSettings,
    GoogleSettings,
    MicrosoftSettings,
)
PROJECT = Path(__file__).resolve().parents[2]
