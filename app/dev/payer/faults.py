"""What the local payer does wrong on purpose, and in which dialect it speaks."""

from collections.abc import Iterable
from typing import Literal

import pydantic


class Faults(pydantic.BaseModel):
    """All switches; the default is a payer that behaves. Shares are of summary calls, 0 to 1.

    A call meets the faults in the order in which they stand here.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    first_calls: int | None = pydantic.Field(default=None, ge=0)
    """The faults hit only so many summary calls, then the payer is well; None: all calls."""

    latency_ms: float = pydantic.Field(default=0.0, ge=0.0, le=600_000.0)
    latency_jitter_ms: float = pydantic.Field(default=0.0, ge=0.0, le=600_000.0)
    share_500: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    share_429: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    retry_after: str | int | None = "1"
    """What a 429 says in Retry-After: seconds, a date, or None for no such header."""
    share_hang: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    hang_seconds: float = pydantic.Field(default=120.0, ge=0.0, le=3600.0)
    share_drop: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    """The connection ends in the middle of the body."""
    share_bad_json: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    share_html: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    """An HTML page with status 200."""
    share_wrong_key: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)
    """The claims stand under `claimsSummaryInfo`."""
    share_missing_claims: float = pydantic.Field(default=0.0, ge=0.0, le=1.0)

    unauthorized: Literal["never", "once", "always"] = "never"
    """401 on the next summary call, whatever its token; or on each."""
    token_status: int = pydantic.Field(default=200, ge=200, le=599)
    token_seconds: int = pydantic.Field(default=3600, ge=1)
    """`expires_in` of tokens given from now on; they really end then."""

    error_code: str | None = None
    """Answer this LCLM code, where `error_over_days` and `error_on_page` agree."""
    error_status: int | None = pydantic.Field(default=None, ge=200, le=599)
    error_over_days: int = pydantic.Field(default=0, ge=0)
    """Only for windows of more days than this."""
    error_on_page: int | None = pydantic.Field(default=None, ge=1)
    page_token_expires_on: int | None = pydantic.Field(default=None, ge=2)
    """203 instead of that page, once for each walk that comes to it for the first time."""
    flicker: bool = False
    """Every second time that the same is asked, the answer has no claims."""

    page_size: int = pydantic.Field(default=50, ge=1)
    max_results: int = pydantic.Field(default=500, ge=1)
    cap_on_page: Literal["first", "last"] = "first"
    """Where 306 comes: at once, or instead of the last page that the cap allows."""
    window_days: int = pydantic.Field(default=31, ge=1)
    """Days that a window may span before 112: the last day lies fewer than so many after the
    first. 31 or 90."""
    token_on_last_page: bool = False
    """Every page carries a token, also the last one; behind the last one there is no data (201)."""
    claim_transaction: Literal["any", "required"] = "any"
    """Whether details and payments want the token of the page that listed the claim (else 203)."""
    payment_transaction: Literal["any", "detail"] = "any"
    """Whether payments want the token that a detail answer gave."""
    line_codes_key: Literal["claimCodes", "lineCodes"] = "claimCodes"
    spoil: Literal["all", "searches", "claims"] = "all"
    """Which calls the shares, latencies and codes above hit: searches, or details and payments."""

    optum_window_days: int = pydantic.Field(default=90, ge=1)
    optum_field: str = "searchClaim"
    optum_argument: str = "searchClaimInput"
    optum_errors: Literal["rest", "graphql"] = "rest"
    """A refusal with its status as Optum publishes it, or as a GraphQL error with status 200."""
    optum_empty: Literal["list", "error"] = "list"
    """No such claims: an empty list, or 201."""
    optum_last_page: Literal["flag", "token_kept", "no_flag"] = "flag"
    """hasMoreRecords false and no token; false beside a token; or nothing but no token."""
    optum_dates: Literal["us", "iso"] = "us"
    optum_numbers: bool = False
    """Amounts as JSON numbers."""
    optum_crosswalk: Literal["list", "object"] = "list"
    optum_partial: bool = False
    """Data and an error in one answer."""
    optum_masked: bool = False
    """The sum of a payment to several practices is masked."""

    refuse_dates_with_page_token: bool = False
    """Whether dates beside a page token are a bad combination (106)."""

    odd_amounts: bool = False
    """Amounts "", null and "1,234.50" beside plain ones."""
    nonsense_amounts: bool = False
    dotted_times: bool = False
    names: Literal["plain", "truncated", "swapped"] = "plain"
    """First names cut at ten characters, or first and last name exchanged."""


def parse_faults(assignments: Iterable[str]) -> Faults:
    """Faults from `name=value` words of a command line.

    Raises:
        ValueError: a word is no assignment, or names no switch, or its value does not fit.
    """
    values: dict[str, str | None] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ValueError(f"{assignment!r} is not name=value")
        values[name.strip()] = None if value.strip().lower() == "none" else value.strip()
    return Faults.model_validate(values)
