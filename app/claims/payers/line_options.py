"""What every payer's line has to be told: where it is, who we are, how fast and how patient."""

import hashlib
from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class LineOptions:
    """Frozen for the life of an adapter."""

    token_url: str
    base_url: str
    client_id: str
    client_secret: SecretStr
    name: str = "payer"
    """The payer's code, for figures."""
    payer_id: str = "87726"
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

    @property
    def credential_digest(self) -> str:
        """Names this credential in Redis without telling it."""
        text = f"{self.token_url}|{self.client_id}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def is_complete(self) -> bool:
        """Whether there is something to sign in with."""
        return bool(self.client_id and self.client_secret.get_secret_value())
