"""What the UnitedHealthcare adapter has to be told: its settings, and what is uncertain there."""

import hashlib
from dataclasses import dataclass

from pydantic import SecretStr

from app.claims.payers.port import Capabilities
from app.core.settings import UhcSettings


@dataclass(frozen=True, slots=True)
class UhcOptions:
    """Frozen for the life of an adapter; the defaults are what is known of the payer."""

    token_url: str
    base_url: str
    client_id: str
    client_secret: SecretStr
    payer_id: str = "87726"
    summary_path: str = "/api/claim/summary/byprovider/v2.0"
    max_window_days: int = 30
    lookback_days: int = 730
    page_size: int = 50
    max_results: int = 500
    requests_per_minute: int = 60
    concurrency: int = 10
    timeout_seconds: float = 30.0
    """Bounds one try as a whole, from the first byte sent to the last one read."""
    tries: int = 3
    backoff_seconds: float = 0.5
    """The first retry waits up to this, each further one up to twice as long."""
    patience_seconds: float = 5.0
    """The longest Retry-After, and the longest wait for a permit, that is sat out in place."""
    breaker_failures: int = 8
    breaker_pause_seconds: float = 5.0
    standard_error: str | None = "false"
    """Value of `getStandardError`; None leaves it out."""
    dates_with_page_token: bool = True
    """Whether a further page repeats the dates beside its token."""

    @property
    def credential_digest(self) -> str:
        """Names this credential in Redis without telling it."""
        text = f"{self.token_url}|{self.client_id}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def uhc_options(settings: UhcSettings) -> UhcOptions:
    """The options that `settings.uhc` asks for."""
    return UhcOptions(
        token_url=settings.token_url,
        base_url=settings.base_url.rstrip("/"),
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        payer_id=settings.payer_id,
        max_window_days=settings.max_window_days,
        lookback_days=settings.lookback_days,
        page_size=settings.page_size,
        max_results=settings.max_results,
        requests_per_minute=settings.requests_per_minute,
        concurrency=settings.concurrency,
        timeout_seconds=settings.timeout_seconds,
        tries=settings.tries,
    )


def capabilities_of(options: UhcOptions) -> Capabilities:
    """By patient and by provider; its claim-number and batch paths are not public."""
    return Capabilities(
        by_claim_number=False,
        by_patient=True,
        by_provider_window=True,
        native_batch=False,
        max_window_days=options.max_window_days,
        lookback_days=options.lookback_days,
        page_size=options.page_size,
        max_results=options.max_results,
        requests_per_minute=options.requests_per_minute,
        concurrency=options.concurrency,
    )
