"""What the UnitedHealthcare adapter has to be told: its settings, and what is uncertain there."""

from dataclasses import dataclass
from typing import Literal

from app.claims.payers.line_options import LineOptions
from app.claims.payers.port import Capabilities
from app.core.settings_payers import UhcSettings


@dataclass(frozen=True, slots=True)
class UhcOptions(LineOptions):
    """The defaults are what is known of the payer."""

    name: str = "uhc"
    summary_path: str = "/api/claim/summary/byprovider/v2.0"
    claim_number_path: str = ""
    """Empty where claims cannot be asked for by their number: the path is not public."""
    claim_number_header: str = "claimNumber"
    detail_path: str = "/api/claim/detail/v2.0"
    payment_path: str = "/api/claim/payment/v2.0"
    detail_transaction: Literal["summary", "none"] = "summary"
    """Which `transactionId` goes with a question about lines."""
    payment_transaction: Literal["summary", "detail", "none"] = "summary"
    """Which one goes with a question about payments; `detail` costs a detail call before it."""
    last_page: Literal["no_token", "short_page"] = "no_token"
    """`short_page`: every page has a `transactionId`, and one with room left is the last."""
    standard_error: str | None = "false"
    """Value of `getStandardError`; None leaves it out."""
    dates_with_page_token: bool = True
    """Whether a further page repeats the dates beside its token."""


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
        summary_path=settings.summary_path,
        claim_number_path=settings.claim_number_path,
        claim_number_header=settings.claim_number_header,
        detail_path=settings.detail_path,
        payment_path=settings.payment_path,
        detail_transaction=settings.detail_transaction,
        payment_transaction=settings.payment_transaction,
        last_page=settings.last_page,
        standard_error=None if settings.standard_error == "omit" else settings.standard_error,
        dates_with_page_token=settings.dates_with_page_token == "on",  # noqa: S105 -- a switch
    )


def capabilities_of(options: UhcOptions) -> Capabilities:
    """By patient and by provider; by claim number where its path is set; its batch is not public."""
    return Capabilities(
        by_claim_number=bool(options.claim_number_path),
        by_patient=True,
        by_provider_window=True,
        native_batch=False,
        max_window_days=options.max_window_days,
        lookback_days=options.lookback_days,
        page_size=options.page_size,
        max_results=options.max_results,
        requests_per_minute=options.requests_per_minute,
        concurrency=options.concurrency,
        timeout_seconds=options.timeout_seconds,
        details=bool(options.detail_path),
        payments=bool(options.payment_path),
    )
