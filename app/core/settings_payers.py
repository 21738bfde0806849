"""How payers are reached, and the points of their interfaces that are not certain."""

from typing import Literal

from pydantic import SecretStr, field_validator

from app.core.settings_base import CommaList, Room, variable


class UhcSettings(Room):
    """UnitedHealthcare, and the points of its interface that are not certain."""

    token_url: str = variable(
        "UHC_TOKEN_URL", "https://apimarketplace.uhc.com/v1/oauthtoken", "Where tokens are given"
    )
    base_url: str = variable(
        "UHC_BASE_URL", "https://apimarketplace.uhc.com/Claims", "The claims interface"
    )
    client_id: str = variable("UHC_CLIENT_ID", "", "Client id of the marketplace application")
    client_secret: SecretStr = variable("UHC_CLIENT_SECRET", "", "Its secret")
    payer_id: str = variable("UHC_PAYER_ID", "87726", "Payer id that is asked for")
    max_window_days: int = variable(
        "UHC_MAX_WINDOW_DAYS", 30, "Widest span of service dates in one search", ge=1, le=90
    )
    lookback_days: int = variable(
        "UHC_LOOKBACK_DAYS", 730, "How far back service dates may lie", ge=1
    )
    page_size: int = variable("UHC_PAGE_SIZE", 50, "Claims on a page", ge=1)
    max_results: int = variable("UHC_MAX_RESULTS", 500, "Most claims of one search", ge=1)
    requests_per_minute: int = variable(
        "UHC_REQUESTS_PER_MINUTE", 60, "Calls a minute over all workers; 0 for no limit", ge=0
    )
    concurrency: int = variable(
        "UHC_CONCURRENCY", 10, "Calls in flight over all workers", ge=1, le=1000
    )
    timeout_seconds: float = variable(
        "UHC_TIMEOUT_SECONDS", 30.0, "Longest wait for an answer", gt=0, le=120
    )
    tries: int = variable("UHC_TRIES", 3, "Tries of one call before it is put off", ge=1, le=10)
    summary_path: str = variable(
        "UHC_SUMMARY_PATH", "/api/claim/summary/byprovider/v2.0", "Claims of a provider"
    )
    claim_number_path: str = variable(
        "UHC_CLAIM_NUMBER_PATH", "", "Claims by their number; empty: not asked so"
    )
    claim_number_header: str = variable(
        "UHC_CLAIM_NUMBER_HEADER", "claimNumber", "The header that names a claim"
    )
    detail_path: str = variable("UHC_DETAIL_PATH", "/api/claim/detail/v2.0", "Lines of a claim")
    payment_path: str = variable(
        "UHC_PAYMENT_PATH", "/api/claim/payment/v2.0", "Payments of a claim"
    )
    detail_transaction: Literal["summary", "none"] = variable(
        "UHC_DETAIL_TRANSACTION",
        "summary",
        "transactionId of a detail call: the summary's, or none",
    )
    payment_transaction: Literal["summary", "detail", "none"] = variable(
        "UHC_PAYMENT_TRANSACTION",
        "summary",
        "transactionId of a payment call: summary, detail or none",
    )
    last_page: Literal["no_token", "short_page"] = variable(
        "UHC_LAST_PAGE", "no_token", "How the last page is told: no_token or short_page"
    )
    standard_error: Literal["false", "true", "omit"] = variable(
        "UHC_STANDARD_ERROR", "false", "Header getStandardError: false, true or omit"
    )
    dates_with_page_token: Literal["on", "off"] = variable(
        "UHC_DATES_WITH_PAGE_TOKEN", "on", "off: further pages are asked for without dates"
    )


class OptumSettings(Room):
    """Optum Real Claim Inquiry, and the points of its interface that are not certain."""

    token_url: str = variable(
        "OPTUM_TOKEN_URL",
        "https://apigw.optum.com/apip/auth/sntl/v1/token",
        "Where tokens are given",
    )
    base_url: str = variable("OPTUM_BASE_URL", "https://apigw.optum.com", "The gateway")
    claim_path: str = variable(
        "OPTUM_CLAIM_PATH", "/oihub/claim/inquiry/v1", "Claim Inquiry on the gateway"
    )
    client_id: str = variable("OPTUM_CLIENT_ID", "", "Client id of the Optum application")
    client_secret: SecretStr = variable("OPTUM_CLIENT_SECRET", "", "Its secret")
    environment: str = variable(
        "OPTUM_ENVIRONMENT", "", "Header environment; sandbox gives invented data, empty is real"
    )
    payer_id: str = variable("OPTUM_PAYER_ID", "87726", "Payer id that is asked for")
    max_window_days: int = variable(
        "OPTUM_MAX_WINDOW_DAYS", 90, "Widest span of service dates in one search", ge=1, le=366
    )
    lookback_days: int = variable(
        "OPTUM_LOOKBACK_DAYS", 730, "How far back service dates may lie", ge=1
    )
    page_size: int = variable("OPTUM_PAGE_SIZE", 50, "Claims on a page; not published", ge=1)
    max_results: int = variable(
        "OPTUM_MAX_RESULTS", 500, "Most claims of one search; not published", ge=1
    )
    requests_per_minute: int = variable(
        "OPTUM_REQUESTS_PER_MINUTE", 60, "Calls a minute over all workers; 0 for no limit", ge=0
    )
    concurrency: int = variable(
        "OPTUM_CONCURRENCY", 10, "Calls in flight over all workers", ge=1, le=1000
    )
    timeout_seconds: float = variable(
        "OPTUM_TIMEOUT_SECONDS", 30.0, "Longest wait for an answer", gt=0, le=120
    )
    tries: int = variable("OPTUM_TRIES", 3, "Tries of one call before it is put off", ge=1, le=10)
    search_field: str = variable(
        "OPTUM_SEARCH_FIELD", "searchClaim", "Field of the query and of its answer"
    )
    search_argument: str = variable(
        "OPTUM_SEARCH_ARGUMENT", "searchClaimInput", "Argument of that field"
    )
    by_claim_number: Literal["on", "off"] = variable(
        "OPTUM_BY_CLAIM_NUMBER", "on", "off: a claim number is looked for in the windows only"
    )
    dates_with_claim_number: Literal["on", "off"] = variable(
        "OPTUM_DATES_WITH_CLAIM_NUMBER", "off", "Whether a search by number names days as well"
    )
    date_format: Literal["us", "iso"] = variable(
        "OPTUM_DATE_FORMAT", "us", "Days as MM/DD/YYYY (us) or YYYY-MM-DD (iso)"
    )
    last_page: Literal["flag", "no_token"] = variable(
        "OPTUM_LAST_PAGE", "flag", "How the last page is told: by hasMoreRecords, or no_token"
    )
    no_data_codes: CommaList = variable(
        "OPTUM_NO_DATA_CODES", ("LCLM_PS_201",), "Error codes that mean: no such claims"
    )
    too_many_codes: CommaList = variable(
        "OPTUM_TOO_MANY_CODES",
        ("LCLM_PS_112", "LCLM_PS_305", "LCLM_PS_306"),
        "Error codes that mean: ask for fewer days",
    )
    token_expired_codes: CommaList = variable(
        "OPTUM_TOKEN_EXPIRED_CODES", ("LCLM_PS_203",), "Error codes of a page token that is over"
    )

    @field_validator("no_data_codes", "too_many_codes", "token_expired_codes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())
