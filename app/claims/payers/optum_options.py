"""What the Optum adapter has to be told: its settings, and what is uncertain there."""

from dataclasses import dataclass
from typing import Literal

from app.claims.payers.line_options import LineOptions
from app.claims.payers.port import Capabilities
from app.core.settings_payers import OptumSettings


@dataclass(frozen=True, slots=True)
class OptumOptions(LineOptions):
    """The defaults are what Optum publishes of Claim Inquiry."""

    name: str = "optum"
    claim_path: str = "/oihub/claim/inquiry/v1"
    environment: str = ""
    """Value of the header `environment`; empty leaves it out, which means real data."""
    max_window_days: int = 90
    search_field: str = "searchClaim"
    """Field of the query, and so of `data` in the answer."""
    search_argument: str = "searchClaimInput"
    by_claim_number: bool = True
    dates_with_claim_number: bool = False
    date_format: Literal["us", "iso"] = "us"
    last_page: Literal["flag", "no_token"] = "flag"
    """`flag`: hasMoreRecords tells the last page; `no_token`: a missing nextPageToken does."""
    no_data_codes: tuple[str, ...] = ("LCLM_PS_201",)
    too_many_codes: tuple[str, ...] = ("LCLM_PS_112", "LCLM_PS_305", "LCLM_PS_306")
    token_expired_codes: tuple[str, ...] = ("LCLM_PS_203",)


def optum_options(settings: OptumSettings) -> OptumOptions:
    """The options that `settings.optum` asks for."""
    return OptumOptions(
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
        claim_path=settings.claim_path,
        environment=settings.environment,
        search_field=settings.search_field,
        search_argument=settings.search_argument,
        by_claim_number=settings.by_claim_number == "on",
        dates_with_claim_number=settings.dates_with_claim_number == "on",
        date_format=settings.date_format,
        last_page=settings.last_page,
        no_data_codes=settings.no_data_codes,
        too_many_codes=settings.too_many_codes,
        token_expired_codes=settings.token_expired_codes,
    )


def capabilities_of(options: OptumOptions) -> Capabilities:
    """By claim number, by patient and by provider; more about a claim is asked by its number."""
    return Capabilities(
        by_claim_number=options.by_claim_number,
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
        details=options.by_claim_number,
        payments=options.by_claim_number,
    )
